from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import PEOPLE
from accounts.keys import Caller
from accounts.models import Site
from analytics.api.authentication import ReadsStats
from analytics.api.limits import PerKey, tagged
from analytics.api.people import query_tells_of_single_people
from analytics.api.serializers import (
    ProblemSerializer,
    QualitySerializer,
    QuerySerializer,
    ResultSerializer,
    SiteSerializer,
)
from analytics.queries import calendar, health, unconverted
from analytics.queries import query as core
from analytics.queries.metrics import METRICS
from analytics.queries.people import Scope, filters_of
from analytics.queries.query import Query, Result
from analytics.queries.span import get_oldest_day
from analytics.saved.resolve import filters_of_site, selector_of_site

PROBLEMS = dict.fromkeys((400, 401, 403, 404, 422, 429, 503), ProblemSerializer)
SAMPLED = "The site keeps a sample of its visitors or events; counts are scaled up to all of them, as an estimate."
CROWDED = "Visitors without consent are counted anew each day, so over more than one day they are more than the people."


class StatsView(APIView):
    permission_classes = (ReadsStats,)
    throttle_classes = (PerKey,)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """How much of the key's allowance is left, and a tag: who sends it back is told 304 while nothing has changed."""
        made = super().finalize_response(request, response, *args, **kwargs)
        for name, value in getattr(request, "allowance", {}).items():
            made.headers[name] = value
        return tagged(request, made)

    def caller(self) -> Caller:
        if not isinstance(self.request.auth, Caller):
            raise NotAuthenticated
        return self.request.auth


class SitesView(StatsView):
    @extend_schema(operation_id="list_sites", summary="The sites of the key's team", responses={
        200: SiteSerializer(many=True), 401: ProblemSerializer, 403: ProblemSerializer})  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(SiteSerializer(self.caller().sites(), many=True).data)


class SiteView(StatsView):
    @extend_schema(operation_id="get_site", summary="One site", responses={200: SiteSerializer, **PROBLEMS})
    def get(self, request: Request, site_id: int) -> Response:
        return Response(SiteSerializer(self.caller().access_site(site_id)).data)


class QueryView(StatsView):
    @extend_schema(
        operation_id="query_site",
        summary="Any metrics by any dimensions",
        description=(
            "The figures of the pages, by the same definitions. Rates are in percent, durations in seconds, vitals in"
            " milliseconds. A session belongs to the moment of its first event. A rate of nothing is null."
        ),
        request=QuerySerializer,
        responses={200: ResultSerializer, **PROBLEMS},
        examples=[
            OpenApiExample(
                "Sources of a week, compared",
                value={
                    "metrics": ["visitors", "bounce_rate"], "dimensions": ["source"], "date_range": "7d",
                    "filters": [["is", "country", ["DE"]]], "compare": "previous_period", "limit": 10,
                },
                request_only=True,
            ),
            OpenApiExample(
                "Visitors by day", request_only=True,
                value={"metrics": ["visitors"], "dimensions": ["day"], "date_range": ["2026-01-01", "2026-01-31"]},
            ),
        ],
    )  # fmt: skip
    def post(self, request: Request, site_id: int) -> Response:
        site = self.caller().access_site(site_id)
        asked = QuerySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        now = datetime.now(UTC)
        query = build(site, asked.validated_data, now)
        if query_tells_of_single_people(query, asked.validated_data):
            self.caller().access_site(site_id, PEOPLE)
        return Response(answer(site, query, core.run(query, now, "api.query")))


class QualityView(StatsView):
    @extend_schema(
        operation_id="get_quality",
        summary="Data quality of the last 24 hours",
        description="What became of every event that arrived, and the quality score with its three factors.",
        responses={200: QualitySerializer, **PROBLEMS},
    )
    def get(self, request: Request, site_id: int) -> Response:
        site, now = self.caller().access_site(site_id), datetime.now(UTC)
        quality, since = health.get_quality(site.pk, now), now - timedelta(hours=24)
        shares = ("score", "valid", "completeness", "freshness", "delay_p50", "delay_p95", "received")
        told: dict[str, Any] = {name: getattr(quality, name) for name in shares}
        told["outcomes"] = [
            {"outcome": item.outcome, "reason": item.reason, "events": item.events}
            for item in health.get_reasons(site.pk, since)
        ]
        return Response({**told, "since": since})


def build(site: Site, asked: dict[str, Any], now: datetime) -> Query:
    zone = ZoneInfo(site.timezone)
    oldest = get_oldest_day(site.pk, zone) if asked["date_range"] == "all" else None
    period = calendar.get_period(asked["date_range"], zone, now, oldest)
    dimensions = tuple(asked["dimensions"])
    if asked.get("interval") and asked["interval"] not in dimensions:
        dimensions += (asked["interval"],)
    return Query(
        site_id=site.pk,
        period=period,
        metrics=tuple(asked["metrics"]),
        dimensions=dimensions,
        filters=filters_of_site(site, asked["filters"]),
        compare=calendar.compare_to(period, asked.get("compare") or "", asked["match_weekday"]),
        order_by=tuple((name, way) for name, way in asked["order_by"]),
        limit=asked["limit"],
        offset=asked["offset"],
        goal=filters_of(selector_of_site(site, asked["goal"], "goal")),
    )


def plain(values: list[Any]) -> list[Any]:
    """Money was added up as decimals; the shortest text of the float is the same decimal again."""
    return [float(value) if isinstance(value, Decimal) else value for value in values]


def answer(site: Site, query: Query, result: Result) -> dict[str, Any]:
    rows = []
    for row in result.rows:
        shown: dict[str, Any] = {"dimensions": row.dimensions, "metrics": plain(row.metrics)}
        if row.comparison is not None:
            shown["comparison"] = plain(row.comparison)
        if query.interval:
            shown["partial"] = row.partial
        rows.append(shown)
    notes = [CROWDED] if "visitors" in query.metrics and query.period.days > 1 else []
    notes += [SAMPLED] if result.sampled else []
    meta = {
        "partial": result.partial, "timezone": site.timezone, "currency": site.currency, "watermark": result.watermark,
        "date_range": [query.period.first, query.period.last], "metrics": query.metrics, "dimensions": query.dimensions,
        "has_more": result.has_more, "notes": notes, "sampled": result.sampled,
    }  # fmt: skip
    if any(METRICS[name].unit == "money" for name in query.metrics):
        scope = Scope(site.pk, query.period, query.filters)
        meta["unconverted"] = [asdict(one) for one in unconverted.run(scope, "api.unconverted")]
    more: dict[str, Any] = {}
    if query.compare:
        meta["compared_with"] = [query.compare.first, query.compare.last]
        more["comparison_totals"] = plain(result.comparison_totals or [])
    return {"results": rows, "totals": plain(result.totals), **more, "meta": meta}
