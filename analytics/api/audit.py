"""The audit log of the key's team."""

from typing import Any
from urllib.parse import urlencode

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.audit import Action, do_record
from accounts.audit_search import LABELS, Search, domains_of, find, told
from accounts.keys import Caller
from accounts.models import Role
from analytics.api.views import PROBLEMS, StatsView
from analytics.queries.dimensions import BadQuery


class Admins(BasePermission):
    message = "This key has no scope admin."

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, Caller) and request.auth.may("admin")


class AskSerializer(serializers.Serializer[Any]):
    q = serializers.CharField(
        default="", allow_blank=True, max_length=100, help_text="Words in the target, the change, the names."
    )
    actor = serializers.CharField(
        default="", allow_blank=True, max_length=100, help_text="A part of the e-mail address."
    )
    action = serializers.ChoiceField(list(LABELS), required=False)
    first = serializers.DateField(required=False, help_text="The first day (UTC).")
    last = serializers.DateField(required=False, help_text="The last day (UTC).")
    cursor = serializers.IntegerField(required=False, min_value=1, max_value=2**62, help_text="As `next` said.")
    limit = serializers.IntegerField(default=100, min_value=1, max_value=1000)


class EntrySerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="counts up without gaps over the whole server")
    at = serializers.DateTimeField()
    action = serializers.ChoiceField(list(LABELS))
    actor = serializers.CharField()
    actor_id = serializers.IntegerField(allow_null=True)
    key_id = serializers.IntegerField(allow_null=True, help_text="the API key that was used")
    site_id = serializers.IntegerField(allow_null=True)
    site = serializers.CharField(allow_null=True)
    target = serializers.CharField(allow_blank=True)
    address = serializers.CharField(allow_blank=True, help_text="shortened to /24 or /48")
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    hash = serializers.CharField(help_text="SHA-256 over the hash before it and this entry")


class AuditSerializer(serializers.Serializer[Any]):
    results = EntrySerializer(many=True)
    next = serializers.IntegerField(allow_null=True, help_text="The cursor of the next page; null on the last.")


class AuditView(StatsView):
    permission_classes = (Admins,)  # type: ignore[assignment]

    @extend_schema(
        operation_id="list_audit",
        summary="The audit log of the team, newest first",
        description="Also sign-ins and account changes of its members. Takes the scope admin and the role admin.",
        parameters=[AskSerializer, OpenApiParameter("cursor", OpenApiTypes.INT64, description="As `next` said.")],
        responses={200: AuditSerializer, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        team = self.caller().access_team(Role.ADMIN)
        asked = AskSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        if "\x00" in data["q"] + data["actor"]:
            raise BadQuery("q", "expected text without a null character")
        search = Search(data["q"], data["actor"], data.get("action", ""), data.get("first"), data.get("last"))
        found = find(team, search)
        if "cursor" in data:
            found = found.filter(number__lt=data["cursor"])
        entries = list(found[: data["limit"] + 1])
        more = len(entries) > data["limit"]
        entries, domains = entries[: data["limit"]], domains_of(team)
        asked_for = urlencode({name: value for name, value in data.items() if value})
        do_record(self.caller(), Action.AUDIT_EXPORTED, team, target=asked_for, request=request._request)
        return Response(
            {"results": [told(one, domains) for one in entries], "next": entries[-1].number if more else None}
        )
