"""Requests to addresses that users give: only to the public internet, never to what stands beside the server.

The name is resolved once, every address it has must be public, and the connection goes to just that address: a name that
points elsewhere a moment later gains nothing. Redirects are not followed; they would be a second address to check.
"""

import http.client
import socket
import ssl
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

TIMEOUT = 10.0
MOST_BYTES = 1024 * 1024
# Public by their number, but each carries an IPv4 address in it, or leads into the machine's own network.
TRANSLATED = [ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")]
Address = IPv4Address | IPv6Address


class Refused(Exception):
    """The address may not be asked. The text is fit to be shown to whoever gave it."""


@dataclass(frozen=True)
class Target:
    scheme: str
    host: str
    port: int
    path: str
    address: str  # the one that was checked


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes  # at most MOST_BYTES


def is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in TRANSLATED):
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def check_url(url: str) -> Target:
    """Raises Refused. For a form that takes the URL as well as before each request."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise Refused("This is not a web address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused("The address must start with https:// or http://.")
    if parts.username or parts.password:
        raise Refused("The address must not hold a user or password.")
    if any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise Refused("The address must not hold spaces or control characters.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port, path, resolve(parts.hostname, port))


def resolve(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused(f"The name {host[:100]} is not known.") from None
    addresses = [str(answer[4][0]) for answer in found]
    if not addresses or not all(is_public(ip_address(text.partition("%")[0])) for text in addresses):
        raise Refused(f"{host[:100]} is not on the public internet.")
    return addresses[0]


class Pinned(http.client.HTTPConnection):
    """Connects to the checked address, whatever the name says by now; TLS still checks the name."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.host, target.port, timeout=TIMEOUT)
        self.target = target

    def connect(self) -> None:
        self.sock = socket.create_connection((self.target.address, self.target.port), TIMEOUT)
        if self.target.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.target.host)


def send(url: str, method: str = "GET", body: bytes = b"", headers: dict[str, str] | None = None) -> Reply:
    """Raises Refused, OSError or http.client.HTTPException. A redirect is an answer like any other."""
    target = check_url(url)
    connection = Pinned(target)
    try:
        connection.request(method, target.path, body or None, {"User-Agent": "Footfall", **(headers or {})})
        answer = connection.getresponse()
        return Reply(answer.status, dict(answer.getheaders()), answer.read(MOST_BYTES))
    finally:
        connection.close()
