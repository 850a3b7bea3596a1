"""The audit log of a team: searched, paged, and as a file."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import access_team
from accounts.audit import Action, do_record
from accounts.audit_actions import Action as Actions
from accounts.audit_search import LABELS, Search, as_csv, differences, domains_of, find
from accounts.models import Role

PAGE = 50


def day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def search_of(request: HttpRequest) -> Search:
    given = request.GET
    action = given.get("action", "")
    return Search(
        given.get("q", "").strip()[:100], given.get("actor", "").strip()[:100],
        action if action in LABELS else "", day_of(given.get("from", "")), day_of(given.get("to", "")),
    )  # fmt: skip


def pairs_of(search: Search) -> list[tuple[str, str]]:
    first, last = (day.isoformat() if day else "" for day in (search.first, search.last))
    named = (("q", search.text), ("actor", search.actor), ("action", search.action), ("from", first), ("to", last))
    return [(name, value) for name, value in named if value]


@require_GET
@login_required
def audit(request: HttpRequest, team_id: int) -> HttpResponse:
    team = access_team(request.user, team_id, Role.ADMIN)
    search, before = search_of(request), request.GET.get("before", "")
    found = find(team, search)
    if before.isdecimal() and len(before) < 19:
        found = found.filter(number__lt=int(before))
    entries = list(found[: PAGE + 1])
    domains, pairs = domains_of(team), pairs_of(search)
    rows = [
        (one, LABELS.get(one.action, one.action), domains.get(one.site_id or 0, ""), differences(one))
        for one in entries[:PAGE]
    ]
    context: dict[str, Any] = {
        "team": team, "rows": rows, "search": search, "actions": Actions.choices, "is_searched": bool(pairs),
        "is_first": not before, "csv": urlencode(pairs), "first": urlencode(pairs),
        "older": urlencode([*pairs, ("before", entries[PAGE - 1].number)]) if len(entries) > PAGE else "",
    }  # fmt: skip
    return render(request, "accounts/audit.html", context)


@require_GET
@login_required
def audit_csv(request: HttpRequest, team_id: int) -> StreamingHttpResponse:
    team = access_team(request.user, team_id, Role.ADMIN)
    search = search_of(request)
    do_record(request.user, Action.AUDIT_EXPORTED, team, target=urlencode(pairs_of(search)), request=request)
    name = f"audit-{team.pk}-{date.today().isoformat()}.csv"  # noqa: DTZ011  the file's name
    return StreamingHttpResponse(
        as_csv(team, search),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
