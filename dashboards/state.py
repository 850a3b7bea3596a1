"""What a dashboard shows, as its address says it: period, comparison, interval and filters. Any state is a plain URL."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import zip_longest
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, QueryDict

from accounts.models import Site
from analytics.queries import calendar
from analytics.queries.calendar import BadPeriod, Period
from analytics.queries.dimensions import DIMENSIONS, BadQuery
from analytics.queries.filters import Filter
from analytics.queries.query import Query
from analytics.queries.span import get_first_event, get_oldest_day
from analytics.queries.store import StoreError
from analytics.saved.models import Segment
from analytics.saved.resolve import filters_of_site
from dashboards.door import SHARE, Door, fixed_filters, fixed_segments
from dashboards.names import display

MOST_ROWS = 10_000  # of a file
WORDS = {
    "is": "is", "is_not": "is not", "contains": "contains", "does_not_contain": "does not contain",
    "matches": "matches", "does_not_match": "does not match", "set": "is set", "not_set": "is not set",
    "regex": "fits", "greater": "over", "less": "under", "did": "did", "did_not": "did not do",
}  # fmt: skip
# What single panels are asked for in the address, beside the period and the filters.
EXTRA = (
    "step",
    "order",
    "window",
    "start",
    "end",
    "goal",
    "by",
    "series",
    "measure",
    "of",
    "formula",
    "breakdown",
    "event",
    "experiment",
    "kind",
    "per",
    "stats",
    "model",
    "vital",
    "cohort",
    "ltv",
    "segment",
    "word",
    "without",
    "open",
    "began",
    "again",
    "every",
    "count",
    "cell",
    SHARE,
)
MOST_SEGMENTS = 5
NAMES = {"first": "from", "last": "to", "earlier_first": "compare_from", "earlier_last": "compare_to"}  # in the address
Clause = tuple[str, str, tuple[str, ...]]  # operator, dimension, values


@dataclass(frozen=True)
class Chip:
    label: str
    word: str
    value: str
    without: str


def parse_clause(text: str) -> Clause | None:
    """`is,country,DE|US`: operator, dimension, values; a | within a value is written \\|.

    `did,purchase,2|30d`: who did that event (or viewed that page) at least so often, in the period or within so long."""
    operator, _, rest = text.partition(",")
    dimension, _, values = rest.partition(",")
    dimension = unquote(dimension)
    parts = values.replace("\\|", "\0").split("|")
    clause = (operator, dimension, tuple(part.replace("\0", "|") for part in parts))
    return clause if operator in WORDS and dimension else None


def write_clause(clause: Clause) -> str:
    operator, dimension, values = clause
    return f"{operator},{quote(dimension, safe=':/*._-')},{'|'.join(v.replace('|', chr(92) + '|') for v in values)}"


def raw_of(clause: Clause) -> list[Any]:
    """The clause as the API writes it. Raises BadQuery."""
    operator, dimension, values = clause
    if operator in ("set", "not_set"):
        return [operator, dimension]
    if operator in ("did", "did_not"):
        times = values[0] if values and values[0] else "1"
        if not times.isdecimal() or len(times) > 9:
            raise BadQuery("filters", f"expected a number of times, got {times[:40]!r}")
        asked: dict[str, Any] = {"page" if dimension.startswith("/") else "event": dimension, "times": int(times)}
        return [operator, asked | ({"within": values[1]} if len(values) > 1 and values[1] else {})]
    return [operator, dimension, list(values)]


def told_did(values: tuple[str, ...]) -> str:
    """As in "twice within 30d" after the name of the event."""
    times, within = (*values, "", "")[:2]
    often = "" if times in ("", "1") else f" {times} times"
    return often + (f" within {within}" if within else "")


@dataclass(frozen=True)
class State:
    site: Site
    period: str = "28d"
    first: str = ""
    last: str = ""
    compare: str = "previous_period"
    earlier_first: str = ""  # of a comparison with dates of one's own
    earlier_last: str = ""
    align: str = ""  # "weekday": Mondays are compared with Mondays
    interval: str = ""
    metric: str = "visitors"
    clauses: tuple[Clause, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()  # what one panel was asked: the steps of a funnel, the page of a path
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    fixed: tuple[Clause, ...] = ()  # of a shared link: a guest cannot take them away
    is_guest: bool = False
    sees_names: bool = False  # of single people
    sees_people: bool = False
    problems: tuple[str, ...] = ()  # what of the address could not be read and was left out
    whole: bool = False  # for a file: the whole of what a panel shows the top of

    def most(self, shown: int) -> int:
        """How many rows of a list are wanted."""
        return MOST_ROWS if self.whole else shown

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.site.timezone)

    @cached_property
    def dates(self) -> Period:
        if self.period == "custom":
            return calendar.get_period([self.first, self.last], self.zone, self.now)
        oldest = get_oldest_day(self.site.pk, self.zone) if self.period == "all" else None
        return calendar.get_period(self.period, self.zone, self.now, oldest)

    @cached_property
    def compared(self) -> Period | None:
        return calendar.compare_to(self.dates, self.compare_text, self.align == "weekday")

    @property
    def compare_text(self) -> str | list[str]:
        """As the API writes it."""
        return [self.earlier_first, self.earlier_last] if self.compare == "custom" else self.compare

    @property
    def compare_request(self) -> dict[str, Any]:
        return {"compare": self.compare_text} | ({"match_weekday": True} if self.align == "weekday" else {})

    @property
    def raw_filters(self) -> list[Any]:
        """As the API writes them; a single segment is a filter, several are compared (compared_segments)."""
        chosen: list[Any] = [["segment", segment.pk] for segment in self.segments]
        if len(chosen) > 1:  # a guest sees none but them all the same
            chosen = [["or", chosen]] if self.is_guest else []
        return [*map(raw_of, self.fixed), *map(raw_of, self.clauses), *chosen]

    @cached_property
    def filters(self) -> tuple[Filter, ...]:
        return filters_of_site(self.site, self.raw_filters)

    @cached_property
    def segments(self) -> list[Segment]:
        wanted = [text for text in self.values("segment") if text.isdecimal() and len(text) < 19][:MOST_SEGMENTS]
        found = {str(one.pk): one for one in Segment.objects.filter(site=self.site, pk__in=wanted)} if wanted else {}
        return [found[text] for text in dict.fromkeys(wanted) if text in found]

    @property
    def range_text(self) -> str | list[str]:
        return [str(self.dates.first), str(self.dates.last)] if self.period == "custom" else self.period

    @property
    def step(self) -> str:
        return self.interval if self.interval in self.steps else calendar.default_interval(self.dates)

    @cached_property
    def steps(self) -> list[str]:
        """The intervals that make a readable chart of the period."""
        days = self.dates.days
        fits = {"hour": days <= 7, "day": days <= 370, "week": days >= 14, "month": days >= 60}
        return [name for name, fit in fits.items() if fit and not (name == "day" and days == 1)] or ["hour"]

    def values(self, name: str) -> list[str]:
        return [text for key, text in self.extra if key == name]

    def value(self, name: str, default: str = "") -> str:
        return next(iter(self.values(name)), default)

    def opened(self, panel: str) -> str:
        """Which of the panel's tabs the address opens, as in `open=pages:exit_page`; empty: the first."""
        return next((tab for name, _, tab in (one.partition(":") for one in self.values("open")) if name == panel), "")

    def opening(self, panel: str, tab: str) -> "State":
        return replace(self, extra=opened_in(self.extra, panel, tab))

    def pairs(self, *without: str) -> list[tuple[str, str]]:
        """The state as fields of a form, without those that the form has itself."""
        return [pair for pair in parse_qsl(self.address()[1:]) if pair[0] not in without]

    def query(
        self, metrics: tuple[str, ...], dimensions: tuple[str, ...] = (), compare: bool = False, limit: int = 10
    ) -> Query:
        return Query(
            self.site.pk, self.dates, metrics, dimensions, self.filters, self.compared if compare else None, limit=limit
        )

    def address(self, **changes: object) -> str:
        """`?…` of this state, changed; only what differs from the defaults stands in it."""
        other = replace(self, **changes) if changes else self  # type: ignore[arg-type]
        fields = ("period", "first", "last", "compare", "earlier_first", "earlier_last", "align", "interval", "metric")
        pairs = [
            (NAMES.get(name, name), getattr(other, name))
            for name in fields
            if getattr(other, name) != State.__dataclass_fields__[name].default
        ]
        pairs += [("f", write_clause(clause)) for clause in other.clauses]
        pairs += other.extra
        return "?" + urlencode(pairs)

    def is_chosen(self, dimension: str, value: str) -> bool:
        return any(c[:2] == ("is", dimension) and value in c[2] for c in self.clauses)

    def toggled(self, dimension: str, value: str) -> str:
        """The address with the value chosen, or no longer."""
        if self.is_chosen(dimension, value):
            return self.address(clauses=self.reduced(dimension, value))
        return self.address(clauses=(*self.clauses, ("is", dimension, (value,))))

    def reduced(self, dimension: str, value: str) -> tuple[Clause, ...]:
        kept: list[Clause] = []
        for operator, name, values in self.clauses:
            if (operator, name) == ("is", dimension) and value in values:
                values = tuple(v for v in values if v != value)
                if not values:
                    continue
            kept.append((operator, name, values))
        return tuple(kept)

    @cached_property
    def chips(self) -> list[Chip]:
        made = [
            chip_of(clause, self.address(clauses=self.clauses[:i] + self.clauses[i + 1 :]))
            for i, clause in enumerate(self.clauses)
        ]
        for segment in self.segments:
            rest = tuple(pair for pair in self.extra if pair != ("segment", str(segment.pk)))
            made.append(Chip("Cohort" if segment.is_cohort else "Segment", "", segment.name, self.address(extra=rest)))
        return made

    @cached_property
    def is_untouched(self) -> bool:
        """No event has ever arrived."""
        try:
            return get_first_event(self.site.pk) is None
        except StoreError:
            return False

    @property
    def title(self) -> str:
        return calendar.NAMED.get(self.period) or dates_text(self.dates)

    @property
    def compared_title(self) -> str:
        return dates_text(self.compared) if self.compared else ""


