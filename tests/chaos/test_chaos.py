"""`make chaos`: what a bad day does, while events keep arriving. After each: acknowledged = stored once, the rest was told
503 with Retry-After, the backlog is written by itself. CHAOS=full takes minutes where the default takes seconds."""

import json
import os
import random
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import eventually
from tests.running import Footfall
from tests.screenshots.filling import ADMIN_KEY

FULL = os.environ.get("CHAOS") == "full"
pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(3600),
    pytest.mark.skipif("CHAOS" not in os.environ, reason="`make chaos` runs these"),
]
BATCH, SENDERS = 20, 3


def seconds(short: float, full: float) -> float:
    return full if FULL else short


class Sender(threading.Thread):
    """Posts batches without end, each until it is acknowledged: the same ids again after a failure."""

    def __init__(self, footfall, site, number):
        super().__init__(daemon=True)
        self.footfall, self.site, self.number, self.secret = footfall, site, number, ""
        self.acknowledged, self.refusals, self.wrong, self.enough = set(), 0, [], threading.Event()

    def run(self):
        batch = 0
        while not self.enough.is_set():
            batch += 1
            self.deliver([self.event(batch, i) for i in range(BATCH)])
            time.sleep(0.02)

    def event(self, batch, i):
        return {
            "event_id": str(uuid.uuid4()), "event_type": "page_view", "device": {"device_id": f"{self.number}-{batch % 50}"},
            "page": {"url": f"https://shop.example/{self.number}/{batch}/{i}"},
        }  # fmt: skip

    def deliver(self, events):
        while True:
            try:
                answer = self.footfall.request(
                    "/api/v1/events", {"site": self.site["site_key"], "events": events}, self.secret, timeout=20
                )
                break
            except urllib.error.HTTPError as error:
                self.refusals += 1
                if error.code != 503 or not error.headers.get("Retry-After"):
                    self.wrong.append((error.code, error.read()[:200]))
            except OSError:
                self.refusals += 1  # nobody listens: the web process is being started anew
            time.sleep(0.3)
        if answer["accepted"] + answer["duplicate"] != BATCH or answer["rejected"]:
            self.wrong.append(answer)
        self.acknowledged |= {event["event_id"] for event in events}


class LateSender(Sender):
    """From a server, in no order: what comes closes gaps between sessions that are stored."""

    def __init__(self, footfall, site, number):
        super().__init__(footfall, site, number)
        self.secret, self.chance = site["ingest_secret"], random.Random(number)

    def event(self, batch, i):
        ago = timedelta(minutes=self.chance.uniform(60, 1380))
        return super().event(batch, i) | {
            "event_timestamp": (datetime.now(UTC) - ago).isoformat(),
            "device": {"device_id": f"late-{self.chance.randrange(400)}"},
        }


class Day:
    """A running Footfall under load; `end()` proves that nothing was lost or doubled."""

    def __init__(self, footfall: Footfall) -> None:
        self.footfall = footfall
        self.site = footfall.create_site()
        self.senders = [
            *(Sender(footfall, self.site, n) for n in range(1, SENDERS)),
            LateSender(footfall, self.site, 0),
        ]
        for sender in self.senders:
            sender.start()
        time.sleep(2)

    def kill(self, name: str) -> None:
        try:
            os.killpg(self.footfall.child(name), signal.SIGKILL)
        except ProcessLookupError:
            pass

    def hold_down(self, name: str, length: float) -> None:
        """Dead as soon as the supervisor has started it again, for so long."""
        until = time.monotonic() + length
        while time.monotonic() < until:
            listed = subprocess.run(["ps", "-ww", "--ppid", str(self.footfall.process.pid), "-o", "pid=,args="],
                                    capture_output=True, text=True).stdout  # fmt: skip
            mark = {"clickhouse": "embedded_clickhouse", "valkey": "valkey-server"}[name]
            for line in listed.splitlines():
                if mark in line and "defunct" not in line:
                    os.killpg(int(line.split()[0]), signal.SIGKILL)
            time.sleep(0.1)

    def counts(self) -> tuple[int, int]:
        try:
            return self.footfall.sql("SELECT count(), uniqExact(event_id_low, event_id_mid) FROM events")[0]
        except Exception:
            return 0, 0

    def wrong_sessions(self) -> tuple[int, int]:
        """Neighbours in time that should share a session and do not, or do and should not."""
        return self.footfall.sql(
            "SELECT countIf(pause <= 1800000 AND session_id != before), countIf(pause > 1800000 AND session_id = before) FROM ("
            " SELECT session_id, any(session_id) OVER w AS before, any(toUnixTimestamp64Milli(timestamp)) OVER w AS last,"
            " row_number() OVER w AS number, if(number = 1, -1, toUnixTimestamp64Milli(timestamp) - last) AS pause FROM events"
            " WHERE device_id != 0 WINDOW w AS (PARTITION BY site_id, visitor_id ORDER BY timestamp"
            " ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING)) WHERE pause >= 0"
        )[0]

    def end(self, refused: bool) -> None:
        for sender in self.senders:
            sender.enough.set()
        for sender in self.senders:
            sender.join(300)
        assert not any(s.is_alive() or s.wrong for s in self.senders), [s.wrong[:3] for s in self.senders]
        sent = set().union(*(s.acknowledged for s in self.senders))
        eventually(lambda: self.counts()[0] >= len(sent), 300)
        time.sleep(12)  # longer than a lease: a late replay would show
        assert self.counts() == (len(sent), len(sent))
        assert {str(row[0]) for row in self.footfall.sql("SELECT event_id FROM events")} == sent
        for table in ("traffic_15m", "sessions", "visits"):
            assert self.footfall.sql(f"SELECT sum(pageviews) FROM {table}") == [(len(sent),)]
        eventually(lambda: self.wrong_sessions() == (0, 0), 120)
        total = sum(s.refusals for s in self.senders)
        assert (total > 0) == refused or not refused
        print(f"\n{len(sent):,} events acknowledged and stored once, {total} requests refused and sent again")


