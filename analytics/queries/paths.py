"""Paths (semantics.md): where people go from a page, or how they came to it, session by session."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from analytics.queries.conditions import Bound, wildcard
from analytics.queries.dimensions import BadQuery
from analytics.queries.filters import asks_people
from analytics.queries.people import Scope, by_session, events_of, number, params_of
from analytics.queries.store import cached, fill, read

OTHER, END = "(other)", "(exit)"
MOST_STEPS, MOST_EDGES, MOST_RULES = 20, 500, 50


@dataclass(frozen=True, slots=True)
class Rule:
    """Path cleaning: what fits the pattern is shown as `to`. A wildcard pattern, or a regular expression with \\1 in `to`."""

    pattern: str
    to: str
    regex: bool = False


@dataclass(frozen=True, slots=True)
class Paths:
    """`start` or `end`: a page (or event type) as it is after cleaning; without either, paths begin with the session."""

    scope: Scope
    by: Literal["page", "event"] = "page"
    start: str = ""
    end: str = ""
    steps: int = 5
    edges: int = 50
    cleaning: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """From step `step` to the next; `target` is "(exit)" where the session went no further."""

    step: int
    source: str
    target: str
    sessions: int
    people: int
    median_seconds: float | None


@dataclass(frozen=True, slots=True)
class PathsResult:
    edges: list[Edge]
    sessions: int  # with an end: those that came to it from somewhere
    hidden: int  # edges that went into "(other)"


CODE_OF = "toUInt64(bitAnd(v, toUInt128(36028797018963967)))"  # of a packed event: its last 55 bits
TRY_RULE = "SELECT match('', {pattern:String}), replaceRegexpOne('', {pattern:String}, {to:String})"


def check_paths(paths: Paths) -> None:
    if paths.by not in ("page", "event"):
        raise BadQuery("by", f"expected page or event, got {paths.by[:40]!r}")
    if not 2 <= paths.steps <= MOST_STEPS:
        raise BadQuery("steps", f"expected 2 to {MOST_STEPS}, got {paths.steps}")
    if not 1 <= paths.edges <= MOST_EDGES:
        raise BadQuery("edges", f"expected 1 to {MOST_EDGES}, got {paths.edges}")
    if paths.start and paths.end:
        raise BadQuery("start", "expected a start or an end, got both")
    if len(paths.cleaning) > MOST_RULES:
        raise BadQuery("cleaning", f"at most {MOST_RULES} rules, got {len(paths.cleaning)}")
    for rule in paths.cleaning:
        if rule.regex:  # compiled by RE2 here already, where it runs
            asked = {"site": paths.scope.site_id, "pattern": rule.pattern, "to": rule.to}
            try:
                read(TRY_RULE, asked, "check")
            except BadQuery:
                raise BadQuery(
                    "cleaning", f"{rule.pattern[:80]!r} to {rule.to[:80]!r} cannot be read (RE2 syntax)"
                ) from None


def run(paths: Paths, tag: str = "paths") -> PathsResult:
    check_paths(paths)
    rows = cached(*statement(paths), tag)
    last = paths.steps - 1 if paths.end else 1  # which every path has, but one that stays where it is
    shown, rest = rows[: paths.edges], rows[paths.edges :]
    names = get_names(paths, sorted({code for row in shown for code in row[1:3] if code}), tag)
    edges = [Edge(row[0], names(row[1]), names(row[2]), row[3], row[4], number(row[5])) for row in shown]
    others = [Edge(row[0], OTHER, "" if row[2] else END, row[3], row[4], None) for row in rest]
    return PathsResult(
        sorted([*edges, *folded(others)], key=lambda e: (e.step, -e.sessions, e.source, e.target)),
        sum(row[3] for row in rows if row[0] == last), len(rest),
    )  # fmt: skip


def get_names(paths: Paths, codes: list[int], tag: str) -> Callable[[int], str]:
    """Of the items behind the codes; one that was erased a moment ago has none."""
    known = dict(cached(*names_statement(paths, codes), tag)) if codes else {}
    return lambda code: known.get(code, OTHER) if code else END


def folded(rest: list[Edge]) -> list[Edge]:
    """What is not shown by itself, as one edge a step, and apart from it the exits."""
    sums: defaultdict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for edge in rest:
        total = sums[edge.step, END if edge.target == END else OTHER]
        total[0] += edge.sessions
        total[1] += edge.people
    return [Edge(step, OTHER, target, sessions, people, None) for (step, target), (sessions, people) in sums.items()]


def raw_of(paths: Paths) -> str:
    return "path" if paths.by == "page" else "event_type"


def coded(item: str) -> str:
    return f"bitShiftRight(cityHash64({item}), 9)"


def cleaned(paths: Paths, bound: Bound) -> str:
    """The first rule that fits decides."""
    item, cases = raw_of(paths), []
    for rule in paths.cleaning:
        pattern = bound.add(rule.pattern if rule.regex else wildcard(rule.pattern), "String")
        to = bound.add(rule.to, "String")
        cases.append(
            f"match({item}, {pattern}), " + (f"replaceRegexpOne({item}, {pattern}, {to})" if rule.regex else to)
        )
    return f"multiIf({', '.join(cases)}, {item})" if cases else f"toString({item})"


def statement(paths: Paths) -> tuple[str, dict[str, Any]]:
    """Items are their codes, 0 the exit."""
    bound = Bound()
    anchor, item = coded(bound.add(paths.start or paths.end, "String")), cleaned(paths, bound)
    codes, most = f"arrayMap(v -> {CODE_OF}, visits)", str(paths.steps)
    if paths.start:
        cut = f"arraySlice(visits, indexOf({codes}, {anchor}), {most})"
    elif paths.end:
        cut = f"arraySlice(arraySlice(visits, 1, arrayLastIndex(v -> {CODE_OF} = {anchor}, visits)), -{most})"
    else:
        cut = f"arraySlice(visits, 1, {most})"
    sessions = fill("paths_sessions", code=coded(item), code_of=CODE_OF, events=events_with(paths, bound))
    sql = fill(
        "paths", code_of=CODE_OF, cut=cut, sessions=by_session(paths.scope, sessions),
        anchored=f"has({codes}, {anchor})" if paths.start or paths.end else "true",
        first=f"{most} - length(codes)" if paths.end else "0",
        exit="false" if paths.end else f"length(codes) < {most}",
    )  # fmt: skip
    return sql, params_of(paths.scope, bound)


def names_statement(paths: Paths, codes: list[int]) -> tuple[str, dict[str, Any]]:
    bound = Bound({"codes": codes, "most": len(codes)})
    item = cleaned(paths, bound)
    sql = fill("paths_names", code=coded(item), item=item, events=events_with(paths, bound))
    return sql, params_of(paths.scope, bound)


def events_with(paths: Paths, bound: Bound) -> str:
    wanted = "event_type = 'page_view'" if paths.by == "page" else "interactive"
    return events_of(paths.scope, bound, wanted, joined=asks_people(paths.scope.filters))
