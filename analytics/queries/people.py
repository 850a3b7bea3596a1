"""What the analyses of people share: whose events, and what counts as a step, a start, a conversion."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from analytics.queries.calendar import Period
from analytics.queries.conditions import Bound, event_place, to_sql
from analytics.queries.currency import money_of
from analytics.queries.dimensions import BadQuery
from analytics.queries.filters import Filter, Leaf, asks_people, check_filters, seconds_of
from analytics.queries.kinds import kinds_of, table_of
from analytics.queries.orders import repeated_of
from analytics.queries.plan import fits_visits, join_users
from analytics.queries.store import fill, get_state, moment

KNOWN = "e.user_id != '' OR e.device_id != 0"


@dataclass(frozen=True, slots=True)
class Selector:
    """Which events are meant: of a type, views of a page (`*` within a part of its path, `**` anything), or any."""

    event: str = ""
    page: str = ""
    filters: tuple[Filter, ...] = ()
    name: str = ""

    @property
    def label(self) -> str:
        return self.name or (f"Viewed {self.page}" if self.page else self.event or "Any event")


ANY = Selector()
EVER = datetime(1970, 1, 2, tzinfo=UTC)  # the whole history


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose events an analysis reads: those of a site that fit the filters; it may read from before the period (`since`) and
    on beyond it (`until`)."""

    site_id: int
    period: Period
    filters: tuple[Filter, ...] = ()
    until: datetime | None = None
    since: datetime | None = None

    @property
    def start(self) -> datetime:
        return self.since or self.period.start

    @property
    def end(self) -> datetime:
        return self.until or self.period.end


def check_selector(raw: Any, field: str) -> Selector:
    """ "purchase", or {"event" or "page", "filters", "name"}; {} is any event. Raises BadQuery."""
    if isinstance(raw, str):
        raw = {"event": raw}
    if not isinstance(raw, dict) or (unknown := set(raw) - {"event", "page", "filters", "name"}):
        got = f"unknown {', '.join(sorted(map(str, unknown)))}" if isinstance(raw, dict) else str(raw)[:80]
        raise BadQuery(field, f'expected an event as in {{"event": "purchase"}} or {{"page": "/pricing*"}}, got {got}')
    texts = {name: raw.get(name) or "" for name in ("event", "page", "name")}
    for name, text in texts.items():
        if not isinstance(text, str) or len(text) > 2000:
            raise BadQuery(f"{field}.{name}", f"expected a text, got {str(text)[:80]!r}")
    if texts["event"] and texts["page"]:
        raise BadQuery(field, "expected an event or a page, got both")
    return Selector(**texts, filters=check_filters(raw.get("filters") or []))


def filters_of(selector: Selector) -> tuple[Filter, ...]:
    """The selector as filters, which together mean the same."""
    found: list[Filter] = []
    if selector.page:
        found += [Leaf("is", "event_type", ("page_view",)), Leaf("matches", "path", (selector.page,))]
    if selector.event:
        found.append(Leaf("is", "event_type", (selector.event,)))
    return (*found, *selector.filters)


def condition(selector: Selector, bound: Bound) -> str:
    """Over a row of events."""
    wanted = filters_of(selector)
    return f"({to_sql(wanted, bound, event_place)})" if wanted else "true"


def kinds_of_all(selectors: Sequence[Selector]) -> frozenset[str]:
    """The event types that the selectors can mean; empty: any."""
    kinds = [kinds_of(filters_of(one)) for one in selectors]
    return frozenset().union(*kinds) if all(kinds) else frozenset()


def types_of(selectors: Sequence[Selector], bound: Bound) -> str:
    """A quick look before `condition`: the event types that the selectors can mean."""
    kinds = kinds_of_all(selectors)
    return f"event_type IN {bound.add(sorted(kinds), 'Array(String)')}" if kinds else "true"


def is_identified(site_id: int, start: datetime, end: datetime) -> bool:
    return bool(get_state(site_id, start, end)[0])


def events_of(
    scope: Scope, bound: Bound, wanted: str = "true", kinds: frozenset[str] = frozenset(), once: bool = False,
    joined: bool = True,
) -> str:  # fmt: skip
    """A subquery: the events of the scope with `person` and `is_known` (user or device, not the hash of a day). `kinds`: only
    these event types; where all of them are rare, the rare ones are read. `once`: without orders that are sent again. Not
    `joined`: `person` is who the event says; by_session asks for the users later, of sessions instead of events."""
    if kinds:
        wanted = f"event_type IN {bound.add(sorted(kinds), 'Array(String)')} AND ({wanted})"
    identified, start = joined and is_identified(scope.site_id, scope.start, scope.end), start_of(scope)
    known = "(e.user_id = '' AND u.known_as != 0)"
    return fill(
        "people_events", table=table_of(kinds), filter=to_sql(scope.filters, bound, event_place), wanted=wanted,
        person=f"if({known}, u.known_as, e.person_id)" if identified else "e.person_id",
        is_known=f"({KNOWN} OR {known})" if identified else f"({KNOWN})",
        join_users=join_users(start) if identified else "", start=start, money=money_of(scope.site_id, bound),
        repeated=repeated_of(scope.site_id, moment(scope.end), bound) if once else "false",
    )  # fmt: skip


def by_session(scope: Scope, grouped: str, is_user: str = "false") -> str:
    """`grouped`: a SELECT with session_id and `person`, of events that are not joined. The same with the session's user where
    one is known. `is_user`: where the person is a user already."""
    if asks_people(scope.filters) or not is_identified(scope.site_id, scope.start, scope.end):
        return grouped
    return (
        f"SELECT e.* REPLACE (if(NOT {is_user} AND u.known_as != 0, u.known_as, e.person) AS person) FROM ({grouped}) AS e"
        f" {join_users(start_of(scope))}"
    )


def presence_of(scope: Scope, bound: Bound, wanted: str = "true") -> str:
    """The same for analyses that only ask who was there: from the rollup where it can tell, its quarters as moments."""
    if not fits_visits(scope.filters):
        return events_of(scope, bound, wanted)
    identified, start = is_identified(scope.site_id, scope.start, scope.end), start_of(scope)
    known = "(NOT e.is_user AND u.known_as != 0)"
    return fill(
        "people_visits", filter=to_sql(scope.filters, bound, event_place), wanted=wanted, start=start,
        person=f"if({known}, u.known_as, e.person_id)" if identified else "e.person_id",
        known=f"(e.is_known OR {known})" if identified else "e.is_known",
        join_users=join_users(start) if identified else "",
    )  # fmt: skip


def start_of(scope: Scope) -> str:
    """The parameter from which on the scope is read: a statement may hold others that begin with the period."""
    return "read_from" if scope.since else "start"


def params_of(scope: Scope, bound: Bound) -> dict[str, Any]:
    period = {"period_start": moment(scope.period.start), "period_end": moment(scope.period.end)}
    span = {"start": moment(scope.period.start), "read_from": moment(scope.start), "end": moment(scope.end)}
    return {"site": scope.site_id, **span, **period, **bound.values}


def check_window(text: str, field: str = "window") -> int:
    return seconds_of(text, field, most=366 * 86_400)


def reaching(scope: Scope, seconds: int) -> Scope:
    return replace(scope, until=scope.period.end + timedelta(seconds=seconds))


def number(value: float | None) -> float | None:
    """Rounded to thousandths; ClickHouse says NaN of nothing."""
    return None if value is None or value != value else round(float(value), 3)
