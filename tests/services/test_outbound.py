"""No address that a user gives leads to what stands beside the server."""

import http.server
import socket
import threading

import pytest

from analytics.services import outbound

INSIDE = [
    "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://0.0.0.0/", "http://10.1.2.3/", "http://192.168.0.1/",
    "http://172.16.9.9/", "http://169.254.169.254/latest/meta-data", "http://100.64.0.1/", "http://2130706433/", "http://0x7f.1/",
    "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[fe80::1%25lo]/",
    "http://[fd00::1]/", "http://224.0.0.1/", "http://255.255.255.255/", "http://127.0.0.1:6379/", "http://[::127.0.0.1]/",
]  # fmt: skip
WRONG = [
    "ftp://example.com/", "file:///etc/passwd", "gopher://x/", "javascript:alert(1)", "//example.com/", "", "http://",
    "http://user:pass@8.8.8.8/", "http://8.8.8.8:99999/", "http://8.8.8.8/a b", "http://8.8.8.8/\r\nHost: x",
]  # fmt: skip


@pytest.mark.parametrize("url", [*INSIDE, *WRONG])
def test_refused(url):
    with pytest.raises(outbound.Refused):
        outbound.check_url(url)


@pytest.mark.parametrize("url", ["http://8.8.8.8/x?y=1", "https://[2606:4700::1111]:8443/"])
def test_public_addresses_pass(url):
    assert outbound.check_url(url).address in ("8.8.8.8", "2606:4700::1111")


def answers(*addresses):
    return lambda host, port, **options: [(socket.AF_INET, 1, 6, "", (address, port)) for address in addresses]


def test_a_name_with_one_inner_address_is_refused(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", answers("8.8.8.8", "10.0.0.1"))
    with pytest.raises(outbound.Refused, match="public internet"):
        outbound.check_url("http://twofold.example/")


class Handler(http.server.BaseHTTPRequestHandler):
    seen: list = []

    def do_POST(self):
        self.seen.append((self.path, self.headers["Host"], self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(302)
        self.send_header("Location", "http://127.0.0.1:1/inside")
        self.end_headers()
        self.wfile.write(b"x" * (outbound.MOST_BYTES + 10))

    def log_message(self, *args):
        pass


def test_asks_the_address_it_checked_and_follows_no_redirect(monkeypatch):
    """The name is resolved once; a second answer would be another machine."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    real, asked = socket.getaddrinfo, []

    def lookup(host, port, *rest, **options):
        if host != "hook.example":
            return real(host, port, *rest, **options)
        asked.append(host)
        assert len(asked) == 1
        return answers("127.0.0.1")(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(outbound, "is_public", lambda address: True)
    try:
        reply = outbound.send(f"http://hook.example:{server.server_port}/in?a=1", "POST", b"hello")
    finally:
        server.shutdown()
    assert reply.status == 302 and len(reply.body) == outbound.MOST_BYTES
    assert Handler.seen == [("/in?a=1", f"hook.example:{server.server_port}", b"hello")]
