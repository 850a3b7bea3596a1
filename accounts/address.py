"""Who is at the other end, behind proxies that are trusted and through those that are not."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

_trusted: list[IPv4Network | IPv6Network] = [ip_network(text, strict=False) for text in settings.TRUSTED_PROXIES]


def is_trusted(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in _trusted)


def resolve(peer: str, forwarded: str) -> str:
    """The peer, or behind trusted proxies the last address that none of them vouches for."""
    address = peer
    for hop in reversed(forwarded.split(",") if forwarded else []):
        if not is_trusted(address):
            break
        address = hop.strip() or address
    return address


def client_address(request: HttpRequest) -> str:
    return resolve(request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", ""))


def truncate_address(address: str) -> str:
    """The network of an address, which is not one person's: /24 of IPv4, /48 of IPv6. "" where it is none."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ip_network(f"{found.compressed.partition('%')[0]}/{24 if found.version == 4 else 48}", strict=False))
