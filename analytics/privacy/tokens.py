"""POST /api/v1/privacy-token: a browser asks for the token that says who it is, to hand to the site's owner.

What it is known by is in it: its device, if it has one, and the hashes of today and yesterday, which nobody could work out
again once the salts are gone. A user id is not believed here: everybody could name anybody.
"""

import json
import time
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.address import client_address
from accounts.throttle import count, is_throttled, name_of
from analytics.privacy.subject import TOKEN_DAYS, make_token
from ingestion.enrich.sources import registrable_domain
from ingestion.sites import SiteConfig, known
from ingestion.steps.identity import hash64

A_MINUTE = 20


@csrf_exempt
@require_http_methods(["POST", "OPTIONS"])
def privacy_token(request: HttpRequest) -> JsonResponse:
    if request.method == "OPTIONS":
        return open_to_all(JsonResponse({}))
    name = name_of(request, "privacy-token", "")
    if is_throttled(name, A_MINUTE):
        return problem(429, "too_many_requests", "Try again in a minute.")
    count(name, 60)
    asked = read_body(request)
    site = known.find(asked["site"], None, time.time())
    if site is None:
        return problem(401, "unknown_key", "Footfall does not know this site key.")
    token = make_token(site.id, asked["device_id"], visitors_of(request, site, asked["hostname"]))
    return open_to_all(JsonResponse({"token": token, "days": TOKEN_DAYS}))


def read_body(request: HttpRequest) -> dict[str, str]:
    found: Any = None
    if len(request.body) < 4096:
        try:
            found = json.loads(request.body)
        except ValueError:
            found = None
    told = found if isinstance(found, dict) else {}
    return {name: str(told.get(name) or "")[:200] for name in ("site", "device_id", "hostname")}


def visitors_of(request: HttpRequest, site: SiteConfig, hostname: str) -> set[int]:
    """As ingestion/steps/identity.py makes them, for the site's domain and the page's."""
    address, agent = client_address(request), request.headers.get("User-Agent", "")[:512]
    domains = {registrable_domain(name) for name in (site.domain, hostname) if name}
    salts = [salt for salt in known.current(time.time()).salts if salt]
    return {hash64(salt, site.id, domain, address, agent) for salt in salts for domain in domains}


def open_to_all(response: JsonResponse) -> JsonResponse:
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Headers"] = "Content-Type"
    response["Cache-Control"] = "no-store"
    return response


def problem(status: int, code: str, message: str) -> JsonResponse:
    return open_to_all(JsonResponse({"error": {"code": code, "message": message}}, status=status))
