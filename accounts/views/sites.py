"""Sites: the list, adding, installing, settings, transfer, deletion."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import factors
from accounts.access import access_site, access_team, get_site_role, visible_sites
from accounts.actions import (
    do_create_site,
    do_delete_site,
    do_renew_ingest_secret,
    do_revoke_old_secret,
    do_transfer_site,
    send_task,
)
from accounts.audit import Action, do_record, record_change
from accounts.confirm import confirm_person
from accounts.forms import OVERLAPS, SiteForm, SiteSettingsForm
from accounts.mail import absolute
from accounts.models import Membership, Role, Site, Team, User

DEMO_DOMAIN = "demo.example"
SECRET = "new_ingest_secret"  # noqa: S105  a session key, not a secret


def admin_teams(user: Any) -> list[Team]:
    wanted = [Role.ADMIN, Role.OWNER]
    found = Membership.objects.filter(user=user, role__in=wanted).select_related("team").order_by("pk")
    return [membership.team for membership in found]


@require_GET
@login_required
def sites(request: HttpRequest) -> HttpResponse:
    found = list(visible_sites(request.user))
    several = len({site.team_id for site in found}) > 1
    teams = set(Membership.objects.filter(user=request.user.pk or 0).values_list("team_id", flat=True))
    context = {
        "sites": found, "several_teams": several, "may_add": bool(admin_teams(request.user)),
        "may_leave": [site.pk for site in found if site.team_id not in teams],
        "closed_teams": closed_teams(request.user),
    }  # fmt: skip
    return render(request, "accounts/sites.html", context)


def closed_teams(user: Any) -> list[Team]:
    """Those that wait for the person's second factor."""
    return factors.teams_that_require(user) if factors.lacks_factor(user) else []


def number_of(named: str) -> int:
    """Of a team; 0, which none has, where it cannot be one."""
    return int(named) if named.isdecimal() and len(named) < 19 else 0


def chosen_team(request: HttpRequest) -> Team:
    """The team named in the form, else the first in which the person may add sites."""
    named = request.POST.get("team") or request.GET.get("team") or ""
    if named.isdecimal():
        return access_team(request.user, number_of(named), Role.ADMIN)
    teams = admin_teams(request.user)
    assert isinstance(request.user, User)
    first = teams[0].pk if teams else request.user.memberships.values_list("team_id", flat=True).first()
    return access_team(request.user, first or 0, Role.ADMIN)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_site(request: HttpRequest) -> HttpResponse:
    team = chosen_team(request)
    form = SiteForm(request.POST or None, team_id=team.pk, initial={"timezone": "UTC", "currency": "EUR"})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        new = do_create_site(team, data["domain"], data["timezone"], data["currency"])
        request.session[SECRET] = {str(new.site.pk): new.ingest_secret}
        do_record(request.user, Action.SITE_MADE, team, new.site, target=new.site.domain, request=request)
        return redirect("installation", site_id=new.site.pk)
    context = {"form": form, "team": team, "teams": admin_teams(request.user), "zones_by_browser": not form.is_bound}
    return render(request, "accounts/new_site.html", context)


@require_POST
@login_required
def demo_site(request: HttpRequest) -> HttpResponse:
    team = chosen_team(request)
    site = Site.objects.filter(team=team, domain=DEMO_DOMAIN).first()
    if site is None:
        site = do_create_site(team, DEMO_DOMAIN).site
        do_record(request.user, Action.SITE_MADE, team, site, target=DEMO_DOMAIN, request=request)
    try:
        send_task("ingestion.seed_demo", site_id=site.pk)
    except OSError as error:
        messages.error(request, f"The demo data cannot be made now: {error} Is the worker running?")
        return redirect("sites")
    messages.success(request, "Half a minute, and the demo is full: reload to see it grow.")
    return redirect("executive", site_id=site.pk)


def snippet_of(request: HttpRequest, site: Site) -> str:
    return f'<script defer src="{absolute(request, "/js/footfall.js")}" data-site="{site.site_key}"></script>'


@require_GET
@login_required
def installation(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id)
    secret = request.session.get(SECRET, {}).get(str(site_id)) if access_is(request, site, Role.ADMIN) else None
    request.session.pop(SECRET, None)
    return render(
        request, "accounts/installation.html", {"site": site, "snippet": snippet_of(request, site), "secret": secret}
    )


