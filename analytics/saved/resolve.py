"""Names of saved things in what people ask: ["segment", ID] in filters, goals and defined events as steps."""

from typing import Any

from accounts.models import Site
from analytics.queries.dimensions import BadQuery
from analytics.queries.filters import MAX_LEAVES, Branch, Filter, Leaf, check_filters
from analytics.queries.people import Selector, check_selector
from analytics.saved.css import filters_of_css
from analytics.saved.models import DefinedEvent, Goal, Segment

DEEPEST = 4  # segments within segments


def expand(site: Site, raw: Any, depth: int = 0, met: list[Any] | None = None) -> Any:
    """Filters with the site's segments and cohorts in place of their numbers. `met`: those so far, which are as many as there
    may be filters."""
    met = [] if met is None else met
    if not isinstance(raw, list):
        return raw
    if len(raw) == 2 and raw[0] in ("segment", "cohort"):
        return expanded_segment(site, raw[1], depth, met)
    return [expand(site, item, depth, met) if isinstance(item, list) else item for item in raw]


def expanded_segment(site: Site, number: Any, depth: int, met: list[Any]) -> Any:
    met.append(number)
    if len(met) > MAX_LEAVES:
        raise BadQuery("filters", f"at most {MAX_LEAVES} filters")
    known = isinstance(number, int) or (isinstance(number, str) and number.isdecimal() and len(number) < 19)
    found = Segment.objects.filter(site=site, pk=int(number)).first() if known else None
    if found is None:
        raise BadQuery("filters", f"there is no segment {str(number)[:40]!r} on this site")
    if found.is_cohort:
        return ["in_cohort", found.pk, found.version]
    if depth >= DEEPEST:
        raise BadQuery("filters", f"segments within segments go {DEEPEST} deep at most")
    return ["and", expand(site, found.filters, depth + 1, met) or [["is_not", "event_type", [""]]]]


def filters_of_site(site: Site, raw: Any) -> tuple[Filter, ...]:
    return check_filters(expand(site, raw))


def selector_of_site(site: Site, raw: Any, field: str) -> Selector:
    """As check_selector, and also "goal:NAME", {"goal": ID} and the names of defined events."""
    if isinstance(raw, str) and raw.startswith("goal:"):
        raw = {"goal": raw.removeprefix("goal:")}
    if isinstance(raw, str):
        raw = {"page": raw} if raw.startswith("/") else {"event": raw}
    if isinstance(raw, dict) and "goal" in raw:
        if len(raw) > 1:
            raise BadQuery(field, "expected a goal alone")
        return selector_of_goal(site, raw["goal"], field)
    if isinstance(raw, dict) and raw.get("filters"):
        raw = raw | {"filters": expand(site, raw["filters"])}
    found = check_selector(raw, field)
    defined = DefinedEvent.objects.filter(site=site, name=found.event).first() if found.event else None
    return defined_selector(defined, found.filters) if defined else found


def defined_selector(defined: DefinedEvent, more: tuple[Filter, ...] = ()) -> Selector:
    filters = check_filters(filters_of_css(defined.selector))
    if defined.page:
        filters += (Leaf("matches", "path", (defined.page,)),)
    return Selector(event="click", filters=(*filters, *more), name=defined.name)


def selector_of_goal(site: Site, named: Any, field: str) -> Selector:
    number = str(named).isdecimal() and len(str(named)) < 19
    wanted = {"pk": int(named)} if number else {"name": str(named)[:200]}
    goal = Goal.objects.filter(site=site, **wanted).first()
    if goal is None:
        raise BadQuery(field, f"there is no goal {str(named)[:80]!r} on this site")
    return goal_selector(goal)


def goal_selector(goal: Goal) -> Selector:
    """What counts as a conversion of the goal."""
    filters = filters_of_site(goal.site, goal.filters)
    least = goal.threshold
    if goal.kind == Goal.Kind.PAGE:
        return Selector(page=goal.target, filters=filters, name=goal.name)
    if goal.kind == Goal.Kind.SCROLL:
        measured = Branch("or", (Leaf("is", "event_type", ("page_exit",)), Leaf("is", "event_type", ("scroll",))))
        deep = Leaf("not_less", "scroll_depth", (str(least or 0),))
        page = (Leaf("matches", "path", (goal.target,)),) if goal.target else ()
        return Selector(filters=(measured, deep, *page, *filters), name=goal.name)
    if goal.kind == Goal.Kind.REVENUE:
        enough = (Leaf("not_less", "revenue", (str(least),)),) if least is not None else ()
        return Selector(event=goal.target or "purchase", filters=(*enough, *filters), name=goal.name)
    found = selector_of_site(goal.site, {"event": goal.target}, "target")
    return Selector(found.event, found.page, (*found.filters, *filters), goal.name)
