from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

from accounts.access import PEOPLE
from accounts.audit import Action, do_record
from analytics.api.authentication import ReadsEvents
from analytics.api.views import PROBLEMS, StatsView
from analytics.queries import calendar, export
from analytics.queries.dimensions import BadQuery
from analytics.queries.people import Scope

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
CONTENT = {(kind.partition(";")[0]): OpenApiTypes.BINARY for kind in TYPES.values()}


class ByFormat(DefaultContentNegotiation):
    """`format` is the file's, not the answer's: errors are JSON whatever is asked for."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class ExportView(StatsView):
    permission_classes = (ReadsEvents,)  # type: ignore[assignment]
    content_negotiation_class = ByFormat

    @extend_schema(
        operation_id="export",
        summary="Events, sessions or people as a file",
        description=(
            "Streamed a day at a time, oldest first. Ids are hexadecimal texts, moments UTC, money decimal. Days are the"
            " site's. In CSV a text that a spreadsheet would run as a formula begins with an apostrophe."
            " Traits that name people, and user ids that are no hashes, are in full for analysts"
            " and above, else masked."
        ),
        parameters=[
            OpenApiParameter("kind", str, "path", enum=list(export.KINDS)),
            OpenApiParameter("from", OpenApiTypes.DATE, description="first day; 30 days ago if left out"),
            OpenApiParameter("to", OpenApiTypes.DATE, description="last day; today if left out"),
            OpenApiParameter("format", str, enum=list(TYPES), default="csv"),
        ],
        responses={(200, media): kind for media, kind in CONTENT.items()} | PROBLEMS,
    )
    def get(self, request: Request, site_id: int, kind: str) -> StreamingHttpResponse:
        site = self.caller().access_site(site_id, PEOPLE)
        if kind not in export.KINDS:
            raise Http404
        form = request.query_params.get("format", "csv")
        if form not in TYPES:
            raise BadQuery("format", f"expected one of {', '.join(TYPES)}, got {form[:40]!r}")
        zone = ZoneInfo(site.timezone)
        today = datetime.now(UTC).astimezone(zone).date()
        first = request.query_params.get("from") or str(today - timedelta(days=29))
        period = calendar.get_period([first, request.query_params.get("to") or str(today)], zone, datetime.now(UTC))
        blocks = export.get_blocks(kind, Scope(site.pk, period), self.caller().sees_names(site))
        days = {"kind": kind, "from": period.first, "to": period.last, "format": form}
        do_record(self.caller(), Action.EXPORTED, None, site, target=kind, after=days, request=request._request)
        name = f"{site.domain}-{kind}-{period.first}-{period.last}.{form}"
        return StreamingHttpResponse(
            export.write(kind, form, first_of(blocks)),
            content_type=TYPES[form],
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        )


def first_of(blocks: Any) -> Any:
    """The first block is read before the answer begins: what goes wrong at once is told with a status."""
    head = next(blocks, None)

    def all_of_them() -> Any:
        if head is not None:
            yield head
            yield from blocks

    return all_of_them()
