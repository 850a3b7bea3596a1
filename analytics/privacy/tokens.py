"""POST /api/v1/events/token, site key and device id as text: a browser asks for the token that says who it is.

What it is known by is in it: its device, if it has one, and the hashes of today and yesterday, which nobody could work out
again once the salts are gone. A user id is not believed here: everybody could name anybody.
"""

import re
import time
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.address import client_address
from accounts.throttle import count, is_throttled, name_of
from analytics.privacy.subject import make_token
from ingestion.enrich.sources import registrable_domain
from ingestion.sites import SiteConfig, known
from ingestion.steps.identity import hash64

A_MINUTE = 20
# The site key and the device id, or that there is none, without anything between them: the script has to be small.
ASKED = re.compile(r"(.{1,64}?)(?:undefined|([0-9a-fA-F-]{36}))?")


@csrf_exempt
@require_POST
def privacy_token(request: HttpRequest) -> HttpResponse:
    name = name_of(request, "privacy-token", "")
    if is_throttled(name, A_MINUTE):
        return answer("", 429)
    count(name, 60)
    asked = ASKED.fullmatch(request.body[:512].decode("utf-8", "replace"))
    site = known.find(asked[1], None, time.time()) if asked else None
    if asked is None or site is None:
        return answer("", 401)
    hostname = urlsplit(request.headers.get("Origin", "")).hostname or ""
    return answer(make_token(site.id, asked[2] or "", visitors_of(request, site, hostname)))


def visitors_of(request: HttpRequest, site: SiteConfig, hostname: str) -> set[int]:
    """As ingestion/steps/identity.py makes them, for the site's domain and the page's."""
    address, agent = client_address(request), request.headers.get("User-Agent", "")[:512]
    domains = {registrable_domain(name) for name in (site.domain, hostname) if name}
    salts = [salt for salt in known.current(time.time()).salts if salt]
    return {hash64(salt, site.id, domain, address, agent) for salt in salts for domain in domains}


def answer(token: str, status: int = 200) -> HttpResponse:
    """Nothing but the token, or nothing: the script that asks has to be small."""
    response = HttpResponse(token, content_type="text/plain", status=status)
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Cache-Control"] = "no-store"
    return response