def chip_of(clause: Clause, without: str) -> Chip:
    operator, name, values = clause
    if operator in ("did", "did_not"):
        return Chip("People who", WORDS[operator], name + told_did(values), without)
    label = DIMENSIONS[name].label if name in DIMENSIONS else name.removeprefix("props.")
    shown = "" if operator in ("set", "not_set") else " or ".join(display(name, v) for v in values)
    return Chip(label, WORDS[operator], shown, without)


def short(text: str) -> str:
    """Of a list of all that would have been right, the beginning and the end, which says what was got."""
    return text if len(text) <= 140 else f"{text[:80].rstrip(' ,')} … {text[-40:].partition(' ')[2]}"


def day_text(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def dates_text(period: Period) -> str:
    first, last = period.first, period.last
    if first == last:
        return f"{first.day} {first:%b %Y}"
    left = f"{first.day} {first:%b}" if first.year == last.year else f"{first.day} {first:%b %Y}"
    return f"{left} – {last.day} {last:%b %Y}"


Pairs = tuple[tuple[str, str], ...]


def without_properties(door: Door, clauses: tuple[Clause, ...], extra: Pairs) -> tuple[tuple[Clause, ...], Pairs, bool]:
    """A property, such as an order's id, leads to one person: who may not see people does not choose by one. What a link was
    made with stays. The last: whether anything is left out."""
    own = set(parse_qsl(door.link.query)) if door.link else set()
    given = {parse_clause(text) for name, text in own if name == "f"}
    kept = tuple(one for one in clauses if one in given or not one[1].startswith("props."))
    pairs = tuple(
        (name, text)
        for name, text in extra
        if (name, text) in own or name == "of" or not ("[" in text or text.startswith("props."))
    )
    return kept, pairs, (kept, pairs) != (clauses, extra)


def opened_in(pairs: Pairs, panel: str, tab: str) -> Pairs:
    """What an address holds, with another tab of the panel open; empty: the first one, which needs no word."""
    kept = tuple((name, text) for name, text in pairs if name != "open" or text.partition(":")[0] != panel)
    return (*kept, ("open", f"{panel}:{tab}")) if tab else kept


def exclusions_of(given: QueryDict) -> list[str]:
    """The form of the funnel asks for an event and between which steps; an address has both as one, `2-3:refund`."""
    between = given.getlist("between")
    whole = zip_longest(given.getlist("without")[:20], between[:20], fillvalue="")
    return [f"{steps}:{text}" if text and steps else text for text, steps in whole]


def get_state(request: HttpRequest, door: Door | Site, now: datetime | None = None) -> State:
    """What cannot be read falls back to the default and is named in `problems`, since addresses get cut and edited by hand.
    Raises Http404 where a shared link has lost what it is bound to."""
    door = Door(door) if isinstance(door, Site) else door
    given: QueryDict = request.GET
    extra = tuple(
        (name, text[:500])
        for name in EXTRA
        for text in (exclusions_of(given) if name == "without" else given.getlist(name)[:20])
        if text
    )
    if door.is_guest:  # their segments are the link's
        extra = tuple(pair for pair in extra if pair[0] != "segment") + tuple(
            ("segment", text) for text in fixed_segments(door)
        )
    read = [(text, parse_clause(text)) for text in given.getlist("f")[:20]]
    clauses = tuple(clause for _, clause in read if clause)
    problems = [f"The filter {text[:80]!r} cannot be read; it is left out." for text, clause in read if not clause]
    if len({text for name, text in extra if name == "segment"}) > MOST_SEGMENTS:
        problems.append(f"At most {MOST_SEGMENTS} segments are compared; the others are left out.")
    if not door.sees_people:
        clauses, extra, untold = without_properties(door, clauses, extra)
        if untold:
            problems.append("Properties of events are left out: they tell of single people, whom you may not see.")
    state = State(
        site=door.site,
        is_guest=door.is_guest,
        sees_names=door.sees_names,
        sees_people=door.sees_people,
        fixed=tuple(clause for text in fixed_filters(door) if (clause := parse_clause(text))),
        period=given.get("period", "28d"),
        first=given.get("from", ""),
        last=given.get("to", ""),
        compare=given.get("compare", "previous_period"),
        earlier_first=given.get("compare_from", ""),
        earlier_last=given.get("compare_to", ""),
        align=given.get("align", ""),
        interval=given.get("interval", ""),
        metric=given.get("metric", "visitors"),
        clauses=clauses,
        extra=extra,
        now=now or datetime.now(UTC),
    )
    if len(state.segments) < len(set(fixed_segments(door))):
        raise Http404("A segment of this link is gone.")  # without it, the guest would see more than was shared
    for part in ("dates", "compared", "filters"):
        try:
            getattr(state, part)
        except (BadPeriod, BadQuery) as error:
            plain = {
                "dates": {"period": "28d", "first": "", "last": ""},
                "compared": {"compare": "", "earlier_first": "", "earlier_last": "", "align": ""},
                "filters": {"clauses": ()},
            }[part]
            state = replace(state, **plain)  # type: ignore[arg-type]
            what = {"dates": "The period", "compared": "The comparison", "filters": "A filter"}[part]
            problems.append(f"{what} of this address cannot be read and is left out: {short(str(error))}.")
    return replace(state, problems=tuple(problems)) if problems else state
