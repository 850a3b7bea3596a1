"""Reading the audit log of a team: what happened in it, and the sign-ins and account changes of its members."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.audit_actions import Action
from accounts.audit_models import AuditEntry
from accounts.csv_cells import rows_to_csv
from accounts.models import Site, Team

PIECE = 1000
HEADS = (
    "number", "at", "action", "actor", "actor_id", "key_id", "site_id", "site", "target", "address",
    "before", "after", "hash",
)  # fmt: skip
LABELS: dict[str, str] = {action.value: action.label for action in Action}


@dataclass(frozen=True, slots=True)
class Search:
    """Days are UTC, both included."""

    text: str = ""
    actor: str = ""
    action: str = ""
    first: date | None = None
    last: date | None = None


def entries_of(team: Team) -> QuerySet[AuditEntry]:
    """Newest first. Of former members, what they did until they left: by their address, which is what entries keep."""
    members = list(team.memberships.values_list("user_id", flat=True))
    left = AuditEntry.objects.filter(
        team_id=team.pk, site_id=None, action__in=(Action.MEMBER_REMOVED, Action.MEMBER_LEFT)
    )
    former = list(left.order_by().values_list("target", flat=True).distinct())
    before = Exists(left.filter(target=OuterRef("actor"), number__gt=OuterRef("number")))
    seen = Q(team_id=team.pk) | Q(team_id=None, actor_id__in=members)
    if former:
        seen |= Q(before, team_id=None, actor__in=former)
    return AuditEntry.objects.filter(seen).order_by("-number")


def find(team: Team, search: Search) -> QuerySet[AuditEntry]:
    found = entries_of(team)
    if search.action:
        found = found.filter(action=search.action)
    if search.actor:
        found = found.filter(actor__icontains=search.actor)
    if search.first:
        found = found.filter(at__gte=datetime.combine(search.first, datetime.min.time(), UTC))
    if search.last:
        found = found.filter(at__lt=datetime.combine(search.last, datetime.min.time(), UTC) + timedelta(days=1))
    for word in search.text.split()[:5]:
        fits = [name for name, label in LABELS.items() if word.lower() in label.lower()]
        sites = list(Site.objects.filter(team=team, domain__icontains=word).values_list("pk", flat=True))
        found = found.filter(
            Q(target__icontains=word) | Q(changes__icontains=word) | Q(address__icontains=word)
            | Q(actor__icontains=word) | Q(action__in=fits) | Q(site_id__in=sites)
        )  # fmt: skip
    return found


def changes_of(entry: AuditEntry) -> dict[str, Any]:
    try:
        found = json.loads(entry.changes) if entry.changes else {}
    except ValueError:  # too long, and cut
        return {"after": entry.changes}
    return found if isinstance(found, dict) else {}


def differences(entry: AuditEntry) -> list[tuple[str, str, str]]:
    """Name, before, after."""
    told = changes_of(entry)
    before, after = told.get("before"), told.get("after")
    if isinstance(after, str):
        return [("", "", after)]
    names = [*(before or {}), *(name for name in after or {} if name not in (before or {}))]
    return [(name, plain(before, name), plain(after, name)) for name in names]


def plain(values: dict[str, Any] | None, name: str) -> str:
    value = (values or {}).get(name)
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def told(entry: AuditEntry, domains: dict[int, str]) -> dict[str, Any]:
    found = changes_of(entry)
    return {
        "number": entry.number, "at": entry.at.astimezone(UTC), "action": entry.action, "actor": entry.actor,
        "actor_id": entry.actor_id, "key_id": entry.key_id, "site_id": entry.site_id,
        "site": domains.get(entry.site_id or 0), "target": entry.target, "address": entry.address,
        "before": found.get("before"), "after": found.get("after"), "hash": entry.hash,
    }  # fmt: skip


def domains_of(team: Team) -> dict[int, str]:
    return dict(Site.objects.filter(team=team).values_list("pk", "domain"))


def as_csv(team: Team, search: Search) -> Iterator[str]:
    domains = domains_of(team)
    yield rows_to_csv([HEADS])
    for entry in find(team, search).iterator(chunk_size=PIECE):
        yield rows_to_csv([[cell(value) for value in told(entry, domains).values()]])


def cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
