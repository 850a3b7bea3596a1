"""What a list of sessions says of where somebody signed in: the device, and the country. Never the address."""

import os
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

import maxminddb
import pycountry
from django.conf import settings
from django.http import HttpRequest
from ua_parser import parse

from accounts.address import client_address

NAMES = {"Mac OS X": "macOS", "Mobile Safari": "Safari", "Chrome Mobile": "Chrome", "Firefox Mobile": "Firefox"}


def device_of(request: HttpRequest) -> str:
    """Such as "Firefox on Linux"."""
    found = parse(request.headers.get("User-Agent", "")[:500])
    parts = [part.family for part in (found.user_agent, found.os) if part and part.family != "Other"]
    return " on ".join(NAMES.get(part, part) for part in parts)[:80]


@lru_cache(maxsize=1)
def readers() -> list[Any]:
    return [maxminddb.open_database(path) for path in settings.GEO_DATABASE.split(os.pathsep) if os.path.isfile(path)]


def country_of(request: HttpRequest) -> str:
    """The country's code, looked up by the address without its end; "" where it is not known."""
    try:
        address = ip_address(client_address(request).partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        network = ip_network((address, 24 if address.version == 4 else 48), strict=False).network_address
        if not address.is_global:
            return ""
        for reader in readers():
            record = reader.get(network) or {}
            code = record.get("country_code") or (record.get("country") or {}).get("iso_code") or ""
            if code:
                return str(code)[:2]
    except (ValueError, AttributeError, maxminddb.InvalidDatabaseError):
        pass
    return ""


def country_name(code: str) -> str:
    found = pycountry.countries.get(alpha_2=code) if code else None
    return getattr(found, "common_name", found.name) if found else ""
