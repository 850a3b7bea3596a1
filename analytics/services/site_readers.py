"""ClickHouse users for BI tools, each of which sees one site's rows: of a server by SQL, of the embedded one by its file."""

import hashlib
import os
import re
import secrets
import signal
import time
from pathlib import Path

from django.conf import settings

from analytics.clickhouse import client, users
from analytics.services import embedded, embedded_clickhouse

USER = """    <{name}>
      <password_sha256_hex>{digest}</password_sha256_hex><networks><ip>127.0.0.1</ip></networks>
      <profile>site_reader</profile><quota>default</quota>
      <grants>{grants}</grants>
      <databases><{database}>{filters}</{database}></databases>
    </{name}>
"""
RESTART_SECONDS = 40


def get_all(site_id: int) -> list[str]:
    if settings.CLICKHOUSE_URL:
        return users.get_site_readers(site_id)
    return sorted(name for name in entries() if name.startswith(users.site_prefix(site_id)))


def do_create(site_id: int, label: str) -> users.SiteReader:
    """Raises StoreError."""
    if settings.CLICKHOUSE_URL:
        return users.create_site_reader(site_id, label)
    name, password = users.site_prefix(site_id) + label, secrets.token_hex(24)
    if not users.NAME.fullmatch(label) or not users.NAME.fullmatch(name):
        raise client.StoreError("The name may have small letters, digits and _, and must be short.")
    if name in entries():
        raise client.StoreError(f"{name} exists already; revoke it first.")
    database, tables = users.database(), users.tables_with_sites()
    entry = USER.format(
        name=name,
        digest=hashlib.sha256(password.encode()).hexdigest(),
        grants="".join(f"<query>GRANT SELECT ON {database}.{table}</query>" for table in tables),
        database=database,
        filters="".join(f"<{table}><filter>site_id = {int(site_id)}</filter></{table}>" for table in tables),
    )
    put(entries() | {name: entry})
    return users.SiteReader(name, users.url_of(name, password))


def do_drop(names: list[str]) -> None:
    if settings.CLICKHOUSE_URL:
        for name in names:
            users.drop_site_reader(name)
    elif names:
        put({name: entry for name, entry in entries().items() if name not in names})


def folder() -> Path:
    return Path(settings.DATA_DIR) / "clickhouse"


def entries() -> dict[str, str]:
    path = folder() / "site_readers.xml"
    text = path.read_text() if path.exists() else ""
    return {m[1]: m[0] for m in re.finditer(r"^    <(\w+)>\n.*?^    </\1>\n", text, re.MULTILINE | re.DOTALL)}


def put(wanted: dict[str, str]) -> None:
    """Write the file, and let the supervisor start the server anew: it reads its users only then. Events wait meanwhile."""
    path = folder() / "site_readers.xml"
    path.touch(mode=0o600)
    path.write_text("".join(wanted[name] for name in sorted(wanted)))
    embedded_clickhouse.write_users(folder())
    if not embedded.is_running():
        return
    process = int((folder() / "pid").read_text())
    os.kill(process, signal.SIGKILL)  # what it acknowledged is on disk
    until = time.monotonic() + RESTART_SECONDS
    while (folder() / "pid").read_text() == str(process) or not embedded.is_running():
        if time.monotonic() > until:
            raise client.StoreError("ClickHouse did not come back; the change holds from its next start.")
        time.sleep(0.2)
