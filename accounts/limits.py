"""How often one address may ask for what takes no account. One table; the middleware keeps it.

A test holds that every address of the permission table that is open to anyone is limited here, or named as free.
"""

import hashlib
import time
from collections.abc import Callable
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from redis.exceptions import RedisError

from accounts.address import client_address

# URL name -> requests a minute and address: (of any method, of POST).
LIMITS: dict[str, tuple[int, int]] = {
    "setup": (60, 10),
    "login": (120, 30),
    "second": (60, 20),
    "passkey-login": (30, 30),
    "passkey-options": (60, 60),
    "oidc": (30, 30),
    "oidc-callback": (60, 60),
    "forgot": (60, 10),
    "reset": (60, 10),
    "invitation": (60, 10),
    "shared": (120, 20),
    "unsubscribe": (60, 20),
    "tracker": (1200, 1200),
    "tracker-config": (1200, 1200),
    "event-types": (120, 120),
    "event-type": (240, 240),
    "python-client": (60, 60),
    "privacy-token": (60, 20),
    "consent-proof": (60, 20),
    "api-schema": (60, 60),
    "api-docs": (60, 60),
    "metrics": (240, 240),
}
FREE = (
    "healthz",
    "readyz",
    "home",
    "logout",
)  # load balancers ask often and cheaply; logging out does nothing without a session
GUEST = "share"  # in the address: somebody who has a link and no account
GUESTS = (600, 60)  # of all panels together; a dashboard has about 25
WRONG_KEYS = 60  # answers of 401 by the API a minute and address
SHARED = (
    10  # private addresses are a proxy's that is not trusted, which lends its own to many people: so many times more
)
MINUTE = 60
Next = Callable[[HttpRequest], HttpResponse]


def who(request: HttpRequest) -> tuple[str, int]:
    """A hash of the address, by /64 of IPv6, and how many times the usual limit it has."""
    text = client_address(request)
    try:
        found = ip_address(text)
    except ValueError:
        return hash_of(text), SHARED
    found = getattr(found, "ipv4_mapped", None) or found
    network = str(found) if found.version == 4 else str(ip_network(f"{found}/64", strict=False))
    return hash_of(network), SHARED if found.is_private else 1


def hash_of(text: str) -> str:
    return hashlib.sha256(f"{settings.SECRET_KEY}|{text}".encode()).hexdigest()[:24]


def counted(name: str, most: int) -> bool:
    """Count one more; whether it is still within the limit. Where the counter cannot be reached, everybody may."""
    key = f"limit:{name}:{int(time.time() // MINUTE)}"
    try:
        cache.add(key, 0, 2 * MINUTE)
        return int(cache.incr(key)) <= most
    except (RedisError, ValueError, OSError):
        return True


def used(name: str) -> int:
    try:
        return int(cache.get(f"limit:{name}:{int(time.time() // MINUTE)}", 0))
    except (RedisError, OSError):
        return 0


class AnonymousLimits:
    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_api = request.path.startswith("/api/v1/") and not request.path.startswith("/api/v1/event")
        if not is_api:
            return self.get_response(request)
        address, times = who(request)
        if used(f"wrong-key:{address}") >= WRONG_KEYS * times:
            return refuse(request)
        response = self.get_response(request)
        if response.status_code == 401:
            counted(f"wrong-key:{address}", 0)
        return response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        name = request.resolver_match.url_name if request.resolver_match else None
        limits = LIMITS.get(name or "", GUESTS if GUEST in request.GET else None)
        if limits is None:
            return None
        name = name if name in LIMITS else "guest"
        address, times = who(request)
        within = counted(f"{name}:{address}", limits[0] * times)
        if request.method == "POST":
            within = counted(f"{name}:post:{address}", limits[1] * times) and within
        return None if within else refuse(request)


def refuse(request: HttpRequest) -> HttpResponse:
    wait = str(MINUTE - int(time.time()) % MINUTE)
    text = f"Too many requests from your address. Try again in {wait} s."
    if request.path.startswith(("/api/", "/js/")):
        return JsonResponse(
            {"error": {"code": "rate_limited", "message": text}}, status=429, headers={"Retry-After": wait}
        )
    if request.path.startswith("/passkeys/"):  # read by passkeys.ts, which shows it
        return JsonResponse({"error": text}, status=429, headers={"Retry-After": wait})
    response = render(request, "429.html", {"wait": wait}, status=429)
    response["Retry-After"] = wait
    return response
