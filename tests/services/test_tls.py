"""Postgres, Redis and ClickHouse by TLS URLs: the right certificate works, another is refused with a sentence."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import ConnectionHandler

from tests.certificates import new_authority, tls_door
from tests.conftest import event, eventually
from tests.postgres import running_postgres
from tests.running import ROOT, free_port


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return new_authority(tmp_path_factory.mktemp("tls") / "right")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return new_authority(tmp_path_factory.mktemp("tls") / "other")


@pytest.fixture(scope="module")
def certificate(authority):
    return authority.issue("localhost")


@pytest.fixture(scope="module")
def redis_port(certificate, authority, tmp_path_factory):
    """A Redis that speaks nothing but TLS."""
    from analytics.services.checks import CannotStart, check_redis

    port = free_port()
    options = {
        "port": "0", "tls-port": str(port), "tls-cert-file": str(certificate[0]), "tls-key-file": str(certificate[1]),
        "tls-ca-cert-file": str(authority.file), "tls-auth-clients": "no", "bind": "127.0.0.1", "save": "",
        "appendonly": "yes", "appendfsync": "always", "dir": str(tmp_path_factory.mktemp("redis")),
    }  # fmt: skip
    words = [part for name, value in options.items() for part in (f"--{name}", value)]
    process = subprocess.Popen(["redis-server", *words], stdout=subprocess.DEVNULL)

    def is_up():
        try:
            check_redis(f"rediss://localhost:{port}?ssl_ca_certs={authority.file}")
        except CannotStart as error:
            assert "refused" in str(error) or "Connection" in str(error), error
            return False
        return True

    eventually(is_up)
    yield port
    process.kill()
    process.wait()


@pytest.fixture
def clickhouse_door(stores, certificate):
    """ClickHouse's native protocol behind a door that speaks TLS."""
    from analytics.clickhouse import client

    with tls_door(*certificate, port=urlsplit(client.get_url()).port) as port:
        parts = urlsplit(client.get_url())
        yield f"clickhouses://{parts.username}:{parts.password}@{{host}}:{port}/"


@pytest.fixture
def over_tls(settings, redis_port, clickhouse_door, authority):
    from analytics.clickhouse import client
    from ingestion import buffer

    settings.CLICKHOUSE_URL = f"{clickhouse_door.format(host='localhost')}?ca_certs={authority.file}"
    settings.CLICKHOUSE_READER_URL = settings.CLICKHOUSE_URL
    settings.BUFFER_URL = f"rediss://localhost:{redis_port}/0?ssl_ca_certs={authority.file}"
    buffer.connection.cache_clear()
    yield
    buffer.connection().flushall()
    client._local.clients.clear()
    buffer.connection.cache_clear()


def test_events_go_in_and_figures_come_out_over_tls(over_tls, site, post, drain, client, api_key):
    from analytics.clickhouse import client as store

    assert post({"site": site.site_key, "events": [event(), event("https://shop.example/b")]}).status == 202
    assert drain() == 2
    asked = {"metrics": ["pageviews"], "date_range": "7d"}
    headers = {"Authorization": f"Bearer {api_key}"}
    told = client.post(f"/api/v1/sites/{site.pk}/query", asked, content_type="application/json", headers=headers)
    assert told.json()["results"] == [{"dimensions": [], "metrics": [2]}]
    assert store._client(store.get_url()).connection.secure_socket


@pytest.mark.parametrize(("host", "trusted", "said"), [
    ("localhost", "other", "not believed (unable to get local issuer certificate)"),
    ("127.0.0.1", "right", "not believed (IP address mismatch"),
    ("localhost", "", "not believed (unable to get local issuer certificate)"),
])  # fmt: skip
def test_clickhouse_with_another_certificate_is_refused(
    settings, clickhouse_door, authority, stranger, monkeypatch, host, trusted, said
):
    from analytics.clickhouse import client
    from analytics.services import embedded
    from analytics.services.checks import CannotStart, check_clickhouse

    files = {"other": stranger.file, "right": authority.file}
    settings.CLICKHOUSE_URL = clickhouse_door.format(host=host) + (f"?ca_certs={files[trusted]}" if trusted else "")
    with pytest.raises(client.StoreError, match="its certificate is") as refused:
        client.command("SELECT 1")
    assert said in str(refused.value) and len(str(refused.value).splitlines()) == 1
    waits = embedded.wait_for_clickhouse
    monkeypatch.setattr(embedded, "wait_for_clickhouse", lambda seconds: waits(0))
    with pytest.raises(CannotStart, match=r"check CLICKHOUSE_URL: .*certificate"):
        check_clickhouse()


