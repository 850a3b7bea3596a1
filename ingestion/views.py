"""For programs: the catalogue of event types as JSON Schemas, and the Python client."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from ingestion.catalogue import CATALOGUE, event_schema


@require_safe
def event_types(request: HttpRequest) -> JsonResponse:
    listed = [
        {
            "event_type": name, "version": kind.version, "description": kind.what, "interactive": not kind.passive,
            "schema": reverse("event-type", args=[name]),
        }
        for name, kind in CATALOGUE.items()
    ]  # fmt: skip
    return public(JsonResponse({"event_types": listed}))


@require_safe
def event_type(request: HttpRequest, name: str) -> JsonResponse:
    if name not in CATALOGUE:
        message = f"There is no built-in event type {name[:64]!r}; /api/v1/event-types/ lists them."
        return JsonResponse({"error": {"code": "not_found", "message": message}}, status=404)
    return public(JsonResponse(event_schema(name), content_type="application/schema+json"))


@require_safe
def client(request: HttpRequest) -> HttpResponse:
    """The Python client, for `curl -O`."""
    text = (settings.BASE_DIR / "ingestion" / "client.py").read_bytes()
    response = HttpResponse(text, content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="footfall.py"'
    response["Cache-Control"] = "public, max-age=3600"
    return response


def public(response: JsonResponse) -> JsonResponse:
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Cache-Control"] = "public, max-age=3600"
    return response
