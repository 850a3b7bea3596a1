"""What is kept of an address: where the page is, never who asked for it."""

from typing import NamedTuple
from urllib.parse import SplitResult, unquote_plus, urlsplit

MAX_URL, MAX_PATH, MAX_REFERRER = 2048, 1024, 500
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
# Parameters that tell pages or campaigns apart. All others go, since they may hold names, searches and tokens.
ALLOWED = frozenset({*UTM, "utm_id", "ref", "source", "page", "tab", "lang", "sort", "category"})


class CleanUrl(NamedTuple):
    """Of an address without a host, or that cannot be read, all three are ""."""

    hostname: str  # lower case, without port; www stays
    path: str  # as sent, with the route of a hash router
    url: str


NO_URL = CleanUrl("", "", "")


def split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.replace("\x00", ""))
        return parts if parts.hostname else None
    except ValueError:
        return None


def parameters(query: str) -> list[tuple[str, str]]:
    """Names in lower case and decoded values; those with an @ (e-mail addresses) are left out."""
    found = []
    for pair in query.split("&")[:100]:
        name, _, value = pair.partition("=")
        text = unquote_plus(value).strip()
        if text and "@" not in text:
            found.append((name.lower(), text.replace("\x00", "")[:200]))
    return found


def allowed_query(query: str, allowed: frozenset[str] = ALLOWED) -> str:
    """The allowed parameters as they were sent, in their order."""
    kept = []
    for pair in query.split("&")[:100]:
        name, _, value = pair.partition("=")
        if name.lower() in allowed and value and "@" not in value and "%40" not in value:
            kept.append(pair)
    return "&".join(kept)


def host_of(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")[:253]
    return f"[{host}]" if ":" in host else host


def clean_url(url: str, allowed: frozenset[str] = ALLOWED) -> CleanUrl:
    parts = split(url)
    if parts is None:
        return NO_URL
    hostname = host_of(parts)
    route = f"#{parts.fragment.partition('?')[0]}" if parts.fragment[:1] in ("/", "!") else ""
    path = ((parts.path or "/") + route)[:MAX_PATH]
    query = allowed_query(parts.query, allowed) if parts.query else ""
    full = f"{parts.scheme}://{hostname}{port_of(parts)}{parts.path or '/'}{'?' + query if query else ''}{route}"
    return CleanUrl(hostname, path, full[:MAX_URL])


def port_of(parts: SplitResult) -> str:
    port = parts.netloc.rpartition("@")[2].rpartition("]")[2].rpartition(":")[2] if ":" in parts.netloc else ""
    return f":{port}" if port.isdecimal() else ""


def clean_referrer(referrer: str) -> str:
    """Scheme, host and path: no query, fragment or credentials; "" of what is no address."""
    parts = split(referrer)
    if parts is None:
        return ""
    if parts.scheme not in ("http", "https", "android-app", "ios-app"):
        return ""
    return f"{parts.scheme}://{host_of(parts)}{parts.path}"[:MAX_REFERRER]
