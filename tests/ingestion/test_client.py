"""The Python client against a running Footfall, and against servers that are away, busy or closed."""

import gzip
import json
import os
import subprocess
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ingestion import client as module
from ingestion.client import Footfall, FootfallError, QueueFull
from tests.conftest import eventually

CLIENT = Path(module.__file__)


class Server:
    """Answers what `answers` says, then 202; keeps what came."""

    def __init__(self):
        self.answers, self.batches, self.headers = [], [], []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_): ...

            def do_POST(self):
                body = json.loads(gzip.decompress(self.rfile.read(int(self.headers["Content-Length"]))))
                outer.headers.append(dict(self.headers))
                status, headers, answer = outer.answers.pop(0) if outer.answers else (202, {}, {"rejected": []})
                outer.batches.append((status, body["events"]))
                data = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def ids(self, status=202):
        return [event["event_id"] for code, events in self.batches if code == status for event in events]


@pytest.fixture
def server():
    found = Server()
    yield found
    found.http.shutdown()
    found.http.server_close()


def error(status, code="x", **headers):
    return status, headers, {"error": {"code": code, "message": f"told {status}"}}


def test_batches_with_gzip_and_the_secret(server):
    with Footfall(server.url, "ffs_secret", flush_seconds=0.05) as footfall:
        sent = [
            footfall.track("seen", f"https://shop.example/{i}", user_id="u1", properties={"i": i}) for i in range(1200)
        ]
        assert footfall.flush()
        assert "ffs_secret" not in repr(footfall)
    assert server.ids() == sent and len(server.batches) <= 4 + 1200 // 400
    event = server.batches[0][1][0]
    assert event["page"] == {"url": "https://shop.example/0"} and event["user"] == {"user_id": "u1"}
    assert event["event_timestamp"].endswith("+00:00") and uuid.UUID(event["event_id"]).version == 7
    assert server.headers[0]["Authorization"] == "Bearer ffs_secret"


def test_tries_again_with_the_same_ids_and_waits_as_asked(server):
    server.answers = [error(503, **{"Retry-After": "1"}), error(429), error(500)]
    with Footfall(server.url, "s", flush_seconds=0.01) as footfall:
        import time

        began = time.monotonic()
        sent = footfall.track("seen", "https://shop.example/")
        assert footfall.flush(15)
        assert time.monotonic() - began >= 1 + 0.5
    assert [code for code, _ in server.batches] == [503, 429, 500, 202]
    assert {events[0]["event_id"] for _, events in server.batches} == {sent}


def test_a_wrong_key_is_said_at_once(server):
    server.answers = [error(401)] * 3
    footfall = Footfall(server.url, "s", flush_seconds=0.01)
    footfall.track("seen", "https://shop.example/")
    assert not footfall.flush(5)
    with pytest.raises(FootfallError, match="answered 401: told 401"):
        footfall.track("seen", "https://shop.example/")
    assert len(server.batches) == 1


def test_one_event_that_is_refused_does_not_hold_up_the_others(server):
    told = []
    server.answers = [error(413), error(413), (202, {}, {"rejected": []})]
    with Footfall(server.url, "s", flush_seconds=0.2, on_rejected=lambda *about: told.append(about)) as footfall:
        first, second = (footfall.track("seen", f"https://shop.example/{i}") for i in range(2))
        assert footfall.flush()
    assert server.ids() == [second] and told[0][0]["event_id"] == first and "413" in told[0][2]


def test_rejected_events_are_told(server):
    told = []
    server.answers = [(202, {}, {"rejected": [{"index": 1, "field": "page.url", "reason": "no"}]})]
    with Footfall(server.url, "s", flush_seconds=0.2, on_rejected=lambda *about: told.append(about)) as footfall:
        footfall.track("a", "https://shop.example/")
        second = footfall.track("b", "nothing")
        assert footfall.flush()
    assert [(event["event_id"], name, reason) for event, name, reason in told] == [(second, "page.url", "no")]


def test_a_full_queue(server):
    server.answers = [error(503)] * 99
    oldest = Footfall(server.url, "s", max_queue=5, exit_seconds=0.1)
    for i in range(600):
        oldest.track("seen", f"https://shop.example/{i}")
    assert oldest.dropped > 80
    raising = Footfall(server.url, "s", max_queue=5, on_full="raise", exit_seconds=0.1)
    with pytest.raises(QueueFull, match="5 events wait"):
        for i in range(600):
            raising.track("seen", f"https://shop.example/{i}")
    for client in (oldest, raising):
        client.close()
        with pytest.raises(FootfallError, match="closed"):
            client.track("seen", "https://shop.example/")


def test_what_is_no_json_fails_in_the_callers_hands(server):
    with Footfall(server.url, "s") as footfall, pytest.raises(TypeError):
        footfall.track("seen", "https://shop.example/", properties={"x": object()})
    with pytest.raises(ValueError, match="expected http:// or https://"):
        Footfall("stats.example.com", "s")


SCRIPT = """
import os, sys
sys.path.insert(0, {folder!r})
from client import Footfall
footfall = Footfall({url!r}, "s", flush_seconds=60)
footfall.track("parent", "https://shop.example/")
if {fork}:
    child = os.fork()
    if child == 0:
        footfall.track("child", "https://shop.example/")
        footfall.close()
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.mark.parametrize("fork", [False, True])
def test_what_waits_at_exit_is_sent_once_by_each_process(server, fork):
    script = SCRIPT.format(folder=str(CLIENT.parent), url=server.url, fork=fork)
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
    kinds = sorted(event["event_type"] for _, events in server.batches for event in events)
    assert kinds == (["child", "parent"] if fork else ["parent"])


def test_the_file_needs_nothing_of_ours(tmp_path):
    imports = {
        line.split()[1].split(".")[0]
        for line in CLIENT.read_text().splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imports <= set(sys.stdlib_module_names) | {"__future__"}


@pytest.mark.system
def test_against_a_running_footfall_whose_server_dies(footfall, tmp_path):
    import signal

    site = footfall.create_site()
    downloaded = tmp_path / "footfall.py"
    downloaded.write_text(footfall.get("/clients/footfall.py"))
    assert downloaded.read_bytes() == CLIENT.read_bytes()
    with Footfall(footfall.url, site["ingest_secret"], flush_seconds=0.05, timeout=5) as client:
        for i in range(3000):
            client.track("seen", f"https://shop.example/{i}", user_id=f"u{i % 7}")
            if i == 1000:
                os.killpg(footfall.child("web"), signal.SIGKILL)
        assert client.flush(60)
    eventually(lambda: footfall.sql("SELECT count(), uniqExact(event_id_low) FROM events") == [(3000, 3000)], 30)

    lines = "\n".join(['{"event_type": "imported", "page": {"url": "https://shop.example/"}}'] * 3 + ["no json"])
    done = subprocess.run(
        [sys.executable, str(downloaded), footfall.url], input=lines, text=True, capture_output=True, timeout=60,
        env={**os.environ, "FOOTFALL_INGEST_SECRET": site["ingest_secret"]},
    )  # fmt: skip
    assert done.returncode == 0 and "3 events sent" in done.stderr and "line 4: expected a JSON object" in done.stderr
    eventually(lambda: footfall.sql("SELECT count() FROM events WHERE event_type = 'imported'") == [(3,)], 30)
    assert footfall.sql("SELECT DISTINCT tracker FROM events") == [("python 0.1.0",)]
