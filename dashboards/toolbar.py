"""What stands above every dashboard: filters, segments, period, comparison, saved views."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.urls import reverse

from accounts.models import Role, User
from analytics.queries import calendar
from analytics.queries.dimensions import DIMENSIONS
from analytics.saved.models import View
from dashboards.door import Door
from dashboards.state import WORDS, State, write_clause

OPERATORS = ("is", "is_not", "contains", "does_not_contain", "matches", "regex", "set", "not_set")


def periods(state: State) -> list[tuple[str, str, bool]]:
    return [
        (title, state.address(period=name, first="", last="", interval=""), state.period == name)
        for name, title in calendar.NAMED.items()
    ]


def comparisons(state: State) -> list[tuple[str, str, bool]]:
    plain = {"earlier_first": "", "earlier_last": ""}
    made = [
        (title, state.address(compare=name, **plain), state.compare == name)
        for name, title in calendar.COMPARISONS.items()
    ]
    if state.compare in ("previous_period", "year_over_year"):
        aligned = state.align == "weekday"
        made.append(("Same weekdays", state.address(align="" if aligned else "weekday"), aligned))
    return made


def segments(state: State) -> list[tuple[str, str, bool]]:
    """Each of the site's, the address with it chosen or no longer, and whether it is."""
    made, chosen = [], {str(one.pk) for one in state.segments}
    for one in state.site.segments.all():
        pair = ("segment", str(one.pk))
        rest = tuple(other for other in state.extra if other != pair)
        made.append(
            (one.name, state.address(extra=rest if pair in state.extra else (*rest, pair)), str(one.pk) in chosen)
        )
    return made


def views(state: State, user: User) -> list[tuple[View, str]]:
    found = View.objects.filter(Q(shared=True) | Q(user=user), site=state.site)
    return [(one, f"{reverse(one.page, args=[state.site.pk])}?{one.query}") for one in found]


def toolbar(door: Door, state: State, page: str, user: User | AnonymousUser) -> dict[str, Any]:
    return {
        "state": state,
        "site": state.site,
        "door": door,
        "page": page,
        "may_save": door.may(Role.ANALYST),
        "may_share": door.may(Role.ADMIN),
        "periods": periods(state),
        "comparisons": comparisons(state),
        "segments": [] if door.is_guest else segments(state),
        "views": views(state, user) if isinstance(user, User) and not door.is_guest else [],
        "query": state.address()[1:],
        "cleared": state.address(clauses=(), extra=tuple(pair for pair in state.extra if pair[0] != "segment")),
        "kept": [pair for pair in state.pairs("period", "from", "to", "interval") if pair[0] != "f"],
        "kept_dates": [
            pair for pair in state.pairs("compare", "compare_from", "compare_to", "align") if pair[0] != "f"
        ],
        "clause_texts": [write_clause(clause) for clause in state.clauses],
        "fields": state.pairs(),
        "dimensions": sorted((d.label, name) for name, d in DIMENSIONS.items()),
        "operators": [(name, WORDS[name]) for name in OPERATORS],
    }
