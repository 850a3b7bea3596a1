"""`manage.py up`: everything that Footfall consists of, as children of one process."""

import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from accounts.actions import do_create_setup_token
from analytics.clickhouse.client import StoreError
from analytics.services import checks, embedded, embedded_clickhouse, embedded_valkey
from analytics.services.checks import CannotStart
from analytics.services.child import Child, say

LOG_LIMIT = 20 * 1024 * 1024
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  compared with, not bound to
# Quiet: no banner, and no warning about root, which is who runs everything in many a container.
CELERY = [sys.executable, "-W", "ignore", "-m", "celery", "--quiet", "-A", "analytics.celery"]


def log_file(name: str) -> Path:
    folder: Path = settings.DATA_DIR / "logs"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.log"
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return path


def stores() -> list[Child]:
    """The embedded stores, each unless its URL is set."""
    children = []
    if not settings.REDIS_URL:
        folder = settings.DATA_DIR / "valkey"
        children.append(Child("valkey", embedded_valkey.command(folder), folder, log_file("valkey")))
    if not settings.CLICKHOUSE_URL:
        folder = settings.DATA_DIR / "clickhouse"
        embedded_clickhouse.prepare(folder)
        children.append(Child("clickhouse", embedded_clickhouse.command(), folder, log_file("clickhouse")))
    return children


def web_command() -> list[str]:
    return [
        sys.executable, "-m", "granian", "--interface", "rsgi", "--loop", "uvloop",
        "--host", settings.HOST, "--port", str(settings.PORT),
        "--workers", str(settings.WEB_WORKERS), "--backlog", "1024", "--no-ws",
        "--respawn-failed-workers", "--respawn-interval", "1", "--workers-kill-timeout", "15",
        "--log-level", "error", "analytics.wsgi:server",
    ]  # fmt: skip


def worker_command() -> list[str]:
    """Threads, not processes: a flush waits for Valkey and ClickHouse, and one process keeps the memory small."""
    return [
        *CELERY, "worker", "--pool", "threads",
        "--concurrency", str(settings.WORKER_THREADS), "--without-gossip", "--without-mingle", "--without-heartbeat",
        "--loglevel", "WARNING",
    ]  # fmt: skip


def beat_command() -> list[str]:
    return [*CELERY, "beat", "--loglevel", "WARNING", "--pidfile="]


def services() -> list[Child]:
    base = settings.BASE_DIR
    return [
        Child("web", web_command(), base),
        Child("worker", worker_command(), base, stop_seconds=40.0),
        Child("beat", beat_command(), base, stop_seconds=5.0),
    ]


def address() -> str:
    if settings.BASE_URL:
        return str(settings.BASE_URL)
    host = "localhost" if settings.HOST in WILDCARDS else settings.HOST
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}"


class Supervisor:
    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.children: list[Child] = []

    def run(self) -> None:
        """Returns after an orderly stop; raises CannotStart with a sentence before anything is left running."""
        checks.check_data_folder(settings.DATA_DIR)
        with ExitStack() as stack:
            stack.enter_context(checks.locked(settings.DATA_DIR))
            checks.check_port(settings.HOST, settings.PORT)
            checks.check_static_files()
            checks.check_database()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self.stopping.set())
            stack.callback(self.stop)
            self.start()
            self.watch()

    def start(self) -> None:
        for child in stores():
            self.add(child)
        self.wait("valkey", lambda: checks.check_redis(settings.BUFFER_URL))
        self.wait("clickhouse", checks.check_clickhouse if settings.CLICKHOUSE_URL else embedded.wait_for_clickhouse)
        try:
            call_command("migrate", verbosity=0, interactive=False)
        except CommandError as error:
            raise CannotStart(str(error)) from None
        token = do_create_setup_token()
        connection.close()
        for child in services():
            self.add(child)
        self.wait("web", self.check_web)
        if not self.stopping.is_set():
            self.announce(token)

    def add(self, child: Child) -> None:
        child.start()
        self.children.append(child)

    def wait(self, name: str, check: Callable[[], None], seconds: float = 40.0) -> None:
        """Until `check` raises no more; a child that dies meanwhile has its log's last line shown."""
        until = time.monotonic() + seconds
        child = next((c for c in self.children if c.name == name), None)
        while not self.stopping.is_set():
            try:
                check()
                return
            except (CannotStart, OSError, StoreError) as error:
                if child is None:
                    raise CannotStart(str(error)) from None
                if not child.is_alive():
                    hint = f" Its log is {child.log}." if child.log else ""
                    raise CannotStart(f"{name} does not start.{hint}") from None
                if time.monotonic() > until:
                    raise CannotStart(f"{name} is not ready after {seconds:g} s: {error}") from None
                self.stopping.wait(0.1)

    def check_web(self) -> None:
        host = WILDCARDS.get(settings.HOST, settings.HOST)
        with urllib.request.urlopen(f"http://{host}:{settings.PORT}/healthz", timeout=5):
            pass

    def announce(self, token: str | None) -> None:
        say(f"\nFootfall is ready: {address()}")
        if token:
            say(f"Create your account with this one-time link: {address()}/setup?token={token}")
        say("Ctrl-C stops it.\n")

    def watch(self) -> None:
        while not self.stopping.wait(0.5):
            for child in self.children:
                child.watch()

    def stop(self) -> None:
        """Web first, so that nothing new arrives; then the worker finishes; what is left is written; stores last."""
        if not self.children:
            return
        say("Stopping …")
        by_name = {child.name: child for child in self.children}
        for name in ("web", "beat", "worker"):
            if name in by_name:
                by_name[name].stop()
        if "worker" in by_name and all(c.is_alive() for c in self.children if c.name in ("valkey", "clickhouse")):
            subprocess.run(
                [sys.executable, "manage.py", "drain"],
                cwd=settings.BASE_DIR,
                env=embedded.child_environment(),
                timeout=120,
            )
        for name in ("clickhouse", "valkey"):
            if name in by_name:
                by_name[name].stop()
        say("Stopped.")
