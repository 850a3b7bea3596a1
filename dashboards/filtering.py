"""Adds a filter to an address: the forms of the toolbar, which work without a script."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from analytics.queries import query as core
from analytics.queries.calendar import BadPeriod
from analytics.queries.dimensions import DIMENSIONS, BadQuery
from analytics.queries.store import StoreError
from dashboards.door import Closed, enter
from dashboards.names import display
from dashboards.state import WORDS, Clause, State, get_state

PAGES = ("executive", "product", "marketing")
MOST_VALUES = 1000


def asked_clause(request: HttpRequest) -> Clause | None:
    given = request.GET
    operator, dimension = given.get("add_operator", ""), given.get("add_dimension", "").strip()
    if given.get("add_property", "").strip():
        dimension = f"props.{given['add_property'].strip()}"
    if operator not in WORDS or not dimension:
        return None
    if operator in ("did", "did_not"):
        return (operator, dimension, (given.get("add_times", "1") or "1", given.get("add_within", "")))
    values = tuple(part.strip() for part in given.get("add_values", "").split("|") if part.strip())
    if operator in ("set", "not_set"):
        return (operator, dimension, ("",))
    return (operator, dimension, values) if values else None


@require_GET
def view(request: HttpRequest, site_id: int) -> HttpResponse:
    try:
        state = get_state(request, enter(request, site_id))
    except Closed as closed:
        return closed.answer
    back = request.GET.get("back", "")
    clause = asked_clause(request)
    if clause is None:
        messages.error(request, "Nothing was added: choose what to filter by, and give a value.")
    else:
        try:
            check(state, clause)
            clause = as_stored(request, state, clause)
            wider = state.address(clauses=(*state.clauses, clause))
        except (BadQuery, BadPeriod) as error:
            messages.error(request, f"Nothing was added: {error}")
        else:
            return redirect(reverse(back if back in PAGES else "executive", args=[site_id]) + wider)
    return redirect(reverse(back if back in PAGES else "executive", args=[site_id]) + state.address())


def known_values(state: State, dimension: str) -> list[str]:
    """What events of the period hold, the commonest first. Raises BadQuery, StoreError."""
    if dimension.startswith("props.") and not state.sees_people:
        raise BadQuery("filters", "properties of events tell of single people, whom you may not see")
    query = state.query(("visitors",), (dimension,), limit=MOST_VALUES)
    return [row.dimensions[0] for row in core.get_rows(query, state.now, "filter.values") if row.dimensions[0]]


def as_stored(request: HttpRequest, state: State, clause: Clause) -> Clause:
    """Values are compared letter by letter: "germany" or "Mobile" become what events say, and what none says is told."""
    operator, dimension, values = clause
    if operator not in ("is", "is_not"):
        return clause
    try:
        stored = known_values(state, dimension)
    except StoreError:
        return clause
    names = {form.casefold(): value for value in reversed(stored) for form in (display(dimension, value), value)}
    found = tuple(value if value in stored else names.get(value.casefold(), value) for value in values)
    if unknown := [value for value in found if value not in stored]:
        label = DIMENSIONS[dimension].label if dimension in DIMENSIONS else dimension.removeprefix("props.")
        messages.warning(request, f"Nobody in this period has {label} {' or '.join(unknown)}.")
    return (operator, dimension, found)


@require_GET
def values(request: HttpRequest, site_id: int) -> HttpResponse:
    """Suggestions for the forms, as options of a list."""
    try:
        state = get_state(request, enter(request, site_id))
    except Closed as closed:
        return closed.answer
    given = request.GET
    name = given.get("add_property", "").strip()
    dimension = "event_type" if "events" in given else f"props.{name}" if name else given.get("add_dimension", "")
    try:
        found = known_values(state, dimension)
    except (BadQuery, StoreError):
        found = []
    pairs = [(value, display(dimension, value)) for value in found]
    return render(request, "dashboards/options.html", {"pairs": pairs})


def check(state: State, clause: Clause) -> None:
    replace(state, clauses=(*state.clauses, clause)).filters  # noqa: B018  raises what is wrong with it