@pytest.fixture
def day(footfall_factory):
    return Day(footfall_factory())


def test_random_kills(day):
    chance = random.Random(7)
    until = time.monotonic() + seconds(45, 600)
    while time.monotonic() < until:
        day.kill(chance.choice(["web", "worker", "beat", "clickhouse", "valkey"]))
        time.sleep(chance.uniform(0.5, 5))
    eventually(day.footfall.is_ready, 90)
    day.end(refused=True)


def test_valkey_away(day):
    day.hold_down("valkey", seconds(15, 60))
    eventually(day.footfall.is_ready, 90)
    day.end(refused=True)


def test_clickhouse_away(day):
    """Nobody who sends may notice: events wait in the buffer."""
    before = [s.refusals for s in day.senders]
    day.hold_down("clickhouse", seconds(30, 300))
    assert [s.refusals for s in day.senders] == before
    eventually(day.footfall.is_ready, 120)
    day.end(refused=False)


def test_a_worker_that_hangs(day):
    """Stopped in the middle of its work for longer than its lease, then awake again: another took over meanwhile."""
    pid = day.footfall.child("worker")
    os.killpg(pid, signal.SIGSTOP)
    time.sleep(seconds(15, 60))
    os.killpg(pid, signal.SIGCONT)
    time.sleep(3)
    day.end(refused=False)


def test_an_erasure_whose_worker_is_killed(day):
    """It goes on where it was, while others are counted as ever."""
    footfall, site = day.footfall, day.site
    nina = [
        {"event_id": str(uuid.uuid4()), "event_type": "page_view", "device": {"device_id": "nina"},
         "page": {"url": f"https://shop.example/nina/{i}"}} for i in range(40)
    ]  # fmt: skip
    assert footfall.post(site, nina)["accepted"] == 40
    hers = "path LIKE '/nina/%'"
    eventually(lambda: footfall.sql(f"SELECT count() FROM events WHERE {hers}") == [(40,)], 60)
    sessions = ",".join(str(row[0]) for row in footfall.sql(f"SELECT DISTINCT session_id FROM events WHERE {hers}"))
    key = footfall.manage("shell", "-c", ADMIN_KEY).strip().splitlines()[-1]
    path = f"/api/v1/sites/{site['id']}/privacy-requests"
    asked = footfall.request(path, {"kind": "erasure", "named_by": "device", "value": "nina"}, key)
    for _ in range(int(seconds(4, 12))):
        time.sleep(1.2)
        day.kill("worker")

    def told():
        call = urllib.request.Request(f"{footfall.url}{path}/{asked['id']}", headers={"Authorization": f"Bearer {key}"})
        with urllib.request.urlopen(call, timeout=20) as answer:
            return json.loads(answer.read())

    until = time.monotonic() + 300
    while (found := told())["state"] != "done":  # the minute's job goes on with it
        assert time.monotonic() < until, found["error"]
        time.sleep(3)  # the API answers so many requests a minute
    stores = found["receipt"]["receipt"]["storages"]
    assert stores["events"] == {"erased": 40, "left": 0} and not any(store["left"] for store in stores.values())
    for table in ("events", "events_recent", "sessions", "visits"):
        assert footfall.sql(f"SELECT count() FROM {table} WHERE session_id IN ({sessions})") == [(0,)], table
    day.end(refused=False)


FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


@pytest.mark.skipif(not FAKETIME.exists(), reason="needs Debian's libfaketime")
def test_the_clock_jumps(tmp_path, footfall_factory):
    """Hours ahead and back, as after a suspended machine or a wrong time server; days ahead, past a change of salts."""
    offset = tmp_path / "offset"
    offset.write_text("+0")
    faked = {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
    day = Day(footfall_factory(LD_PRELOAD=str(FAKETIME), FAKETIME_TIMESTAMP_FILE=str(offset), **faked))
    for jump in ("+3h", "+0", "-2h", "+0", "+2d", "+0"):
        offset.with_suffix(".new").write_text(jump)
        offset.with_suffix(".new").replace(offset)
        time.sleep(seconds(5, 60))
    hours = day.footfall.sql("SELECT uniqExact(toStartOfHour(timestamp)) FROM events")
    assert hours[0][0] >= 4, "the clock did jump"
    day.end(refused=False)


def test_full_disk(tmp_path):
    """A data folder of 400 MB that somebody fills to the last byte, and clears again."""
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(folder)], capture_output=True
    ).returncode:
        pytest.skip("a file system of its own can only be mounted by root")
    footfall = Footfall(folder / "data")
    try:
        day = Day(footfall)
        ballast = folder / "ballast"
        with ballast.open("wb") as file:
            try:
                while True:
                    file.write(b"\0" * 1_000_000)
                    file.flush()
            except OSError:
                pass
        time.sleep(seconds(15, 60))
        refused = sum(s.refusals for s in day.senders)
        ballast.unlink()
        eventually(footfall.is_ready, 120)
        print(f"\n{refused} requests refused while the disk was full")
        day.end(refused=False)
    finally:
        footfall.stop()
        subprocess.run(["umount", "-l", str(folder)], check=False)
