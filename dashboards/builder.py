"""A builder of links with UTM parameters, which knows the names that the site uses already."""

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from analytics.queries import query as core
from analytics.queries.store import StoreError
from dashboards.door import Closed, enter
from dashboards.state import State, get_state

PARTS = {
    "utm_source": ("Source", "newsletter, google", True),
    "utm_medium": ("Medium", "email, cpc", True),
    "utm_campaign": ("Campaign", "spring_sale", True),
    "utm_term": ("Term", "running shoes", False),
    "utm_content": ("Content", "header link", False),
}


def known(state: State, dimension: str) -> list[str]:
    """What the site has seen, the commonest first."""
    try:
        rows = core.get_rows(state.query(("visitors",), (dimension,), limit=100), state.now, "builder")
    except StoreError:
        return []
    return [row.dimensions[0] for row in rows if row.dimensions[0]]


def built(page: str, domain: str, parts: dict[str, str]) -> str:
    """The page's own parameters stay; former UTM ones give way."""
    page = page if "://" in page else f"https://{domain}/{page.lstrip('/')}"
    url = urlsplit(page)
    url = url._replace(path=quote(url.path, safe="/%:@!$&'()*+,;=~"))
    kept = [(key, value) for key, value in parse_qsl(url.query, keep_blank_values=True) if key not in PARTS]
    return urlunsplit(url._replace(query=urlencode([*kept, *((k, v) for k, v in parts.items() if v)])))


def odd(value: str, names: list[str]) -> str:
    """The name in use that differs in capitals, spaces or dashes only: two campaigns where one is meant."""

    def plain(text: str) -> str:
        return "".join(c for c in text.lower() if c.isalnum())

    return next((other for other in names if other != value and plain(other) == plain(value)), "")


@require_GET
def view(request: HttpRequest, site_id: int) -> HttpResponse:
    try:
        door = enter(request, site_id)
    except Closed as closed:
        return closed.answer
    if door.is_guest:  # it tells names that are in use, past the filters of the link
        raise Http404("There is no such page.")
    state = get_state(request, door)
    wide = State(state.site, period="365d", now=state.now)
    page = request.GET.get("url", "").strip()
    given = {name: request.GET.get(name, "").strip()[:300] for name in PARTS}
    names = {name: known(wide, name) for name in PARTS}
    fields: list[dict[str, Any]] = [
        {"name": name, "label": label, "hint": hint, "required": required, "value": given[name], "known": names[name],
         "odd": odd(given[name], names[name]) if given[name] else ""}
        for name, (label, hint, required) in PARTS.items()
    ]  # fmt: skip
    link = built(page, state.site.domain, given) if page and given["utm_source"] else ""
    return render(request, "dashboards/builder.html", {"site": state.site, "fields": fields, "url": page, "link": link})
