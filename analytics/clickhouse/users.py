"""Users with least rights on a ClickHouse server: the reader behind `client.read`, and readers of one site for BI tools.

The embedded server has its own way for both (analytics/services/embedded_clickhouse.py).
"""

import re
import secrets
from dataclasses import dataclass

from django.conf import settings

from analytics.clickhouse import client, traits

READER_LIMITS = "max_execution_time = 60, max_memory_usage = 2000000000, max_threads = 2, readonly = 2"
SYSTEM_TABLES = ("tables", "columns")
NAME = re.compile(r"[a-z0-9_]{1,60}")


def database() -> str:
    return str(settings.CLICKHOUSE_DATABASE)


def reader_name() -> str:
    """Of this installation: two may share a server."""
    return f"{database()}_reader"


def site_prefix(site_id: int) -> str:
    return f"{database()}_site_{site_id}_"


def kept_password() -> str:
    path = client.reader_file()
    if path.exists():
        return path.read_text().partition(":")[2]
    return secrets.token_hex(24)


def ensure_reader() -> str:
    """Make the reader, or mend it; why that cannot be, or "". The file is written last: from then on it is used."""
    if settings.CLICKHOUSE_READER_URL or not settings.CLICKHOUSE_URL:
        return ""  # the embedded server has it from its configuration
    name, password = reader_name(), kept_password()
    try:
        put_user(name, password, "")
        client.command(f"REVOKE ALL ON *.* FROM {name}")
        client.command(f"GRANT SELECT ON {database()}.* TO {name}")
        for table in SYSTEM_TABLES:
            client.command(f"GRANT SELECT ON system.{table} TO {name}")
        client.connect(door=client.with_user(client.get_url(), name, password)).execute("SELECT 1")
    except (client.StoreError, *client.ERRORS) as error:
        client.reader_file().unlink(missing_ok=True)
        return str(error).split("DB::Exception: ")[-1].splitlines()[0][:200]
    keep(name, password)
    return ""


def keep(name: str, password: str) -> None:
    path = client.reader_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(f"{name}:{password}")


def put_user(name: str, password: str, limits: str) -> None:
    assert NAME.fullmatch(name), name
    client.command(f"CREATE USER IF NOT EXISTS {name} IDENTIFIED WITH sha256_password BY '{password}'")
    settings_part = f" SETTINGS {limits}" if limits else ""
    client.command(f"ALTER USER {name} IDENTIFIED WITH sha256_password BY '{password}'{settings_part}")


def can_reader_write() -> bool:
    """Whether what `read` uses holds any right but to select."""
    grants = client.connect(door=client.get_reader_url()).execute("SHOW GRANTS")
    return any(not text.startswith("GRANT SELECT") for (text,) in grants)


@dataclass(frozen=True)
class SiteReader:
    name: str
    url: str


def tables_with_sites() -> list[str]:
    """Those that a site's reader sees: not what names people, encrypted as it is."""
    rows = client.command(
        "SELECT DISTINCT table FROM system.columns WHERE database = currentDatabase() AND name = 'site_id'"
        " AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase()"
        " AND engine LIKE '%MergeTree')"
        f" AND table != '{traits.TABLE}' ORDER BY table"
    )
    return [name for (name,) in rows]


def create_site_reader(site_id: int, label: str) -> SiteReader:
    """A user who sees the site's rows and no others. Raises StoreError; then nothing is left of it.

    The policies come before the grants, so that there is no moment in which more can be seen.
    """
    name, password = site_prefix(site_id) + label, secrets.token_hex(24)
    if not NAME.fullmatch(label) or not NAME.fullmatch(name):
        raise client.StoreError("The name may have small letters, digits and _, and must be short.")
    if name in get_site_readers(site_id):
        raise client.StoreError(f"{name} exists already; revoke it first.")
    try:
        put_user(name, password, READER_LIMITS)
        for table in tables_with_sites():
            client.command(
                f"CREATE ROW POLICY OR REPLACE {name} ON {database()}.{table} USING site_id = {int(site_id)} TO {name}"
            )
            client.command(f"GRANT SELECT ON {database()}.{table} TO {name}")
        check_others_still_read()
    except client.StoreError:
        drop_site_reader(name)
        raise
    return SiteReader(name, url_of(name, password))


def url_of(name: str, password: str) -> str:
    return client.with_user(client.get_url(), name, password).rstrip("/") + f"/{database()}"


def check_others_still_read() -> None:
    """On a server where users without a policy read nothing, a site's policy would hide every row from Footfall."""
    probe = f"{database()}_policy_probe"
    client.command(
        f"CREATE TABLE IF NOT EXISTS {probe} (site_id UInt32) ENGINE = MergeTree ORDER BY site_id AS SELECT 1"
    )
    try:
        client.command(f"CREATE ROW POLICY OR REPLACE {probe} ON {database()}.{probe} USING 0 TO NONE")
        if not client.command(f"SELECT count() FROM {probe}")[0][0]:
            raise client.StoreError(
                "The ClickHouse server hides all rows from users without a policy: set"
                " users_without_row_policies_can_read_rows to true in its access_control_improvements."
            )
    finally:
        client.command(f"DROP ROW POLICY IF EXISTS {probe} ON {database()}.{probe}")
        client.command(f"DROP TABLE IF EXISTS {probe} SYNC")


def get_site_readers(site_id: int) -> list[str]:
    rows = client.command(
        "SELECT name FROM system.users WHERE startsWith(name, {prefix:String}) ORDER BY name",
        {"prefix": site_prefix(site_id)},
    )
    return [name for (name,) in rows]


def drop_site_reader(name: str) -> None:
    """The user first: without it the policies concern nobody."""
    assert NAME.fullmatch(name), name
    client.command(f"DROP USER IF EXISTS {name}")
    for table in tables_with_sites():
        client.command(f"DROP ROW POLICY IF EXISTS {name} ON {database()}.{table}")
