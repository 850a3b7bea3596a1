"""Requests about a person: export and deletion of all that is held."""

from typing import Any

from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.audit import Action, do_record
from accounts.keys import Caller
from accounts.models import Role, Site
from analytics.api.views import PROBLEMS, StatsView
from analytics.privacy.archive import path_of
from analytics.privacy.ledger import do_request
from analytics.privacy.models import PrivacyRequest
from analytics.privacy.subject import BadSubject, Kind, check_subject


class Administers(BasePermission):
    message = "This key has no scope admin."

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, Caller) and request.auth.may("admin")


class PrivacyStepSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    about = serializers.CharField()
    state = serializers.ChoiceField(["waiting", "running", "done"])
    found = serializers.IntegerField()
    left = serializers.IntegerField()


class PrivacyRequestSerializer(serializers.ModelSerializer[Any]):
    named_by = serializers.ChoiceField(Kind.choices)
    value = serializers.CharField(
        write_only=True, max_length=4000, help_text="the id or the token; kept only as a hash"
    )
    progress = serializers.FloatField(read_only=True, help_text="0 to 1")
    steps = PrivacyStepSerializer(many=True, read_only=True)
    file = serializers.SerializerMethodField(help_text="of an export, for 7 days after it is done")

    class Meta:
        model = PrivacyRequest
        fields = ("id", "number", "kind", "named_by", "value", "state", "progress", "steps", "error", "created_at",
                  "due_at", "finished_at", "file", "receipt")  # fmt: skip
        read_only_fields = ("number", "state", "error", "created_at", "due_at", "finished_at", "receipt")

    def get_file(self, job: PrivacyRequest) -> str | None:
        ready = job.kind == PrivacyRequest.Kind.EXPORT and path_of(job).exists()
        return f"/api/v1/sites/{job.site_id}/privacy-requests/{job.pk}/file" if ready else None


class PrivacyView(StatsView):
    permission_classes = (Administers,)  # type: ignore[assignment]

    def site(self, site_id: int) -> Site:
        return self.caller().access_site(site_id, Role.ADMIN)

    def job(self, site_id: int, pk: int) -> PrivacyRequest:
        found = PrivacyRequest.objects.filter(site=self.site(site_id), pk=pk).first()
        if found is None:
            raise Http404
        return found


class PrivacyRequestsView(PrivacyView):
    @extend_schema(
        operation_id="list_privacy_requests",
        summary="Requests of people about their data",
        responses={200: PrivacyRequestSerializer(many=True), **PROBLEMS},
    )
    def get(self, request: Request, site_id: int) -> Response:
        jobs = PrivacyRequest.objects.filter(site=self.site(site_id))[:100]
        return Response(PrivacyRequestSerializer(jobs, many=True).data)

    @extend_schema(
        operation_id="create_privacy_request",
        summary="Export or delete all that is held of a person",
        description="Takes the scope admin. It is worked in the background; a deletion ends with a signed receipt.",
        request=PrivacyRequestSerializer,
        responses={202: PrivacyRequestSerializer, **PROBLEMS},
    )
    def post(self, request: Request, site_id: int) -> Response:
        site = self.site(site_id)
        asked = PrivacyRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        try:
            subject = check_subject(site, data["named_by"], data["value"])
        except BadSubject as error:
            raise serializers.ValidationError({"value": [str(error)]}) from None
        job = do_request(site, self.caller().user, data["kind"], data["named_by"], subject)
        action = Action.PERSON_EXPORTED if data["kind"] == "export" else Action.PERSON_ERASED
        do_record(self.caller(), action, None, site, target=str(job), request=request._request)
        return Response(PrivacyRequestSerializer(job).data, 202)


class PrivacyRequestView(PrivacyView):
    @extend_schema(
        operation_id="get_privacy_request",
        summary="How far a request is, and its receipt",
        responses={200: PrivacyRequestSerializer, **PROBLEMS},
    )
    def get(self, request: Request, site_id: int, pk: int) -> Response:
        return Response(PrivacyRequestSerializer(self.job(site_id, pk)).data)


class PrivacyFileView(PrivacyView):
    @extend_schema(
        operation_id="get_privacy_file",
        summary="The ZIP of an export of a person's data",
        responses={(200, "application/zip"): OpenApiTypes.BINARY, **PROBLEMS},
    )
    def get(self, request: Request, site_id: int, pk: int) -> Any:
        job = self.job(site_id, pk)
        if job.kind != PrivacyRequest.Kind.EXPORT or not path_of(job).exists():
            raise Http404
        do_record(self.caller(), Action.EXPORT_FETCHED, None, job.site, target=str(job), request=request._request)
        answer = FileResponse(path_of(job).open("rb"), as_attachment=True, filename=f"data-{job.number}.zip")
        answer["Cache-Control"] = "no-store"
        return answer
