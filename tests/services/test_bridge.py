"""What granian's interface hands over, as Django and the endpoint must find it."""

import io
import json
import socket
import time
import urllib.error
import urllib.request

import pytest

from tests.conftest import CHROME, event
from tests.running import Footfall

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def footfall(tmp_path_factory):
    running = Footfall(tmp_path_factory.mktemp("bridge") / "data", {"TRUSTED_PROXIES": "127.0.0.1"})
    yield running
    running.stop()


@pytest.fixture(scope="module")
def site(footfall):
    return footfall.create_site()


def exchange(footfall, head: str, body: bytes = b"") -> tuple[int, bytes]:
    """One request as raw as it gets; (status, everything after the head)."""
    with socket.create_connection(("127.0.0.1", footfall.port), timeout=20) as link:
        link.sendall(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body)
        link.settimeout(20)
        read = b""
        while chunk := link.recv(65536):
            read += chunk
    first, _, rest = read.partition(b"\r\n\r\n")
    return int(first.split()[1]), rest


def payload(site, *events) -> bytes:
    return json.dumps({"site": site["site_key"], "events": events}).encode()


def test_a_body_in_chunks(footfall, site):
    body = payload(site, event())
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:30], body[30:])) + b"0\r\n\r\n"
    head = f"POST /api/v1/events HTTP/1.1\nHost: x\nUser-Agent: {CHROME}\nTransfer-Encoding: chunked\nConnection: close"
    status, answer = exchange(footfall, head, chunks)
    assert status == 202
    assert b'"accepted":1' in answer


def test_a_body_in_chunks_reaches_django(footfall, site):
    body = json.dumps({"metrics": ["visitors"]}).encode()
    headers = {"Authorization": f"Bearer {site['api_key']}", "Content-Type": "application/json"}
    call = urllib.request.Request(f"{footfall.url}/api/v1/sites/{site['id']}/query", io.BytesIO(body), headers)
    with urllib.request.urlopen(call, timeout=10) as answer:
        assert "totals" in json.loads(answer.read())


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_body_that_is_too_large(footfall, site, framing):
    body = payload(site, event(title="x" * 1_200_000))
    source = body if framing == "length" else io.BytesIO(body)  # urllib sends a file in chunks
    call = urllib.request.Request(footfall.url + "/api/v1/events", source, {"Content-Type": "text/plain"})
    try:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(call, timeout=10)
        assert refused.value.code == 413
    except (ConnectionError, urllib.error.URLError) as error:
        assert "reset" in str(error).lower() or "pipe" in str(error).lower()  # answered before all of it was sent


def test_of_what_is_large_django_holds_little(footfall):
    """Before anybody knows who sends it: it is refused by its length."""
    head = "POST /login HTTP/1.1\nHost: x\nContent-Length: 9000000\nConnection: close"
    assert exchange(footfall, head, b"a=1")[0] == 413


def test_a_large_batch_and_a_cut_one(footfall, site):
    answer = footfall.post(site, [event() for _ in range(900)])
    assert answer["accepted"] == 900
    body = payload(site, event())
    head = f"POST /api/v1/events HTTP/1.1\nHost: x\nContent-Length: {len(body)}\nConnection: close"
    with socket.create_connection(("127.0.0.1", footfall.port), timeout=10) as link:
        link.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body[:20])
    assert footfall.post(site, [event()])["accepted"] == 1  # nobody else is disturbed


def test_addresses_of_proxies_reach_the_endpoint(footfall, site):
    """Two headers of one name are one list; a header with an underscore is nobody's to send."""
    body = payload(site, event("https://shop.example/forwarded"))
    head = (
        f"POST /api/v1/events HTTP/1.1\nHost: x\nContent-Length: {len(body)}\nConnection: close\nUser-Agent: {CHROME}\n"
        "X-Forwarded-For: 8.8.8.8\nX-Forwarded-For: 127.0.0.1\nX_Forwarded_For: 1.2.3.4\nX-Odd: \xe4"
    )
    assert exchange(footfall, head, body)[0] == 202
    deadline = time.monotonic() + 10
    while not (rows := footfall.sql("SELECT country FROM events WHERE path = '/forwarded'")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert rows == [("US",)]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /healthz HTTP/1.1", 200), ("HEAD /healthz HTTP/1.1", 200), ("GET /login HTTP/1.0", 200),
        ("GET /%FF%00 HTTP/1.1", 404), ("GET /j%C3%A4/ HTTP/1.1", 404), ("PATCH /api/v1/events HTTP/1.1", 405),
        ("OPTIONS /api/v1/events HTTP/1.1", 204), ("GET /api/v1/events HTTP/1.1", 405),
    ],
)  # fmt: skip
def test_odd_requests(footfall, line, status):
    found, body = exchange(footfall, f"{line}\nHost: localhost\nConnection: close")
    assert found == status
    assert not (line.startswith("HEAD") and body)


def test_a_reader_who_leaves_a_stream(footfall):
    """Static files are streamed: one that is broken off leaves the server as it was."""
    page = footfall.get("/login")
    path = page.split('src="')[1].split('"')[0]
    for _ in range(40):
        with socket.create_connection(("127.0.0.1", footfall.port), timeout=10) as link:
            link.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            link.recv(10)
    assert len(footfall.get(path)) > 100
    assert not footfall.said("Traceback"), footfall.output()
