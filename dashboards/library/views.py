"""Small doings of the toolbar and of the library's pages."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts import throttle
from accounts.access import access_site, get_site_role
from accounts.audit import Action, do_record, record_change
from accounts.models import Role, User
from analytics.queries.dimensions import BadQuery
from analytics.queries.engagement import PARTS
from analytics.saved.history import target_of, told_of
from analytics.saved.links import find_link
from analytics.saved.mails import do_unsubscribe, get_subscription
from analytics.saved.models import DEFAULT_ENGAGEMENT, Segment, View
from analytics.saved.preferences import get_preferences
from analytics.saved.resolve import filters_of_site
from dashboards.door import SHARE, Door
from dashboards.filtering import PAGES
from dashboards.library.forms import EngagementForm
from dashboards.state import get_state

MOST_GUESSES = 20  # of a link's password in ten minutes and from one address
MOST_GUESSES_OF_ALL = 200  # from wherever: so many would say that somebody has a list of addresses


@require_POST
@login_required
def save_view(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id)
    page, name = request.POST.get("page", ""), request.POST.get("name", "").strip()[:120]
    query = request.POST.get("query", "")[:4000]
    if page not in PAGES or not name:
        messages.error(request, "The view was not saved: give it a name.")
        return redirect("executive", site_id=site.pk)
    shared = bool(request.POST.get("shared"))
    if shared:
        access_site(request.user, site_id, Role.ANALYST)
    assert isinstance(request.user, User)
    made, _ = View.objects.update_or_create(
        site=site, user=request.user, name=name, defaults={"page": page, "query": query, "shared": shared}
    )
    if shared:
        do_record(request.user, Action.SAVED_MADE, None, site, target=target_of("view", made), request=request)
    messages.success(request, f"{name} is saved; it stands under Views.")
    return redirect(f"{reverse(page, args=[site.pk])}?{query}")


@require_POST
@login_required
def delete_view(request: HttpRequest, site_id: int, pk: int) -> HttpResponse:
    site = access_site(request.user, site_id)
    found = View.objects.filter(site=site, user_id=request.user.pk or 0, pk=pk).first()
    if found is None:
        raise Http404("There is no such page.")
    found.delete()
    messages.success(request, f"{found.name} is deleted.")
    return redirect(found.page if found.page in PAGES else "executive", site_id=site.pk)


@require_POST
@login_required
def save_segment(request: HttpRequest, site_id: int) -> HttpResponse:
    """The filters of the page as a segment, which then takes their place."""
    site = access_site(request.user, site_id, Role.ANALYST)
    name, back = request.POST.get("name", "").strip()[:120], request.POST.get("back", "")
    back = back if back in PAGES else "executive"
    state = get_state(given(request), Door(site, None, get_site_role(request.user, site)))
    if not name or not state.clauses:
        messages.error(request, "The segment was not saved: it takes a name and at least one filter.")
        return redirect(reverse(back, args=[site.pk]) + state.address())
    if site.segments.filter(name=name).exists():
        messages.error(request, f"There is a segment named {name} already.")
        return redirect(reverse(back, args=[site.pk]) + state.address())
    try:
        filters_of_site(site, state.raw_filters)
    except BadQuery as error:
        messages.error(request, f"The segment was not saved: {error}")
        return redirect(reverse(back, args=[site.pk]))
    made = Segment.objects.create(site=site, name=name, filters=state.raw_filters)
    target = target_of("segment", made)
    do_record(request.user, Action.SAVED_MADE, None, site, target=target, after=told_of(made), request=request)
    rest = tuple(pair for pair in state.extra if pair[0] != "segment")
    messages.success(request, f"{name} is saved; it stands under Segments.")
    return redirect(reverse(back, args=[site.pk]) + state.address(clauses=(), extra=(*rest, ("segment", str(made.pk)))))


def given(request: HttpRequest) -> HttpRequest:
    """The state stands in the form here, not in the address."""
    request.GET = request.POST.copy()  # type: ignore[assignment]
    return request


def engagement_settings(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ANALYST)
    kept = get_preferences(site)
    chosen = DEFAULT_ENGAGEMENT | kept.engagement
    initial: dict[str, Any] = {name: "\n".join(chosen[name]) for name in ("core", "feature_events")}
    initial["cleaning"] = "\n".join(f"{pattern} = {to}" for pattern, to in kept.cleaning)
    for part in PARTS:
        initial[f"{part}_weight"], initial[f"{part}_cap"] = chosen[part]
    form = EngagementForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data, before = form.cleaned_data, {"engagement": kept.engagement, "cleaning": kept.cleaning}
        kept.engagement = {part: [data[f"{part}_weight"], data[f"{part}_cap"]] for part in PARTS} | {
            name: [*dict.fromkeys(line.strip() for line in data[name].splitlines() if line.strip())]
            for name in ("core", "feature_events")
        }
        kept.cleaning = data["cleaning"]
        kept.save()
        after = {"engagement": kept.engagement, "cleaning": kept.cleaning}
        record_change(request.user, Action.SETTINGS_CHANGED, site, before, after, target="formulas", request=request)
        messages.success(request, "Saved.")
        return redirect("engagement-settings", site_id=site.pk)
    pairs = [(form[f"{part}_weight"], form[f"{part}_cap"]) for part in PARTS]
    return render(
        request, "dashboards/library/engagement.html", {"site": site, "form": form, "pairs": pairs, "tab": "formulas"}
    )


engagement_settings = require_http_methods(["GET", "HEAD", "POST"])(login_required(engagement_settings))


@require_http_methods(["GET", "HEAD", "POST"])
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The way in by a link: past its password to the dashboard."""
    link = find_link(token)
    if link is None:
        raise Http404("There is no such page.")
    if link.password:
        if request.method != "POST":
            return render(request, "dashboards/library/shared.html", {"link": link})
        name = throttle.name_of(request, "shared-link", str(link.pk))
        by_all = throttle.hashed("shared-link", str(link.pk))
        allowed = [throttle.take(name, MOST_GUESSES, 600), throttle.take(by_all, MOST_GUESSES_OF_ALL, 600)]
        if not all(allowed):
            return render(request, "dashboards/library/shared.html", {"link": link, "closed": True}, status=429)
        if not link.check_password(request.POST.get("password", "")):
            return render(request, "dashboards/library/shared.html", {"link": link, "wrong": True}, status=403)
    do_record(None, Action.LINK_OPENED, None, link.site, target=target_of("link", link), request=request)
    more = urlencode([(SHARE, link.token), *([("embed", "1")] if "embed" in request.GET else [])])
    answer = redirect(f"{reverse(link.page, args=[link.site_id])}?{link.query}{'&' if link.query else ''}{more}")
    if link.password:
        answer.set_cookie(
            link.cookie, link.grant(), max_age=link.GRANTED_FOR, path=f"/sites/{link.site_id}/",
            secure=request.is_secure(), httponly=True, samesite="Lax",
        )  # fmt: skip
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_exempt  # one click in a mail program (RFC 8058) sends no cookie; the signed token says who it is
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    found = get_subscription(token)
    if found is None:
        raise Http404("There is no such page.")
    report, address = found
    done = request.method == "POST"
    if done:
        do_unsubscribe(report, address)
    return render(
        request,
        "dashboards/library/unsubscribe.html",
        {"site": report.site, "kind": report.get_kind_display(), "done": done, "now": timezone.now()},
    )
