"""Country, region and city of an address, from MMDB files of any maker. Never an error: what is not known is ""."""

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Protocol

import maxminddb

from ingestion.enrich.timezones import country_of_timezone

log = logging.getLogger(__name__)
CHECK_SECONDS = 60.0
CACHED = 16_384
__all__ = ["Geo", "Place", "country_of_timezone", "get_geo"]


@dataclass(frozen=True, slots=True)
class Place:
    country: str = ""  # ISO 3166-1, "DE"
    region: str = ""  # ISO 3166-2 where the file has the code, "DE-BE"; else the region's name
    city: str = ""
    timezone: str = ""


class Reader(Protocol):
    def get(self, address: IPv4Address | IPv6Address, /) -> Any: ...


NOWHERE = Place()


def place_of(record: Any) -> Place:
    """Of MaxMind's and DB-IP's nested records, or of the flat ones of @ip-location-db."""
    if not isinstance(record, dict):
        return NOWHERE
    if "country_code" in record:
        region, city = record.get("state1"), record.get("city")
        return Place(record["country_code"] or "", region or "", city or "", record.get("timezone") or "")
    country = (record.get("country") or record.get("registered_country") or {}).get("iso_code") or ""
    region = region_of(country, (record.get("subdivisions") or [{}])[0])
    city = name_of(record.get("city") or {})
    return Place(country, region, city, (record.get("location") or {}).get("time_zone") or "")


def name_of(part: dict[str, Any]) -> str:
    names = part.get("names") or {}
    return str(names.get("en") or next(iter(names.values()), ""))


def region_of(country: str, part: dict[str, Any]) -> str:
    code = part.get("iso_code")
    return f"{country}-{code}" if country and code else name_of(part)


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """The public address, an IPv4 one where IPv6 only wraps it; None of private, reserved and malformed ones."""
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    address = getattr(address, "ipv4_mapped", None) or address
    return address if address.is_global else None


class Geo:
    """MMDB files, the first that knows an address answering. A file that changes is read anew within a minute.

    Replace a file by renaming a new one over it: it is mapped into memory, not copied.
    """

    def __init__(self, *paths: str) -> None:
        self._paths = [path for path in paths if path]
        self._lock = threading.Lock()
        self._marks: list[tuple[int, int, int]] = []
        self._check_at = 0.0
        self._cached: Callable[[str], Place] = lambda ip: NOWHERE

    def lookup(self, ip: str) -> Place:
        if time.monotonic() >= self._check_at:
            self._reload()
        return self._cached(ip)

    def _reload(self) -> None:
        with self._lock:
            self._check_at = time.monotonic() + CHECK_SECONDS
            marks = [mark(path) for path in self._paths]
            if marks != self._marks:
                readers = [reader for path in self._paths if (reader := open_reader(path))]
                self._cached, self._marks = finder(readers), marks


def mark(path: str) -> tuple[int, int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0, 0
    return status.st_mtime_ns, status.st_size, status.st_ino


def open_reader(path: str) -> Reader | None:
    try:
        return maxminddb.open_database(path)
    except FileNotFoundError:
        log.info("No geo database at %s: countries come from time zones, regions and cities stay empty.", path)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        log.warning("The geo database %s cannot be read and is left out: %s", path, error)
    return None


def finder(readers: list[Reader]) -> Callable[[str], Place]:
    @lru_cache(maxsize=CACHED)
    def find(ip: str) -> Place:
        address = address_of(ip)
        for reader in readers if address else ():
            try:
                place = place_of(reader.get(address))  # type: ignore[arg-type]
            except (ValueError, AttributeError, TypeError, maxminddb.InvalidDatabaseError):
                continue  # an IPv6 address and an IPv4 file, or a damaged record
            if place is not NOWHERE and place.country:
                return place
        return NOWHERE

    return find


@lru_cache(maxsize=1)
def get_geo() -> Geo:
    """The operator's files: GEO_DATABASE, several joined by the system's path separator (one per IP family, say)."""
    from django.conf import settings

    return Geo(*settings.GEO_DATABASE.split(os.pathsep))
