"""A backup that is taken while events arrive comes back, in an empty installation, to the same figures."""

import json
import shutil
import subprocess
import sys
import threading
import time
import uuid
from datetime import datetime

import pytest
from django.core.management import CommandError, call_command

from tests.conftest import eventually
from tests.running import ROOT, Footfall, environment_of, free_port

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
METRICS = ["visitors", "sessions", "pageviews", "events", "bounce_rate", "revenue"]


class Load:
    """Posts until it is stopped, and remembers what was acknowledged when."""

    def __init__(self, footfall, site):
        self.footfall, self.site, self.over = footfall, site, threading.Event()
        self.sent: list[tuple[float, float, str]] = []  # asked, answered, event_id
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in range(3)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        count = 0
        while not self.over.is_set():
            count += 1
            event_id = str(uuid.uuid4())
            event = {
                "event_id": event_id, "event_type": "purchase" if count % 5 == 0 else "page_view",
                "page": {"url": f"https://shop.example/{number}/{count % 7}", "title": "Grüße \u202e\x1f|,\"'"},
                "user": {"user_id": f"u{count % 50}"},
                "event_properties": {"order_id": event_id, "revenue": "1.25", "currency": "EUR", "when": "2026-01-01"},
            }  # fmt: skip
            asked = time.time()
            answer = self.footfall.post(self.site, [event], self.site["ingest_secret"])
            assert answer["accepted"] == 1, answer
            self.sent.append((asked, time.time(), event_id))
            time.sleep(0.03)

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


def figures(footfall, site):
    whole = ["2020-01-01", "2029-12-31"]  # named days do not move on when midnight passes between two looks
    body = {"metrics": METRICS, "dimensions": ["path"], "date_range": whole, "limit": 100}
    return [
        footfall.request(f"/api/v1/sites/{site['id']}/query", body, site["api_key"])[k] for k in ("results", "totals")
    ]


HASH = "cityHash64(event_id, timestamp, session_id, url, title, user_id, variants, toString(lcp), toString(event_properties))"
EVENTS = f"SELECT count(), uniqExact(event_id), sum(revenue), sum({HASH}) FROM events"
ROWS = f"SELECT event_id, revenue, {HASH} FROM events"


def tell(footfall):
    """Counts of every table, as reports fold them."""
    counted = [
        EVENTS,
        "SELECT sum(pageviews), sum(events), uniqExactMerge(visitors) FROM traffic_15m",
        "SELECT uniqExact(session_id), sum(events), sum(pageviews), max(end) FROM sessions",
        "SELECT sum(events), uniqExact(person_id), uniqExact(session_id) FROM visits",
        "SELECT count() FROM events_recent",
        "SELECT count() FROM rejected_events",
        "SELECT count(), uniqExact(receipt), max(at) FROM consents",
    ]
    return [footfall.sql(sql)[0] for sql in counted]


def ids(footfall):
    return [str(row[0]) for row in footfall.sql("SELECT event_id FROM events")]


