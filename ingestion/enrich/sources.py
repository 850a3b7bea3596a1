"""Where a visit came from: campaign parameters first, then click ids, then the referrer."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import tldextract

from ingestion.enrich.channels import DIRECT, NO_MEDIUM, get_channel
from ingestion.enrich.known_sources import ALIASES, HOSTS, Known
from ingestion.enrich.urls import UTM, CleanUrl, clean_referrer, clean_url, host_of, parameters, split

__all__ = ["Acquisition", "CleanUrl", "clean_referrer", "clean_url", "get_acquisition", "registrable_domain"]
CLICK_IDS = {
    "gclid": "Google",
    "gbraid": "Google",
    "wbraid": "Google",
    "msclkid": "Bing",
    "fbclid": "Facebook",
    "ttclid": "TikTok",
    "twclid": "X",
    "li_fat_id": "LinkedIn",
}
PAID_MEDIUM = "cpc"
NOT_SET = "(not set)"
MEDIUMS = {"search": "organic", "email": "email", "ai": "ai-assistant", "social": "referral", "video": "referral"}
BARE = ("", "www", "m", "mobile", "l", "lm", "out")
_extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


class Acquisition(NamedTuple):
    referrer: str = ""  # "" where it is the site itself
    source: str = DIRECT
    medium: str = NO_MEDIUM
    channel: str = "Direct"
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""
    click_id: str = ""  # which kind, never the id


NO_ACQUISITION = Acquisition()


@lru_cache(maxsize=8192)
def registrable_domain(host: str) -> str:
    """example.co.uk of shop.example.co.uk; demo.test of www.demo.test; an address or a bare name is its own."""
    found = _extract(host)
    if found.suffix or found.ipv4 or ":" in host:
        return found.top_domain_under_public_suffix or host
    return ".".join(host.rsplit(".", 2)[-2:])


@lru_cache(maxsize=8192)
def known_host(host: str) -> Known | None:
    """The line of known_sources that holds a host: itself, a parent, or its brand under any public suffix."""
    parts = host.split(".")
    for start in range(len(parts) - 1 or 1):
        if known := HOSTS.get(".".join(parts[start:])):
            return known
    found = _extract(host)
    if found.subdomain in BARE and (known := HOSTS.get(f"={found.domain}.*")):
        return known
    return HOSTS.get(f"{found.domain}.*") if found.suffix else None


def source_of_host(host: str) -> Known:
    return known_host(host) or Known(host.removeprefix("www."), "")


def source_of_tag(value: str) -> Known:
    """Of utm_source or ref: a known name or host, or the value as sent."""
    if known := ALIASES.get(value.lower()):
        return known
    host = value.lower().partition("://")[2].partition("/")[0] or value.lower()
    if "." in host and " " not in host:
        return source_of_host(host)
    return Known(value, "")


def medium_of(known: Known, default: str) -> str:
    return MEDIUMS.get(known.kind, default)


def from_referrer(referrer: str, own: frozenset[str]) -> tuple[str, Known | None]:
    """The cleaned referrer and its source; nothing where it is the site itself or no address."""
    parts = split(referrer) if referrer else None
    if parts is None:
        return "", None
    host = host_of(parts)
    cleaned = clean_referrer(referrer)
    if not cleaned or registrable_domain(host) in own:
        return "", None
    return cleaned, source_of_host(host)


def choose(tags: Mapping[str, str], click: str, came: Known | None, internal: bool) -> tuple[str, str]:
    """Source and medium. Values of utm_source and hosts share their names: "fb" and facebook.com are one source."""
    tag = tags.get("utm_source") or ("" if internal else tags.get("ref") or tags.get("source", ""))
    medium = tags.get("utm_medium", "").lower()
    if tag:
        known = source_of_tag(tag)
        default = NOT_SET if tags.get("utm_source") else "referral"
        return known.name, medium or (PAID_MEDIUM if click else medium_of(known, default))
    if click:
        known = came if came and came.kind in ("search", "social", "video", "shopping") else Known(CLICK_IDS[click], "")
        return known.name, medium or PAID_MEDIUM
    if came:
        return came.name, medium or medium_of(came, "referral")
    return (NOT_SET, medium) if medium else (DIRECT, NO_MEDIUM)


@lru_cache(maxsize=4096)
def _acquire(query: str, referrer: str, own: frozenset[str], utm: tuple[str, ...]) -> Acquisition:
    tags: dict[str, str] = {}
    click = ""
    for name, value in parameters(query) if query else ():
        tags.setdefault(name, value)
        if not click and name in CLICK_IDS:
            click = name
    for name, value in zip(UTM, utm, strict=False):
        if value and "@" not in value:
            tags.setdefault(name, value)
    cleaned, came = from_referrer(referrer, own)
    source, medium = choose(tags, click, came, internal=bool(referrer and not cleaned))
    source, medium = source[:128], medium[:128]
    origin, kind, campaign, term, content = (tags.get(name, "") for name in UTM)
    channel = get_channel(source, medium, campaign)
    return Acquisition(cleaned, source, medium, channel, origin, kind, campaign, term, content, click)


@lru_cache(maxsize=1024)
def own_domains(hosts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(registrable_domain(host.lower()) for host in hosts if host)


def get_acquisition(url: str, referrer: str, own_hosts: tuple[str, ...] = (), utm: tuple[str, ...] = ()) -> Acquisition:
    """`own_hosts` are the site's domain and other hosts of its own; the page's own host always counts as one.

    `utm` are values sent beside the URL, in the order of UTM; the URL's own come first.
    """
    parts = split(url)
    if parts is None:
        return NO_ACQUISITION
    own = own_domains((*own_hosts, host_of(parts)))
    if not parts.query and not referrer and not any(utm):
        return NO_ACQUISITION
    return _acquire(parts.query[:2048], referrer[:1024], own, tuple(value[:200] for value in utm))
