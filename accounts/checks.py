"""Checks of what people type. Each returns the cleaned value or raises ValueError with a sentence for them."""

import re
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

import pycountry

DOMAIN = re.compile(r"^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$")


def check_domain(text: str) -> str:
    """A bare host name; a pasted address is cut to its host."""
    text = text.strip().lower()
    host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    try:
        host = host.encode("idna").decode()
    except UnicodeError:
        host = ""
    if len(host) > 253 or not DOMAIN.match(host):
        raise ValueError(f"Domain: expected a host name such as example.com, got {text[:80]!r}.")
    return host


def check_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"Time zone: expected a name such as Europe/Berlin, got {name[:80]!r}.")
    return ZoneInfo(name).key


def check_currency(code: str) -> str:
    code = code.strip().upper()
    if pycountry.currencies.get(alpha_3=code) is None:
        raise ValueError(f"Currency: expected a three-letter code such as EUR, got {code[:20]!r}.")
    return code
