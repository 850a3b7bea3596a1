"""What has to be right before anything starts. Each failure is one sentence that says how to mend it."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection

from analytics.services import embedded


class CannotStart(Exception):
    pass


def check_data_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".write-test"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"The data folder {folder} cannot be written ({error.strerror}). Set FOOTFALL_DATA_DIR to another folder,"
            " or give this user the right to write there."
        ) from None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One `up` per data folder."""
    with (folder / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise CannotStart(
                f"Footfall already runs on the data folder {folder} (process {lock.read().strip() or 'unknown'})."
                " Stop it first, or set FOOTFALL_DATA_DIR to another folder."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStart(
                f"Footfall cannot listen on {host}:{port} ({error.strerror}). Set PORT (or HOST) to something else,"
                " or stop the program that uses it."
            ) from None


def check_database() -> None:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        name = "DATABASE_URL" if settings.DATABASE_URL else "the SQLite file in the data folder"
        raise CannotStart(f"The database cannot be reached; check {name}: {str(error).splitlines()[0]}") from None


def check_redis(url: str) -> None:
    try:
        redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=5).ping()
    except redis.RedisError as error:
        raise CannotStart(f"Redis cannot be reached; check REDIS_URL: {error}") from None


def check_clickhouse() -> None:
    try:
        embedded.wait_for_clickhouse(3)
    except Exception as error:
        raise CannotStart(f"ClickHouse cannot be reached; check CLICKHOUSE_URL: {error}") from None


def check_static_files() -> None:
    """Built by `make static`; collected (hashed names, compressed) here when the build is newer."""
    built = settings.BASE_DIR / "static" / "dist"
    if not (built / "js" / "footfall.js").exists():
        raise CannotStart("The static files are not built. Run `make static`, or start with `make up`.")
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    newest = max(path.stat().st_mtime for path in built.rglob("*") if path.is_file())
    if not manifest.exists() or manifest.stat().st_mtime < newest:
        call_command("collectstatic", interactive=False, verbosity=0, clear=True)