@pytest.mark.parametrize(("host", "trusted"), [("localhost", "other"), ("127.0.0.1", "right"), ("localhost", "")])
def test_redis_with_another_certificate_is_refused(redis_port, authority, stranger, host, trusted):
    from analytics.services.checks import CannotStart, check_redis

    files = {"other": stranger.file, "right": authority.file}
    url = f"rediss://{host}:{redis_port}" + (f"?ssl_ca_certs={files[trusted]}" if trusted else "")
    with pytest.raises(CannotStart, match=r"check REDIS_URL: .*certificate") as refused:
        check_redis(url)
    assert len(str(refused.value).splitlines()) == 1


def test_plain_redis_gets_no_answer_from_a_server_that_speaks_tls(redis_port):
    from analytics.services.checks import CannotStart, check_redis

    with pytest.raises(CannotStart, match="check REDIS_URL"):
        check_redis(f"redis://localhost:{redis_port}")


BROKER = """
import django; django.setup()
from django.core.cache import cache
from analytics.celery import app
cache.set("x", 1); print(cache.get("x"))
app.connection_for_write().ensure_connection(max_retries=1, interval_start=0, timeout=3)
app.send_task("ingestion.sweep", retry=False)
print("sent")
"""


def start_broker(url, folder):
    environment = {**os.environ, "REDIS_URL": url, "FOOTFALL_DATA_DIR": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-c", BROKER],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_tasks_and_cache_go_over_tls_as_well(redis_port, authority, stranger, tmp_path):
    url = f"rediss://localhost:{redis_port}/0?ssl_ca_certs="
    runs = [start_broker(f"{url}{known.file}", tmp_path) for known in (authority, stranger)]
    (told, log), (told_stranger, log_of_stranger) = (run.communicate(timeout=60) for run in runs)
    assert told.split() == ["1", "sent"], log[-1500:]
    assert runs[1].returncode and "certificate" in log_of_stranger and not told_stranger


def test_postgres_over_tls(certificate, authority, stranger, monkeypatch, settings, django_db_blocker):
    from analytics.services import checks
    from analytics.settings import database

    def url_of(host, known, port):
        return f"postgres://footfall@{host}:{port}/postgres?sslmode=verify-full&sslrootcert={known.file}"

    def connection(url):
        return ConnectionHandler({"default": database(url)})["default"]

    def check_refused(url, said):
        settings.DATABASE_URL = url
        monkeypatch.setattr(checks, "connection", connection(url))
        with pytest.raises(checks.CannotStart, match=f"check DATABASE_URL: .*{said}") as refused:
            checks.check_database()
        assert len(str(refused.value).splitlines()) == 1

    with running_postgres(certificate) as port, django_db_blocker.unblock():
        made = connection(url_of("localhost", authority, port))
        with made.cursor() as cursor:
            cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            assert cursor.fetchone() == (True,)
            check_refused(url_of("127.0.0.1", authority, port), "does not match")
            check_refused(url_of("localhost", stranger, port), "certificate verify failed")
            cursor.execute("ALTER SYSTEM SET ssl = off")
            cursor.execute("SELECT pg_reload_conf()")
        made.close()
        eventually(lambda: check_refused(url_of("localhost", authority, port), "server does not support SSL") or True)


def test_a_certificate_that_nobody_would_ask_for_is_refused():
    """With sslmode=prefer, libpq's own choice, a server without TLS would get the password in plain."""
    from analytics.settings import database

    for mode in ("", "&sslmode=require", "&sslmode=prefer"):
        with pytest.raises(ImproperlyConfigured, match="sslmode=verify-full"):
            database(f"postgres://u@h/n?sslrootcert=/ca.pem{mode}")


BEHIND_A_PROXY = """
import django; django.setup()
from django.test import Client
for headers in ({"X-Forwarded-Proto": "https"}, {"X-Forwarded-Proto": "http"}, {}):
    answer = Client(headers={"Host": "stats.example.com", **headers}).get("/nowhere")
    print(answer.status_code, answer.headers.get("Location", "-"), answer.headers.get("Strict-Transport-Security", "-"))
"""


@pytest.mark.parametrize(("proxies", "said"), [
    ("10.0.0.0/8", [
        "404 - max-age=31536000", "301 https://stats.example.com/nowhere -", "301 https://stats.example.com/nowhere -"
    ]),
    ("", ["404 - -", "404 - -", "404 - -"]),  # nobody is believed: how the visitor came is not known
])  # fmt: skip
def test_https_behind_a_proxy(tmp_path, proxies, said):
    told = subprocess.run(
        [sys.executable, "-c", BEHIND_A_PROXY], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={**os.environ, "BASE_URL": "https://stats.example.com", "TRUSTED_PROXIES": proxies, "FOOTFALL_DATA_DIR": str(tmp_path)},
    )  # fmt: skip
    assert told.stdout.splitlines() == said, told.stderr[-1500:]
