"""The WSGI application: events go straight to the ingestion endpoint, everything else to Django."""

import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "analytics.settings")

from django.core.wsgi import get_wsgi_application

django_application = get_wsgi_application()

from ingestion.endpoint import application as endpoint


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ.get("PATH_INFO") == "/api/v1/events":
        return endpoint(environ, start_response)
    return django_application(environ, start_response)
