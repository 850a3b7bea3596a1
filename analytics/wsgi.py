"""The way in: events go straight to the ingestion endpoint, everything else to Django.

`application` is for any WSGI server and for the tests. `server` is what `up` and the images run, on granian's own
interface: there a request that waits for the buffer holds no thread.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "analytics.settings")

from django.core.wsgi import get_wsgi_application
from granian.rsgi import ProtocolClosed, ProtocolError  # type: ignore[attr-defined]  # named there without __all__

django_application = get_wsgi_application()

from analytics.services.bridge import THREADS, environ_of, read_body, serve_wsgi
from ingestion import endpoint
from ingestion.enrich import agents
from ingestion.payload import MAX_BYTES

agents.get_parser()  # before the first event comes
EVENTS = "/api/v1/events"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ.get("PATH_INFO") != EVENTS:
        return django_application(environ, start_response)
    answer = endpoint.respond(environ)
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
    return [answer.body]


class Server:
    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        with suppress(ProtocolClosed, ProtocolError):  # who asked has gone
            if scope.path == EVENTS:
                environ = environ_of(scope, await read_body(scope, protocol, MAX_BYTES + 1))
                protocol.response_bytes(*await endpoint.respond_in_loop(environ, THREADS))
            else:
                await serve_wsgi(django_application, scope, protocol)


server = Server()
