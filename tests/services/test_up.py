"""`manage.py up` from outside, as a newcomer has it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from functools import partial

import pytest

from tests.conftest import eventually
from tests.running import PASSWORD, ROOT, Footfall, free_port, run_up

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


def test_prints_the_address_and_a_setup_link(footfall: Footfall):
    assert f"Footfall is ready: {footfall.url}" in footfall.output()
    assert f"{footfall.url}/setup?token=" in footfall.output()
    assert json.loads(footfall.get("/readyz"))["checks"] == {"database": "ok", "clickhouse": "ok", "buffer": "ok"}
    assert "footfall_buffer_entries" in footfall.get("/metrics")


def test_a_second_instance_on_the_same_folder_is_refused(footfall: Footfall):
    done = run_up(footfall.data, free_port())
    assert done.returncode != 0 and "already runs on the data folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_child_that_dies_is_started_again(footfall: Footfall):
    for name in ("web", "worker", "beat", "clickhouse", "valkey"):
        os.killpg(footfall.child(name), signal.SIGKILL)
        eventually(partial(footfall.said, f"{name} ended (signal SIGKILL)"), 20)
        eventually(footfall.is_ready, 40)


def test_what_is_wrong_is_said_in_a_sentence(tmp_path):
    port = free_port()
    cases = [
        ({"DATABASE_URL": "postgres://nobody:x@127.0.0.1:1/none"}, "check DATABASE_URL"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL must start with"),
        ({"CLICKHOUSE_URL": "clickhouse://x@127.0.0.1:1/"}, "check CLICKHOUSE_URL"),
        ({"REDIS_URL": "redis://127.0.0.1:1/"}, "check REDIS_URL"),
        ({"PORT": "http"}, "PORT must be a whole number"),
        ({"FOOTFALL_DATA_DIR": "/proc/footfall"}, "cannot be written"),
    ]
    for environment, sentence in cases:
        done = run_up(tmp_path / "data", port, environment)
        assert done.returncode != 0 and sentence in done.stderr, (environment, done.stderr)
        assert "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) <= 2, done.stderr


def test_a_port_in_use_is_named(tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_up(tmp_path / "data", port)
    assert done.returncode != 0 and f"cannot listen on 127.0.0.1:{port}" in done.stderr


def test_commands_need_no_running_server(tmp_path):
    environment = {**os.environ, "FOOTFALL_DATA_DIR": str(tmp_path / "data"), "SECRET_KEY": ""}

    def manage(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    assert manage("migrate").returncode == 0
    assert manage("createowner", "a@example.com", "--password", "long enough 42").returncode == 0
    made = manage("createsite", "a.example", "--owner", "a@example.com", "--json")
    assert set(json.loads(made.stdout)) == {"id", "domain", "site_key", "ingest_secret", "api_key"}
    again = manage("createowner", "a@example.com", "--password", "long enough 42")
    assert again.returncode == 1 and "has an account already" in again.stderr


def test_the_demo_button_fills_a_site(footfall: Footfall):
    """From the empty sites page, through the queue and a worker."""
    import re

    from tests.browser import chromium

    footfall.create_site("other.example")
    with chromium() as browser:
        page = browser.new_page()
        page.goto(f"{footfall.url}/login")
        page.fill("[name=email]", "alice@example.com")
        page.fill("[name=password]", PASSWORD)
        page.click("button:has-text('Log in')")
        page.wait_for_url("**/sites/")
        site_id = re.search(r"/sites/(\d+)/executive", page.content())[1]
        page.goto(f"{footfall.url}/sites/{site_id}/settings")
        page.fill("#confirm", "other.example")
        page.click("form[action$='/delete'] button")
        page.wait_for_url("**/sites/")
        page.click("button:has-text('See it with demo data')")
        page.wait_for_url("**/executive")
    eventually(lambda: footfall.sql("SELECT count() > 30000 FROM events")[0][0], 120)


def test_stops_drained_and_starts_again_fast(footfall: Footfall):
    site = footfall.create_site("drained.example")
    sent = [{"event_type": "page_view", "page": {"url": f"https://shop.example/{i}"}} for i in range(50)]
    answer = footfall.post(site, sent)
    assert answer["accepted"] == 50
    started = time.monotonic()
    footfall.stop()
    assert time.monotonic() - started < 45 and "Stopped." in footfall.output()
    assert footfall.process.returncode == 0
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(footfall.url, timeout=2)
    started = time.monotonic()
    footfall.start()
    assert time.monotonic() - started < 45
    assert footfall.sql(f"SELECT count() FROM events WHERE site_id = {site['id']}") == [(50,)]
    assert "/setup?token=" not in footfall.output()