def manage(data, *words, **more):
    return subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, env=environment_of(data, free_port(), more), capture_output=True,
        text=True, timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A Footfall under load, the backup that was made of it meanwhile, and what was sent when."""
    folder = tmp_path_factory.mktemp("backup")
    footfall = Footfall(folder / "source")
    try:
        site = footfall.create_site()
        footfall.manage("seeddemo", "--site", str(site["id"]), "--events", "500", "--days", "20")
        footfall.post(site, [{"event_type": "page_view", "page": {"url": "not a url"}}])
        told = {"answer": "granted", "consent_id": "consent-of-somebody"}
        footfall.post(
            site, [{"event_type": "consent", "page": {"url": "https://shop.example/"}, "event_properties": told}]
        )
        (footfall.data / "exports" / "7").mkdir(parents=True)
        (footfall.data / "exports" / "7" / "events.csv").write_text("a,b\n")
        load = Load(footfall, site)
        try:
            eventually(lambda: len(load.sent) > 100)
            begun = time.time()
            footfall.manage("backup", str(folder / "backup"))
            ended = time.time()
            eventually(lambda: load.sent[-1][0] > ended)
        finally:
            load.stop()
        yield footfall, site, folder / "backup", (load.sent, begun)
    finally:
        footfall.stop()


def waits(footfall):
    lines = [line for line in footfall.get("/metrics").splitlines() if line.startswith("footfall_buffer_entries{")]
    return sum(float(line.split()[-1]) for line in lines)


def test_taken_under_load_it_comes_back_whole(saved, tmp_path):
    footfall, site, path, (sent, begun) = saved
    assert oct(path.stat().st_mode)[-3:] == "700" and oct((path / "keys.json").stat().st_mode)[-3:] == "600"
    done = manage(tmp_path / "other", "restore", str(path))
    assert done.returncode == 0, done.stderr
    other = Footfall(tmp_path / "other")
    try:
        eventually(lambda: waits(other) == 0, 40)
        back = ids(other)
        cut = datetime.fromisoformat(json.loads((path / "manifest.json").read_text())["cut_at"]).timestamp()
        before = {event for _, answered, event in sent if answered < begun}
        after = {event for asked, _, event in sent if asked > cut}
        assert len(back) == len(set(back)) > 500 and before and after
        assert before <= set(back) and not after & set(back)
        # rollups, sessions and outcomes agree with the events, and the events with those of the source
        events, traffic, sessions, visits = tell(other)[:4]
        assert events[0] == traffic[1] == sessions[1] == visits[0]
        eventually(lambda: waits(footfall) == 0, 40)
        assert set(other.sql(ROWS)) <= set(footfall.sql(ROWS))
        stored = "SELECT sum(events) FROM ingest_outcomes FINAL WHERE outcome = 'stored'"
        assert other.sql("SELECT answer FROM consents") == [("granted",)]
        eventually(lambda: other.sql(stored)[0][0] == events[0] + 1)
        assert (other.data / "exports" / "7" / "events.csv").read_text() == "a,b\n"
        assert (other.data / "secret_key").read_text() == (footfall.data / "secret_key").read_text()
        # an event that was known is known still; what arrives is counted by the views again
        known = {"event_id": sent[0][2], "event_type": "page_view", "page": {"url": "https://shop.example/x"}}
        answer = other.post(site, [known, {**known, "event_id": str(uuid.uuid4())}], site["ingest_secret"])
        assert (answer["accepted"], answer["duplicate"]) == (1, 1)
        eventually(lambda: other.sql("SELECT sum(events) FROM traffic_15m")[0][0] == traffic[1] + 1)
        check_again(other, site, tmp_path / "second")
    finally:
        other.stop()


def check_again(other, site, path):
    """Saved once more, while nothing runs, and restored in place: equal figures. A target that is not empty is refused."""
    eventually(lambda: other.sql("SELECT sum(events) FROM sessions")[0] == other.sql("SELECT count() FROM events")[0])
    before, shown = tell(other), figures(other, site)
    other.stop()
    assert manage(other.data, "backup", str(path)).returncode == 0
    refused = manage(other.data, "restore", str(path))
    assert refused.returncode == 1 and "The target has people and sites and events" in refused.stderr
    done = manage(other.data, "restore", str(path), "--replace")
    assert done.returncode == 0, done.stderr
    other.start()
    assert (tell(other), figures(other, site)) == (before, shown)


def refused(path, settings, target):
    """What `manage.py restore` says of it; nothing is running by then, so that needs no process of its own."""
    settings.DATA_DIR = target
    with pytest.raises(CommandError) as said:
        call_command("restore", str(path))
    return str(said.value)


def test_damage_is_found_before_anything_is_changed(saved, tmp_path, settings):
    path = tmp_path / "copy"
    damages = {
        "events.msgpack.zst missing": lambda: (path / "clickhouse" / "events.msgpack.zst").unlink(),
        "keys.json missing": lambda: (path / "keys.json").write_text("{}"),
        "more.txt missing": lambda: (path / "files" / "more.txt").write_text("more"),
        "manifest.json was changed": lambda: (path / "manifest.json").write_text("{}"),
        "not a finished backup": lambda: (path / "manifest.json").unlink(),
    }
    for sentence, damage in damages.items():
        shutil.copytree(saved[2], path)
        damage()
        assert sentence in refused(path, settings, tmp_path / "target").replace("clickhouse/", "")
        assert not (tmp_path / "target").exists()
        shutil.rmtree(path)


def test_another_version_is_refused(saved, tmp_path, settings):
    import hashlib

    path = tmp_path / "copy"
    shutil.copytree(saved[2], path)
    told = json.loads((path / "manifest.json").read_text())

    def changed(**changes):
        raw = json.dumps({**told, **changes}).encode()
        (path / "manifest.json").write_bytes(raw)
        (path / "manifest.json.sha256").write_text(hashlib.sha256(raw).hexdigest())
        return refused(path, settings, tmp_path / "target")

    assert "newer version" in changed(clickhouse={**told["clickhouse"], "9999_new.sql": "x"})
    assert "newer version" in changed(django=[*told["django"], ["accounts", "9999_new"]])
    assert "older version" in changed(django=told["django"][:-1])
    assert "this installation uses sqlite" in changed(relational="postgresql")
    assert "set INGEST_PARTITIONS to 8" in changed(waiting={**told["waiting"], "7": 1})


def test_sealed_keys_need_the_passphrase(saved, tmp_path, settings, monkeypatch):
    """The keys alone are sealed, so the source's running stores are enough here."""
    footfall, path = saved[0], tmp_path / "sealed"
    made = manage(footfall.data, "backup", str(path), BACKUP_PASSPHRASE="horse staple")
    assert made.returncode == 0, made.stderr
    secret = (footfall.data / "secret_key").read_text()
    assert secret.encode() not in (path / "keys.json").read_bytes()
    assert "set BACKUP_PASSPHRASE" in refused(path, settings, tmp_path / "target")
    monkeypatch.setenv("BACKUP_PASSPHRASE", "donkey")
    assert "does not open" in refused(path, settings, tmp_path / "target")
    monkeypatch.setenv("BACKUP_PASSPHRASE", "horse staple")
    assert "SECRET_KEY is set to another value" in refused(path, settings, tmp_path / "target")
    done = manage(tmp_path / "target", "restore", str(path), BACKUP_PASSPHRASE="horse staple")
    assert done.returncode == 0 and (tmp_path / "target" / "secret_key").read_text() == secret


def test_an_upgrade_saves_what_is_there(tmp_path):
    data = tmp_path / "data"
    first = manage(data, "migrate")
    assert first.returncode == 0 and not (data / "backups").exists()  # nothing to save yet
    assert manage(data, "createowner", "a@example.com", "--password", "long enough 42").returncode == 0
    assert manage(data, "migrate", "saved", "zero").returncode == 0  # an older version's database
    done = manage(data, "migrate")
    assert done.returncode == 0 and "This is an upgrade; what was there is saved in" in done.stdout, done.stderr
    assert len(list((data / "backups").glob("before-upgrade-*/manifest.json"))) == 1
    backup = next((data / "backups").iterdir())
    assert "older version" in manage(tmp_path / "new", "restore", str(backup)).stderr
    assert manage(tmp_path / "new", "restore", str(backup), "--upgrade").returncode == 0