def access_is(request: HttpRequest, site: Site, role: Role) -> bool:
    held = get_site_role(request.user, site)
    return held is not None and held.rank >= role.rank


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def settings(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    fields = ("domain", "timezone", "currency", "session_gap_minutes")
    form = SiteSettingsForm(
        request.POST or None, team_id=site.team_id, site=site, initial={name: getattr(site, name) for name in fields}
    )
    if request.method == "POST" and form.is_valid():
        before = {name: getattr(site, name) for name in fields}
        for name in fields:
            setattr(site, name, form.cleaned_data[name])
        site.save(update_fields=fields)
        after = {name: getattr(site, name) for name in fields}
        record_change(request.user, Action.SETTINGS_CHANGED, site, before, after, target="general", request=request)
        messages.success(request, "Saved. New events follow it within seconds.")
        return redirect("settings", site_id=site.pk)
    context = {
        "form": form, "site": site, "tab": "general", "snippet": snippet_of(request, site),
        "secret": request.session.pop(SECRET, {}).get(str(site_id)),
        "is_owner": access_is(request, site, Role.OWNER),
        "overlaps": OVERLAPS.items(), "old_secret": site.old_secret_until and site.old_secret_until > now(),
        "secret_uses": site.secret_uses.all()[:7],
        "teams": [team for team in admin_teams(request.user) if team.pk != site.team_id],
    }  # fmt: skip
    return render(request, "accounts/settings.html", context)


@require_POST
@login_required
def renew_secret(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    hours = request.POST.get("hours", "0")
    if hours not in OVERLAPS:
        messages.error(request, "Nothing is changed: choose how long the old secret goes on working.")
        return redirect("settings", site_id=site.pk)
    confirm_person(request)
    request.session[SECRET] = {str(site.pk): do_renew_ingest_secret(site, int(hours))}
    do_record(request.user, Action.SECRET_RENEWED, None, site, target=site.domain,
              after={"old_until": site.old_secret_until}, request=request)  # fmt: skip
    ends = "stops working within seconds" if hours == "0" else f"works {OVERLAPS[hours]}"
    messages.success(request, f"A new secret is made; the old one {ends}.")
    return redirect("settings", site_id=site.pk)


@require_POST
@login_required
def revoke_secret(request: HttpRequest, site_id: int) -> HttpResponse:
    """The old one that still works beside the new one."""
    site = access_site(request.user, site_id, Role.ADMIN)
    do_revoke_old_secret(site)
    do_record(request.user, Action.SECRET_REVOKED, None, site, target=site.domain, request=request)
    messages.success(request, "The old secret stops working within seconds.")
    return redirect("settings", site_id=site.pk)


@require_POST
@login_required
def transfer(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.OWNER)
    named = request.POST.get("team", "")
    team = access_team(request.user, number_of(named), Role.ADMIN)
    if team.sites.filter(domain=site.domain).exists():
        messages.error(request, f"{team} has a site {site.domain} already.")
        return redirect("settings", site_id=site.pk)
    confirm_person(request)
    before = site.team
    do_transfer_site(site, team)
    for one in (before, team):  # in the log of both
        do_record(request.user, Action.SITE_TRANSFERRED, one, site, target=site.domain, before={"team": before.pk},
                  after={"team": team.pk}, request=request)  # fmt: skip
    messages.success(request, f"{site.domain} belongs to {team} now.")
    return redirect("settings", site_id=site.pk)


@require_POST
@login_required
def delete(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.OWNER)
    if request.POST.get("domain", "").strip().lower() != site.domain:
        messages.error(request, f"Nothing is deleted: type {site.domain} to confirm.")
        return redirect("settings", site_id=site.pk)
    confirm_person(request)
    try:
        do_delete_site(site)
    except OSError as error:
        messages.error(request, f"Nothing is deleted: {error}")
        return redirect("settings", site_id=site_id)
    do_record(request.user, Action.SITE_DELETED, site.team, target=f"{site.domain} ({site_id})", request=request)
    messages.success(request, f"{site.domain} and its events are deleted.")
    return redirect("sites")
