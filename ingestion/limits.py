"""Rate limits: events a minute of a site and of an address, counted over all processes.

A process tells the others what it counted once that is an eighth of the limit: the group commit adds it to a counter in the
buffer and brings the total back (buffer.py), so that a limit costs no round trip of its own, and next to nothing for those
who are far from it. It may be overshot by what each process keeps to itself and what is in flight. An address is known only
as a hash under the day's salt, for two minutes.
"""

from functools import lru_cache

from ingestion.buffer import totals
from ingestion.enrich.geo import address_of
from ingestion.sites import SiteConfig
from ingestion.steps.identity import hash64

DEFAULT_PER_ADDRESS = 6000  # of public addresses; a person does not click a hundred times a second


@lru_cache(maxsize=16_384)
def is_public(address: str) -> bool:
    return address_of(address) is not None


def site_meter(site: SiteConfig) -> str:
    return f"{site.id}"


def address_meter(site: SiteConfig, salt: bytes, address: str) -> str:
    return f"{site.id}:{hash64(salt, address):x}"


def address_limit(site: SiteConfig, address: str) -> int:
    """0: none. Without a limit of the site's own, private addresses have none: they are a proxy's that is not trusted."""
    if site.limit_address is not None:
        return site.limit_address
    return DEFAULT_PER_ADDRESS if is_public(address) else 0


def meters_of(site: SiteConfig, salt: bytes, address: str, trusted: bool) -> dict[str, int]:
    """What a request is counted on, each with its limit."""
    meters = {}
    if site.limit_site:
        meters[site_meter(site)] = site.limit_site
    if not trusted and (limit := address_limit(site, address)):
        meters[address_meter(site, salt, address)] = limit
    return meters


def exceeded(meters: dict[str, int], minute: int) -> bool:
    return any(totals.of(meter, minute) >= limit for meter, limit in meters.items())
