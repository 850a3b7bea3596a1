"""Starting the embedded stores for a while: for `migrate` without `up`, and for tests."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis
from django.conf import settings

from analytics.clickhouse import client
from analytics.services import embedded_clickhouse, embedded_valkey

READY_SECONDS = 30


def die_with_parent() -> None:
    """For preexec_fn: on Linux the kernel ends the child when its parent dies, even by kill -9."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def child_environment() -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(settings.BASE_DIR),
        "FOOTFALL_DATA_DIR": str(settings.DATA_DIR),
    }


def spawn(command: list[str], folder: Path, log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as output:
        return subprocess.Popen(
            command, cwd=folder, env=child_environment(), stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, preexec_fn=die_with_parent, start_new_session=True,
        )  # fmt: skip


def wait_for_clickhouse(seconds: float = READY_SECONDS) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            probe = client.connect(database="", timeout=2)
            probe.execute("SELECT 1")
            probe.disconnect()
            return
        except Exception as error:
            if time.monotonic() > until:
                raise client.StoreError(f"ClickHouse does not answer: {str(error).splitlines()[0][:200]}") from None
            time.sleep(0.1)


def is_running() -> bool:
    try:
        wait_for_clickhouse(0)
    except client.StoreError:
        return False
    return True


@contextmanager
def clickhouse_running() -> Iterator[None]:
    """ClickHouse by URL, or the embedded one, started for the moment if `up` is not running."""
    folder = settings.DATA_DIR / "clickhouse"
    if settings.CLICKHOUSE_URL or is_running():
        wait_for_clickhouse(5)
        yield
        return
    embedded_clickhouse.prepare(folder)
    process = spawn(embedded_clickhouse.command(), folder, folder / "server.log")
    try:
        wait_for_clickhouse()
        yield
    finally:
        process.kill()
        process.wait()


def is_valkey_running() -> bool:
    try:
        redis.Redis.from_url(settings.BUFFER_URL, socket_connect_timeout=3, socket_timeout=5).ping()
    except redis.RedisError:
        return False
    return True


@contextmanager
def valkey_running() -> Iterator[None]:
    """Valkey by URL, or the embedded one, started for the moment if `up` is not running."""
    folder = settings.DATA_DIR / "valkey"
    if settings.REDIS_URL or is_valkey_running():
        yield
        return
    process = spawn(embedded_valkey.command(folder), folder, folder / "server.log")
    try:
        until = time.monotonic() + READY_SECONDS
        while not is_valkey_running() and time.monotonic() < until:
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


@contextmanager
def stores_running() -> Iterator[None]:
    with valkey_running(), clickhouse_running():
        yield
