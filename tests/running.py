"""A whole Footfall of a test's own: `manage.py up` on a fresh data folder and a free port."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.conftest import CHROME, eventually

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_of(data: Path, port: int, more: dict[str, str] | None = None) -> dict[str, str]:
    base = {k: v for k, v in os.environ.items() if k not in ("SECRET_KEY", "LOG_LEVEL")}
    return {**base, "FOOTFALL_DATA_DIR": str(data), "PORT": str(port), "PYTHONUNBUFFERED": "1", **(more or {})}


def run_up(data: Path, port: int, more: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """For an `up` that is expected to refuse."""
    return subprocess.run(
        [sys.executable, "manage.py", "up"], cwd=ROOT, env=environment_of(data, port, more), capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip


class Footfall:
    def __init__(self, data: Path, more: dict[str, str] | None = None) -> None:
        self.data, self.port, self.more = data, free_port(), more or {}
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"], cwd=ROOT, env=environment_of(self.data, self.port, self.more),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        eventually(lambda: "Ctrl-C stops it" in self.output() or self.process.poll() is not None, 90)
        assert self.process.poll() is None, self.output()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line)

    def output(self) -> str:
        return "".join(self.lines)

    def said(self, text: str) -> bool:
        return text in self.output()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(90)

    def child(self, name: str) -> int:
        """The process id of a child of the supervisor, waited for while it is being restarted."""
        marks = {"web": "granian", "worker": " worker ", "beat": " beat ", "clickhouse": "embedded_clickhouse"}
        mark = marks.get(name, "valkey-server")

        def find() -> int:
            listed = subprocess.run(
                ["ps", "-ww", "--ppid", str(self.process.pid), "-o", "pid=,args="], capture_output=True, text=True
            ).stdout.splitlines()
            return next((int(line.split()[0]) for line in listed if mark in line and "defunct" not in line), 0)

        return int(eventually(find, 40))

    def is_ready(self) -> bool:
        try:
            return bool(json.loads(self.get("/readyz"))["status"] == "ready")
        except OSError:
            return False

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            text: str = answer.read().decode()
        return text

    def manage(self, *words: str) -> str:
        return subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=environment_of(self.data, self.port, self.more),
            capture_output=True, text=True, check=True, timeout=600,
        ).stdout  # fmt: skip

    def create_site(self, domain: str = "shop.example", zone: str = "UTC") -> dict[str, Any]:
        """With its owner, the first time: in one process, for Python takes longer to start than to do it."""
        words = [["createsite", domain, "--owner", "alice@example.com", "--timezone", zone, "--json"]]
        if not getattr(self, "owned", False):
            words.insert(0, ["createowner", "alice@example.com", "--password", PASSWORD])
            self.owned = True
        said = subprocess.run(
            [sys.executable, "-c", f"import manage, sys\nfor sys.argv[1:] in {words!r}: manage.main()"], cwd=ROOT,
            env=environment_of(self.data, self.port, self.more), capture_output=True, text=True, check=True, timeout=600,
        ).stdout  # fmt: skip
        made: dict[str, Any] = json.loads(said[said.index("{") :])
        return made

    def request(self, path: str, body: Any, token: str = "", timeout: float = 20) -> Any:
        headers = {"Content-Type": "application/json", "User-Agent": CHROME}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        call = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(call, timeout=timeout) as answer:
            return json.loads(answer.read())

    def post(self, site: dict[str, Any], events: list[dict[str, Any]], secret: str = "") -> Any:
        return self.request("/api/v1/events", {"site": site["site_key"], "events": events}, secret)

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        from clickhouse_driver import Client

        url = urlsplit((self.data / "clickhouse" / "url").read_text())
        client = Client(
            url.hostname, url.port, user=url.username, password=url.password, database="footfall", connect_timeout=2
        )
        try:
            rows: list[tuple[Any, ...]] = client.execute(text)
            return rows
        finally:
            client.disconnect()
