"""Checks of what people type. Each returns the cleaned value or raises ValueError with a sentence for them."""

import re
from collections.abc import Callable
from ipaddress import ip_network
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


MOST_LINES = 50
MOST_WILDCARDS = 4
HOST_PATTERN = re.compile(r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$")
NAME = re.compile(r"^[\w.-]{1,64}$")
EVENT_TYPE = re.compile(r"^[\w .:-]{1,64}$")


def check_lines(text: str, what: str, check: Callable[[str], str]) -> list[str]:
    """One value a line, each by `check`, which says what it expected. Empty lines and repetitions are left out."""
    found: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = check(line.strip())
        except ValueError as error:
            raise ValueError(f"{what}: expected {error}, got {line.strip()[:80]!r} in line {number}.") from None
        if value not in found:
            found.append(value)
    if len(found) > MOST_LINES:
        raise ValueError(f"{what}: expected at most {MOST_LINES} lines, got {len(found)}.")
    return found


def check_hostname(text: str) -> str:
    host = text.lower().removeprefix("https://").removeprefix("http://").rstrip("/")
    if len(host) > 253 or not HOST_PATTERN.match(host):
        raise ValueError("a host name such as shop.example or *.shop.example")
    return host


def check_path(text: str) -> str:
    if not text.startswith("/") or len(text) > 200:
        raise ValueError("a path that begins with / such as /admin/**")
    if text.replace("**", "*").count("*") > MOST_WILDCARDS:
        raise ValueError(f"at most {MOST_WILDCARDS} wildcards in a path")
    return text


def check_network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        raise ValueError("an address or a network such as 203.0.113.7 or 203.0.113.0/24") from None


def check_name(text: str) -> str:
    if not NAME.match(text):
        raise ValueError("a name of letters, digits, _ . and -")
    return text


def check_share(text: str) -> str:
    """`scroll 10`: an event type, or * for all others, and the percent of visitors to keep."""
    name, _, percent = text.rpartition(" ")
    try:
        share = float(percent.rstrip("%"))
    except ValueError:
        share = 0.0
    if not (name.strip() == "*" or EVENT_TYPE.match(name.strip())) or not 0.01 <= share <= 100:
        raise ValueError("an event type or *, a space, and a percentage of 0.01 to 100, such as scroll 10")
    return f"{name.strip()} {share:g}"


def check_event_type(text: str) -> str:
    if not EVENT_TYPE.match(text.strip()):
        raise ValueError(f"Event type: expected 1 to 64 letters, digits, _ . : - and spaces, got {text[:80]!r}.")
    return text.strip()
