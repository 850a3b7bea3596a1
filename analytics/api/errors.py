"""Every error of the API has one shape: {"error": {"code", "message", "field"?}}."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from analytics.queries.calendar import BadPeriod
from analytics.queries.dimensions import BadQuery
from analytics.queries.store import StoreError


def shape(code: str, message: str, field: str = "") -> dict[str, dict[str, str]]:
    return {"error": {"code": code, "message": message, **({"field": field} if field else {})}}


def api_error(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, BadPeriod | BadQuery):
        field = error.field if isinstance(error, BadQuery) else str(error).split(":")[0]
        return Response(shape("bad_query", str(error), field), 400)
    if isinstance(error, StoreError):
        slow = "TIMEOUT_EXCEEDED" in str(error) or "MEMORY_LIMIT" in str(error)
        if slow:
            return Response(shape("too_expensive", "The query takes too long or too much memory: narrow it."), 422)
        return Response(shape("unavailable", "The event store does not answer."), 503, headers={"Retry-After": "5"})
    if isinstance(error, Http404):
        return Response(shape("not_found", "There is no such site."), 404)
    if isinstance(error, PermissionDenied):
        return Response(shape("forbidden", str(error)), 403)
    if isinstance(error, exceptions.Throttled):
        wait = str(round(getattr(error, "wait", None) or 60))
        message = f"This key has made its requests of this minute. Try again in {wait} s."
        return Response(shape("rate_limited", message), 429, headers={"Retry-After": wait})
    if isinstance(error, RecursionError):
        return Response(shape("bad_request", "The body is nested too deeply."), 400)
    response = exception_handler(error, context)
    if response is not None and isinstance(error, exceptions.APIException):
        response.data = from_drf(error)
    return response


def from_drf(error: exceptions.APIException) -> dict[str, dict[str, str]]:
    if isinstance(error, exceptions.ValidationError):
        field, message = first_of(error.detail)
        return shape("bad_query", f"{field}: {message}" if field else message, field)
    return shape(str(error.default_code), str(error.detail))


def first_of(detail: Any, path: str = "") -> tuple[str, str]:
    """The first mistake and where it is: `series.1.measure`."""
    if isinstance(detail, dict):
        key, value = next(iter(detail.items()))
        return first_of(value, path if key == "non_field_errors" else f"{path}.{key}".strip("."))
    if not isinstance(detail, list):
        return path, str(detail)
    at = next((i for i, item in enumerate(detail) if item), 0)  # of a list of parts those without a mistake are {}
    inner = isinstance(detail[at], dict) and set(detail[at]) != {"non_field_errors"}
    return first_of(detail[at], f"{path}.{at}" if inner and path else path)


def no_such_address(request: HttpRequest, path: str = "") -> JsonResponse:
    return JsonResponse(
        shape("not_found", f"There is no {request.path} in this API. Its docs are at /api/docs/."), status=404
    )
