"""The frame of a dashboard's page: the door, the state, the toolbar, and for guests the frame it may be shown in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.middleware import let_frame
from dashboards.door import Closed, Door, enter
from dashboards.groups import GROUPS, SHOWN_ON
from dashboards.state import State, get_state
from dashboards.toolbar import toolbar

More = Callable[[Door, State], dict[str, Any]]


def page(template: str) -> Callable[[More], Callable[..., HttpResponse]]:
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
            name = more.__module__.rpartition(".")[2]
            shown = [(group, title) for group, (title, _) in GROUPS.items() if group in SHOWN_ON[name]]
            context = toolbar(door, state, name, request.user)
            answer = render(
                request, template, context | {"groups": shown, "embedded": "embed" in request.GET} | more(door, state)
            )
            if door.link and door.link.embed and not door.link.password:
                let_frame(answer)
            return answer

        return view

    return wrap
