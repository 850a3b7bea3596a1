"""The one way in which a value gets into a CSV file."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

# What a spreadsheet takes for the beginning of a formula; some look behind spaces and take full-width signs.
FORMULA = ("=", "+", "-", "@", "|", "%", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe(value: Any) -> Any:
    """A text that a spreadsheet would run is kept from it by an apostrophe; numbers stay numbers."""
    if isinstance(value, str) and value.lstrip(" \u00a0\ufeff").startswith(FORMULA):
        return f"'{value}"
    return value


def rows_to_csv(rows: Iterable[Sequence[Any]]) -> str:
    page = io.StringIO()
    csv.writer(page).writerows([[safe(value) for value in row] for row in rows])
    return page.getvalue()
