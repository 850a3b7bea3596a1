from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.keys import Caller, get_caller


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer API_KEY`. request.user is the key's maker, request.auth what the key may do."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        caller = get_caller(token.strip(), request._request)
        if caller is None:
            raise AuthenticationFailed("The API key is not known, has expired, or was revoked.")
        return caller.user, caller

    def authenticate_header(self, request: HttpRequest | Request) -> str:
        return "Bearer"


class ReadsStats(BasePermission):
    message = "This key has no scope read:stats."

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, Caller) and request.auth.may("read:stats")


class ReadsEvents(BasePermission):
    message = "This key has no scope read:events."

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, Caller) and request.auth.may("read:events")


class ReadsAndChanges(BasePermission):
    """Reading takes read:stats, changing takes admin."""

    message = "This key has no scope admin."

    def has_permission(self, request: Request, view: Any) -> bool:
        scope = "read:stats" if request.method in SAFE_METHODS else getattr(view, "changing_scope", "admin")
        self.message = f"This key has no scope {scope}."
        return isinstance(request.auth, Caller) and request.auth.may(scope)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key of the team's settings."}
