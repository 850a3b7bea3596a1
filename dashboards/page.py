"""The frame of a dashboard's page: the door, the state, the toolbar, and for guests the frame it may be shown in."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.middleware import let_frame
from dashboards.breakdown import GROUPS
from dashboards.door import Closed, Door, enter
from dashboards.state import State, get_state
from dashboards.toolbar import toolbar

More = Callable[[Door, State], dict[str, Any]]


def page(template: str, groups: Sequence[str] = ()) -> Callable[[More], Callable[..., HttpResponse]]:
    """A view of a page; `more(door, state)` adds to what its template knows."""

    def wrap(more: More) -> Callable[..., HttpResponse]:
        @require_GET
        @wraps(more)
        def view(request: HttpRequest, site_id: int) -> HttpResponse:
            try:
                door = enter(request, site_id)
            except Closed as closed:
                return closed.answer
            state = get_state(request, door)
            shown = [(name, title) for name, (title, _) in GROUPS.items() if name in groups]
            context = toolbar(door, state, more.__module__.rpartition(".")[2], request.user)
            answer = render(
                request, template, context | {"groups": shown, "embedded": "embed" in request.GET} | more(door, state)
            )
            if door.link and door.link.embed:
                let_frame(answer)
            return answer

        return view

    return wrap
