"""API keys of a team: made, rotated, revoked, and how much each is used."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from accounts.access import access_team
from accounts.actions import do_create_api_key, do_rotate_api_key
from accounts.audit import Action, do_record
from accounts.confirm import confirm_person
from accounts.forms import OVERLAPS, KeyForm
from accounts.key_use import do_keep
from accounts.models import ApiKey, Role, Team, User

NEW_KEY = "new_api_key"
ENDED_FOR = timedelta(days=7)  # how long a key that has ended stays in the list
DAYS = 30


def shown_keys(team: Team) -> QuerySet[ApiKey]:
    ended = team.api_keys.filter(expires_at__lt=now() - ENDED_FOR)
    kept = team.api_keys.exclude(pk__in=ended.values("pk"))
    return kept.select_related("user", "replaced_by").order_by("-created_at")


def key_of(team: Team, key_id: int) -> ApiKey:
    found = team.api_keys.select_related("user", "team", "replaced_by").filter(pk=key_id).first()
    if found is None:
        raise Http404("There is no such page.")
    return found


def told(key: ApiKey) -> dict[str, object]:
    return {"scopes": key.scopes, "until": key.expires_at, "maker": key.user.email}


@require_POST
@login_required
def new_key(request: HttpRequest, team_id: int) -> HttpResponse:
    found = access_team(request.user, team_id, Role.ADMIN)
    form = KeyForm(request.POST)
    assert isinstance(request.user, User)
    if form.is_valid():
        data = form.cleaned_data
        if "admin" in data["scopes"]:
            confirm_person(request)
        key = do_create_api_key(request.user, found, data["name"], tuple(data["scopes"]), int(data["days"] or 0))
        request.session[NEW_KEY] = key
        target = f"{data['name']} ({key[:10]}…)"
        do_record(
            request.user, Action.KEY_MADE, found, target=target, after={"scopes": data["scopes"]}, request=request
        )
    else:
        messages.error(request, "A key needs a name and at least one scope.")
    return redirect("team", team_id=team_id)


@require_POST
@login_required
def rotate_key(request: HttpRequest, team_id: int, key_id: int) -> HttpResponse:
    """Who rotates a key becomes its maker: nobody gets hold of more than their own rights by it."""
    key = key_of(access_team(request.user, team_id, Role.ADMIN), key_id)
    hours = request.POST.get("hours", "")
    if not key.is_open or key.replaced_by_id:
        messages.error(request, "This key has ended or was rotated already.")
        return redirect("team", team_id=team_id)
    if hours not in OVERLAPS:
        messages.error(request, "Nothing is changed: choose how long the old key goes on working.")
        return redirect("team", team_id=team_id)
    if "admin" in key.scopes:
        confirm_person(request)
    assert isinstance(request.user, User)
    before = told(key)
    request.session[NEW_KEY] = do_rotate_api_key(key, request.user, int(hours))
    key.refresh_from_db()
    do_record(request.user, Action.KEY_ROTATED, key.team, target=str(key), before=before, after={
        "old_until": key.expires_at, "new": str(key.replaced_by), "maker": request.user.email}, request=request)  # fmt: skip
    messages.success(request, f"A new key is made; the old one works {OVERLAPS[hours]}.")
    return redirect("team", team_id=team_id)


@require_POST
@login_required
def revoke_key(request: HttpRequest, team_id: int, key_id: int) -> HttpResponse:
    key = key_of(access_team(request.user, team_id, Role.ADMIN), key_id)
    key.delete()
    do_record(request.user, Action.KEY_REVOKED, key.team, target=str(key), before=told(key), request=request)
    messages.success(request, "The key no longer works.")
    return redirect("team", team_id=team_id)


@require_GET
@login_required
def key_use(request: HttpRequest, team_id: int, key_id: int) -> HttpResponse:
    team = access_team(request.user, team_id, Role.ADMIN)
    key = key_of(team, key_id)
    do_keep(key.pk)
    days = list(key.uses.filter(day__gt=now().date() - timedelta(days=DAYS)))
    most = max((use.requests for use in days), default=1)
    shown = [(use.day, use.requests, round(100 * use.requests / most, 1)) for use in days]
    context = {"team": team, "key": key, "days": shown, "total": sum(use.requests for use in days)}
    return render(request, "accounts/key_use.html", context)
