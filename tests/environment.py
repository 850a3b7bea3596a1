"""A pytest plugin, loaded before Django's settings: a fresh data folder with a ClickHouse and a Valkey of its own."""

import atexit
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

MEMORY = Path("/dev/shm")
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 8e9:  # a quarter of the work is waiting for the disk
    os.environ["TMPDIR"] = str(MEMORY)
DATA = Path(tempfile.mkdtemp(prefix="footfall-test-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "analytics.settings")
os.environ["FOOTFALL_DATA_DIR"] = str(DATA)
os.environ["SECRET_KEY"] = "only-for-tests"
os.environ["LOG_LEVEL"] = "ERROR"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright leaves an event loop in the thread; no test is async
for name in ("CLICKHOUSE_URL", "REDIS_URL", "BASE_URL", "EMAIL_URL", "TRUSTED_PROXIES", "OIDC_ISSUER"):
    os.environ.pop(name, None)

_stores: "list[subprocess.Popen[bytes]]" = []


def start_stores() -> None:
    from django.conf import settings

    from analytics.services import embedded, embedded_clickhouse, embedded_valkey
    from analytics.services.checks import CannotStart, check_redis

    embedded_clickhouse.prepare(DATA / "clickhouse")
    _stores.append(embedded.spawn(embedded_clickhouse.command(), DATA / "clickhouse", DATA / "clickhouse.log"))
    _stores.append(embedded.spawn(embedded_valkey.command(DATA / "valkey"), DATA / "valkey", DATA / "valkey.log"))
    embedded.wait_for_clickhouse()
    until = time.monotonic() + 10
    while True:
        try:
            check_redis(settings.BUFFER_URL)
            return
        except CannotStart:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


@atexit.register
def stop_stores() -> None:
    for process in _stores:
        process.kill()
        process.wait()
    shutil.rmtree(DATA, ignore_errors=True)
