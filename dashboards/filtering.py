"""Adds a filter to an address: the forms of the toolbar, which work without a script."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from analytics.queries.calendar import BadPeriod
from analytics.queries.dimensions import BadQuery
from dashboards.door import Closed, enter
from dashboards.state import WORDS, Clause, State, get_state

PAGES = ("executive", "product", "marketing")


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
        wider = state.address(clauses=(*state.clauses, clause))
        try:
            check(state, clause)
        except (BadQuery, BadPeriod) as error:
            messages.error(request, f"Nothing was added: {error}")
        else:
            return redirect(reverse(back if back in PAGES else "executive", args=[site_id]) + wider)
    return redirect(reverse(back if back in PAGES else "executive", args=[site_id]) + state.address())


def check(state: State, clause: Clause) -> None:
    replace(state, clauses=(*state.clauses, clause)).filters  # noqa: B018  raises what is wrong with it
