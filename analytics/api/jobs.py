"""Exports in the background: asked for, watched, fetched; the file can be fetched in pieces (Range)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import PEOPLE
from accounts.audit import Action, do_record
from accounts.models import Site
from analytics.api.authentication import ReadsEvents
from analytics.api.errors import shape
from analytics.api.export import TYPES
from analytics.api.serializers import Dates
from analytics.api.views import PROBLEMS, StatsView
from analytics.queries import calendar, export
from analytics.queries.span import get_oldest_day
from analytics.saved.exports import do_delete, do_request, path_of
from analytics.saved.models import Export

CHUNK = 256 * 1024


class ExportJobSerializer(serializers.ModelSerializer[Any]):
    date_range = Dates(write_only=True, default="30d")
    kind = serializers.ChoiceField(list(export.KINDS))
    format = serializers.ChoiceField(list(TYPES), default="csv")
    progress = serializers.SerializerMethodField(help_text="0 to 1")
    url = serializers.SerializerMethodField(help_text="of the file, once it is ready")

    class Meta:
        model = Export
        fields = ("id", "kind", "date_range", "first", "last", "format", "status", "progress", "rows", "url", "error",
                  "created_at", "finished_at")  # fmt: skip
        read_only_fields = ("first", "last", "status", "rows", "error", "created_at", "finished_at")

    def get_progress(self, job: Export) -> float:
        days = 1 if job.kind == "people" else job.days
        return 1.0 if job.status == Export.Status.DONE else round(0.99 * job.days_done / days, 4)

    def get_url(self, job: Export) -> str | None:
        return f"/api/v1/sites/{job.site_id}/exports/{job.pk}/file" if job.status == Export.Status.DONE else None


class JobView(StatsView):
    permission_classes = (ReadsEvents,)  # type: ignore[assignment]

    def site(self, site_id: int) -> Site:
        return self.caller().access_site(site_id, PEOPLE)

    def record(self, action: Action, job: Export) -> None:
        told = {"id": job.pk, "from": job.first, "to": job.last, "format": job.format}
        do_record(self.caller(), action, None, job.site, target=job.kind, after=told, request=self.request._request)

    def job(self, site_id: int, pk: int) -> Export:
        found = Export.objects.filter(site=self.site(site_id), pk=pk).first()
        if found is None:
            raise Http404
        return found


class ExportsView(JobView):
    @extend_schema(
        operation_id="list_exports",
        summary="Exports of the last days",
        responses={200: ExportJobSerializer(many=True), **PROBLEMS},
    )
    def get(self, request: Request, site_id: int) -> Response:
        jobs = Export.objects.filter(site=self.site(site_id))[:100]
        return Response(ExportJobSerializer(jobs, many=True).data)

    @extend_schema(
        operation_id="create_export",
        summary="Make a large export in the background",
        description=(
            "For ranges that take minutes: ask for it, watch its progress, fetch the file, in"
            " pieces (Range) if need be. Kept for 7 days. It names people in full if analysts or above ask"
            " for it, and then only they may fetch it."
        ),
        request=ExportJobSerializer,
        responses={202: ExportJobSerializer, **PROBLEMS},
    )
    def post(self, request: Request, site_id: int) -> Response:
        site, now = self.site(site_id), datetime.now(UTC)
        asked = ExportJobSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data, zone = asked.validated_data, ZoneInfo(site.timezone)
        oldest = get_oldest_day(site.pk, zone) if data["date_range"] == "all" else None
        period = calendar.get_period(data["date_range"], zone, now, oldest)
        try:
            names = self.caller().sees_names(site)
            job = do_request(site, self.caller().user, data["kind"], period, data["format"], names)
        except ValueError as error:
            return Response(shape("busy", str(error)), 429, headers={"Retry-After": "60"})
        self.record(Action.EXPORTED, job)
        return Response(ExportJobSerializer(job).data, 202)


class ExportJobView(JobView):
    @extend_schema(
        operation_id="get_export", summary="How far an export is", responses={200: ExportJobSerializer, **PROBLEMS}
    )
    def get(self, request: Request, site_id: int, pk: int) -> Response:
        return Response(ExportJobSerializer(self.job(site_id, pk)).data)

    @extend_schema(
        operation_id="delete_export", summary="Delete an export and its file", responses={204: None, **PROBLEMS}
    )
    def delete(self, request: Request, site_id: int, pk: int) -> Response:
        job = self.job(site_id, pk)
        self.record(Action.EXPORT_DELETED, job)
        do_delete(job)
        return Response(status=204)


class ExportFileView(JobView):
    @extend_schema(
        operation_id="get_export_file",
        summary="The file of an export",
        description="Takes Range for one span of bytes.",
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            **PROBLEMS,
        },
    )
    def get(self, request: Request, site_id: int, pk: int) -> Any:
        job = self.job(site_id, pk)
        if job.names and not self.caller().sees_names(job.site):
            raise PermissionDenied("This file says who people are; make one of your own, in which that is masked.")
        path = path_of(job)
        if job.status != Export.Status.DONE or not path.exists():
            raise Http404
        size = path.stat().st_size
        span = span_of(request.headers.get("Range", ""), size)
        if span is None:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        first, last = span
        if first == 0:  # not each piece of one download
            self.record(Action.EXPORT_FETCHED, job)
        file = path.open("rb")
        file.seek(first)
        answer = StreamingHttpResponse(pieces(file, last - first + 1), content_type=TYPES[job.format])
        answer["Content-Length"], answer["Accept-Ranges"] = str(last - first + 1), "bytes"
        answer["Content-Disposition"] = f'attachment; filename="{job.site.domain}-{path.name}"'
        answer["Cache-Control"] = "no-store"
        if request.headers.get("Range"):
            answer.status_code, answer["Content-Range"] = 206, f"bytes {first}-{last}/{size}"
        return answer


def span_of(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte; all of it without a header or with one that is not understood; None where it cannot be met."""
    found = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.strip())
    if not found or not (found[1] or found[2]):
        return (0, size - 1)
    if not found[1]:
        return (max(0, size - int(found[2])), size - 1) if int(found[2]) else None
    first, last = int(found[1]), min(int(found[2] or size), size - 1)
    return (first, last) if first <= last else None


def pieces(file: BinaryIO, left: int) -> Iterator[bytes]:
    with file:
        while left > 0 and (piece := file.read(min(CHUNK, left))):
            left -= len(piece)
            yield piece
