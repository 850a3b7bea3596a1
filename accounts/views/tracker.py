"""The tracker's two scripts: the core, and what a site's owner has switched on of the rest with their configuration."""

import gzip
import hashlib
import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.models import Site
from analytics.privacy import history

SCRIPTS = settings.BASE_DIR / "static" / "dist" / "js"
HOUR = "public, max-age=3600"
MINUTES = "public, max-age=300, stale-while-revalidate=86400"


@lru_cache(maxsize=8)
def read_script(path: Path, changed: int) -> str:
    return path.read_text()


def script_text(name: str) -> str:
    path = SCRIPTS / name
    try:
        return read_script(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return f'console.warn("Footfall: {name} is not built. Run make static.");'


@lru_cache(maxsize=1024)
def packed(text: str) -> tuple[bytes, bytes, str]:
    """Plain, gzipped, and the tag of both."""
    plain = text.encode()
    return plain, gzip.compress(plain, 9, mtime=0), f'W/"{hashlib.sha256(plain).hexdigest()[:20]}"'


def javascript(request: HttpRequest, text: str, cache: str) -> HttpResponse:
    plain, zipped, tag = packed(text)
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
        response = HttpResponse(zipped if takes_gzip else plain, content_type="text/javascript; charset=utf-8")
        if takes_gzip:
            response["Content-Encoding"] = "gzip"
    response["ETag"], response["Cache-Control"] = tag, cache
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


@require_safe
def core(request: HttpRequest) -> HttpResponse:
    return javascript(request, script_text("footfall.js"), HOUR)


def configuration(site: Site) -> dict[str, object]:
    """What the script has to know of a site; public, like the key."""
    wanted = site.collection
    log = {"consent_log": {"site": site.site_key, **history.numbers_of(site)}} if "consent" in wanted.modules else {}
    return {
        "honour_dnt": site.honour_dnt,
        "honour_gpc": site.honour_gpc,
        "consent": wanted.consent,
        "modules": wanted.modules,
        "search_params": wanted.search_params,
        "search_salt": wanted.search_salt,
        "bridges": wanted.bridges,
        "gap_minutes": site.session_gap_minutes,
        **log,
    }


@require_safe
def config(request: HttpRequest, site_key: str) -> HttpResponse:
    """`footfall("configure", …)`, then the modules that are on. No site of this key: a script that says so."""
    site = Site.objects.select_related("collection").filter(site_key=site_key).first()
    if site is None:
        response = javascript(request, 'console.warn("Footfall does not know this site key.");', "no-store")
        response.status_code = 404
        return response
    settings_of_site = configuration(site)
    # No "</": the text may end up in a page. json.dumps leaves nothing else that a script could trip over.
    parts = [f'footfall("configure",{json.dumps(settings_of_site, separators=(",", ":"))});'.replace("</", "<\\/")]
    modules = set(site.collection.modules)
    if "consent" in modules:  # before the others, which may tell it an answer
        parts.append(script_text("receipts.js"))
    if modules - {"vitals", "consent"}:
        parts.append(script_text("capture.js"))
    if "vitals" in modules:
        parts.append(script_text("vitals.js"))
    return javascript(request, "\n".join(parts), MINUTES)
