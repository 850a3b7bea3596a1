"""`manage.py doctor` on installations that are well, and on some that are not."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress

import pytest

from tests.conftest import CHROME, eventually
from tests.running import ROOT, environment_of, free_port

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
KEY = "abcdefghij" * 6


@pytest.fixture(scope="module")
def footfall(shared_footfall):
    return shared_footfall


def run(data, *words, **more):
    environment = environment_of(data, free_port(), more)
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # the tests' own
    return subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, env=environment, capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip


def doctor(data, **more):
    """name -> the worst state and what was said."""
    done = run(data, "doctor", "--json", **more)
    findings = json.loads(done.stdout)
    assert done.returncode == (1 if any(f["state"] == "bad" for f in findings) else 0)
    assert all(f["mend"] for f in findings if f["state"] != "ok")
    found = {}
    for f in findings:
        found.setdefault(f["name"], []).append((f["state"], f["text"]))
    return found


def test_a_running_installation_is_well(footfall):
    found = doctor(footfall.data)
    bad = {name: told for name, told in found.items() if any(state == "bad" for state, _ in told)}
    assert bad == {}
    for name in (
        "python",
        "data folder",
        "secret key",
        "database",
        "buffer",
        "clickhouse",
        "backlog",
        "clock",
        "places",
    ):
        assert found[name][0][0] == "ok", found[name]


def test_says_what_is_wrong(footfall, tmp_path):
    import redis

    store = redis.Redis.from_url(f"unix://{footfall.data}/valkey/valkey.sock")
    (footfall.data / "secret_key").chmod(0o644)
    store.config_set("appendfsync", "everysec")
    store.xadd("ff:stream:9", {"1": ""}, id="1-1")  # not one of the partitions: no backlog
    try:
        found = doctor(footfall.data, GEO_DATABASE="/nowhere.mmdb", EMAIL_URL="smtp://127.0.0.1:1", DEBUG="true")
    finally:
        store.config_set("appendfsync", "always")
        (footfall.data / "secret_key").chmod(0o600)
    assert "Others may read" in found["secret key"][0][1]
    assert "appendfsync 'everysec'" in found["buffer"][0][1]
    assert "cannot be read" in found["places"][0][1] and "does not answer" in found["mail"][0][1]
    assert found["django"][0] == ("bad", "DEBUG is on.")
    assert found["backlog"][0][0] == "ok"


def test_stores_that_are_away_do_not_hide_the_rest(tmp_path):
    found = doctor(tmp_path / "data", BASE_URL="https://stats.example.com", HOST="0.0.0.0")
    assert "cannot be examined" in found["clickhouse"][0][1] and "cannot be examined" in found["buffer"][0][1]
    assert "migrations are not applied" in found["database"][0][1]
    assert "TRUSTED_PROXIES is not set" in found["address"][0][1] and "Any host name" in found["address"][1][1]
    told = run(tmp_path / "data", "doctor")
    assert told.returncode == 1 and "MEND  clickhouse" in told.stdout and "→ Run `manage.py migrate`" in told.stdout


def test_wires_that_others_can_read(settings):
    from analytics.services.doctor.wires import find_wires

    settings.DATABASE_URL = "postgres://f:p@8.8.8.8/f"
    settings.REDIS_URL = "rediss://8.8.8.8:6380/0?ssl_cert_reqs=none"
    settings.CLICKHOUSE_URL = "clickhouse://f:p@10.1.2.3:9000/f"
    found = list(find_wires())
    assert [one.state for one in found] == ["bad", "warn", "ok"] and all(one.mend for one in found[:2])
    assert found[0].text == "DATABASE_URL goes to 8.8.8.8 over the open network, and not by TLS."
    settings.DATABASE_URL = settings.REDIS_URL = settings.CLICKHOUSE_URL = ""
    assert list(find_wires()) == []


@pytest.mark.parametrize(
    "url, schemes, wanted",
    [
        ("postgres://h/f?sslmode=verify-full", (), (True, True)),
        ("postgres://h/f?sslmode=require", (), (True, False)),
        ("postgres://h/f", (), (False, False)),
        ("rediss://h", ("rediss",), (True, True)),
        ("redis://h", ("rediss",), (False, False)),
        ("clickhouses://h", ("clickhouses",), (True, True)),
        ("clickhouses://h?verify=0", ("clickhouses",), (True, False)),
        ("clickhouse://h?secure=1", ("clickhouses",), (True, True)),
    ],
)
def test_what_a_url_says_of_its_wire(url, schemes, wanted):
    from analytics.services.doctor.wires import security_of

    assert security_of(url, schemes) == wanted


def test_check_deploy_is_clean(tmp_path):
    done = run(
        tmp_path / "data", "check", "--deploy", "--fail-level", "WARNING",
        BASE_URL="https://stats.example.com", TRUSTED_PROXIES="10.0.0.0/8", ALLOWED_HOSTS="stats.example.com", SECRET_KEY=KEY,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_plain_http_is_sent_to_https_but_probes_are_not(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert client.get("/login")["Location"] == "https://testserver/login"
    assert client.get("/healthz").status_code == 200


def test_the_lock_file_is_understood():
    from analytics.services.doctor.machine import locked_versions

    versions = locked_versions(ROOT / "requirements.lock")
    assert re.match(r"5\.2\.", versions["django"]) and "clickhouse-driver" in versions and len(versions) > 40
    assert os.path.exists(ROOT / "requirements.lock")


PLANTED = "nina.berg-4711@planted.example"


def knock(url, method="GET", body=None, **headers):
    """Whatever the answer is."""
    call = urllib.request.Request(url, body, {"User-Agent": CHROME, **headers}, method=method)
    with suppress(urllib.error.URLError, OSError):
        urllib.request.urlopen(call, timeout=20).close()


def logs_of(footfall):
    files = [
        path for path in footfall.data.rglob("*") if path.is_file() and ("logs" in path.parts or path.suffix == ".log")
    ]
    return footfall.output() + "".join(path.read_text(errors="replace") for path in files), files


def test_no_address_gets_into_a_log(footfall):
    """In paths, queries, events of every outcome, log-ins, requests of the API, and a mail that is printed."""
    site = footfall.create_site("planted.example")
    footfall.manage("createowner", PLANTED, "--password", "correct horse battery")
    quoted = PLANTED.replace("@", "%40")
    for path in (
        f"/{PLANTED}",
        f"/sites/{quoted}",
        f"/login?email={quoted}",
        f"/setup/{PLANTED}",
        f"/reset/{PLANTED}/x",
    ):
        knock(footfall.url + path)
    knock(footfall.url + "/login", "POST", f"email={quoted}&password=x".encode())
    query = json.dumps({"metrics": [PLANTED], "dimensions": ["path"], "filters": [["is", "path", [PLANTED]]]}).encode()
    bearer = {"Authorization": f"Bearer {site['api_key']}", "Content-Type": "application/json"}
    knock(f"{footfall.url}/api/v1/sites/{site['id']}/query", "POST", query, **bearer)
    knock(f"{footfall.url}/api/v1/sites/{site['id']}/export/events?format={PLANTED}", **bearer)
    page = {"url": f"https://planted.example/{PLANTED}?email={PLANTED}", "title": PLANTED}
    footfall.post(site, [
        {"event_type": "identify", "page": page, "user": {"user_id": PLANTED}, "event_properties": {"traits": {"email": PLANTED}}},
        {"event_type": PLANTED, "page": page}, {"event_type": "page_view", "page": {"url": PLANTED}},
        {"event_type": "purchase", "page": page, "event_properties": {"revenue": PLANTED, "deep": {PLANTED: [PLANTED] * 3}}},
    ])  # fmt: skip
    knock(footfall.url + "/api/v1/events", "POST", f'{{"site": "{PLANTED}", "events": [{PLANTED}'.encode())
    code = "from accounts.mail import do_send_reset; import django; "
    told = run(
        footfall.data,
        "shell",
        "-c",
        f"{code}do_send_reset({PLANTED!r}, 'http://x'); import logging; logging.error({PLANTED!r})",
    )
    eventually(lambda: footfall.sql("SELECT count() FROM rejected_events")[0][0] > 0, 40)
    text, files = logs_of(footfall)
    assert "Not Found" in text and files
    assert (
        "/reset/" in told.stdout
        and "n•••@p•••.example" in told.stdout
        and "ERROR root n•••@p•••.example" in told.stderr
    )
    for sign in (PLANTED, quoted, "nina.berg-4711"):
        assert sign not in text + told.stdout + told.stderr
