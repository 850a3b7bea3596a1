"""Reports in SQL files: one file per report, values only as parameters, every one for one site."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from analytics.clickhouse import client
from analytics.queries.dimensions import BadQuery

FOLDER = Path(__file__).parent / "sql"
StoreError = client.StoreError


@cache
def report(name: str) -> Template:
    lines = (FOLDER / f"{name}.sql").read_text().splitlines()
    return Template("\n".join(line for line in lines if not line.startswith("--")))


def fill(name: str, **slots: str) -> str:
    return report(name).substitute(slots)


def moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:23]


def second(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def read(sql: str, params: Mapping[str, Any], tag: str) -> list[tuple[Any, ...]]:
    """Rows. A regular expression that does not compile is the asker's mistake, not the store's."""
    try:
        return client.read(sql, params, f"site={params['site']} report={tag}")
    except client.StoreError as error:
        if "CANNOT_COMPILE_REGEXP" in str(error) or "Code: 427" in str(error):
            raise BadQuery("filters", "the regular expression cannot be read (RE2 syntax)") from None
        raise


def read_report(name: str, site_id: int, **params: Any) -> list[tuple[Any, ...]]:
    return read(report(name).template, {"site": site_id, **params}, name)
