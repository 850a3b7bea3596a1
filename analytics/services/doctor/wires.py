"""Whether what goes to the stores can be read, or a store be feigned, on the way."""

import ipaddress
import socket
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from analytics.services.doctor.finding import Finding, bad, ok, warn

TLS = "docs/security.md says how, under In transit."
# Setting -> the schemes by TLS. Postgres says it in its parameters.
BY_TLS = {
    "DATABASE_URL": (),
    "REDIS_URL": ("rediss",),
    "CLICKHOUSE_URL": ("clickhouses",),
    "CLICKHOUSE_READER_URL": ("clickhouses",),
}


def find_wires() -> Iterator[Finding]:
    for name, schemes in BY_TLS.items():
        url = getattr(settings, name)
        host = urlsplit(url).hostname if url else None
        if host:
            yield examine_wire(name, host, *security_of(url, schemes))


def security_of(url: str, schemes: tuple[str, ...]) -> tuple[bool, bool]:
    """Whether it is encrypted for certain, and whether the other end has to prove who it is."""
    parts = urlsplit(url)
    told = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    if not schemes:
        mode = told.get("sslmode", "prefer")
        return mode in ("require", "verify-ca", "verify-full"), mode in ("verify-ca", "verify-full")
    encrypted = parts.scheme in schemes or told.get("secure") in ("1", "true")
    unchecked = told.get("verify") in ("0", "false") or told.get("ssl_cert_reqs") == "none"
    return encrypted, encrypted and not unchecked


def examine_wire(name: str, host: str, encrypted: bool, proven: bool) -> Finding:
    if proven:
        return ok("wires", f"{name} goes by TLS, and its certificate is checked.")
    if encrypted:
        return warn("wires", f"{name} goes by TLS, but nobody checks whose certificate it is.", TLS)
    if is_open(host):
        return bad("wires", f"{name} goes to {host} over the open network, and not by TLS.", TLS)
    return ok("wires", f"{name} stays on this machine or in a private network.")


def is_open(host: str) -> bool:
    """Any of its addresses is reached over the open network. A name that nobody knows is none of this examination's."""
    try:
        found = {str(info[4][0]).partition("%")[0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return any(ipaddress.ip_address(address).is_global for address in found)
