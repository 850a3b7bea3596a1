"""The analyses of people as operations of the API: one view each, thin over analytics.queries."""

from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import LEAST, PEOPLE
from accounts.models import Site
from analytics.api import analysis_serializers as shapes
from analytics.api.people import tells_of_single_people
from analytics.api.views import PROBLEMS, StatsView
from analytics.queries import attribution, calendar, experiment, funnel, paths, retention, unconverted
from analytics.queries.people import Scope, check_window
from analytics.queries.span import get_oldest_day
from analytics.saved.resolve import filters_of_site, selector_of_site

Asked = dict[str, Any]
F = TypeVar("F", bound=Callable[..., Any])


def documented(
    operation: str, summary: str, description: str, asks: Any, answers: Any, example: Asked
) -> Callable[[F], F]:
    shown = OpenApiExample(summary, value=example, request_only=True)
    decorate: Callable[[F], F] = extend_schema(
        operation_id=operation, summary=summary, description=description, request=asks,
        responses={200: answers, **PROBLEMS}, examples=[shown],
    )  # fmt: skip
    return decorate


def scope_of(site: Site, asked: Asked) -> Scope:
    zone = ZoneInfo(site.timezone)
    oldest = get_oldest_day(site.pk, zone) if asked["date_range"] == "all" else None
    period = calendar.get_period(asked["date_range"], zone, datetime.now(UTC), oldest)
    return Scope(site.pk, period, filters_of_site(site, asked["filters"]))


def told(result: Any) -> dict[str, Any]:
    return asdict(result) if is_dataclass(result) and not isinstance(result, type) else result


class AnalysisView(StatsView):
    """`ask(scope, asked)` builds and runs the analysis; its result, a dataclass, is the answer."""

    serializer: type[shapes.AnalysisSerializer]
    role = LEAST
    site: Site
    tells_money = False

    def ask(self, scope: Scope, asked: Asked) -> Any:
        raise NotImplementedError

    def post(self, request: Request, site_id: int) -> Response:
        self.site = site = self.caller().access_site(site_id, self.role)
        serializer = self.serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        if tells_of_single_people(request.data):
            self.caller().access_site(site_id, PEOPLE)
        scope = scope_of(site, serializer.validated_data)
        result = told(self.ask(scope, serializer.validated_data))
        meta = {
            "date_range": [scope.period.first, scope.period.last], "timezone": site.timezone, "currency": site.currency,
            "partial": scope.period.is_partial(datetime.now(UTC)),
        }  # fmt: skip
        if self.tells_money:
            meta["unconverted"] = [asdict(one) for one in unconverted.run(scope, "api.unconverted")]
        return Response({**result, "meta": meta})


class FunnelView(AnalysisView):
    serializer = shapes.FunnelSerializer

    @documented(
        "funnel", "How many take one step after another",
        "Per person or session. The first step lies in the period, later ones within the window from it, also after"
        " the period. Who does an excluded event between two steps is left out.",
        shapes.FunnelSerializer, shapes.FunnelResultSerializer,
        {"steps": [{"page": "/pricing"}, "signup", {"event": "purchase", "filters": [["is", "country", ["DE"]]]}],
         "date_range": "30d", "window": "7d"},
    )  # fmt: skip
    def post(self, request: Request, site_id: int) -> Response:
        return super().post(request, site_id)

    def ask(self, scope: Scope, asked: Asked) -> funnel.FunnelResult:
        exclusions = []
        for item in asked["exclusions"]:
            raw = item.get("event") if "page" not in item else {"page": item["page"]}
            raw = {"event": raw} if isinstance(raw, str) else raw
            if isinstance(raw, dict) and item.get("filters"):
                raw = raw | {"filters": item["filters"]}
            before = item["before"] if item["before"] is not None else item["after"] + 1
            exclusions.append(funnel.Exclusion(selector_of_site(self.site, raw, "exclusions"), item["after"], before))
        steps = tuple(selector_of_site(self.site, raw, f"steps.{i}") for i, raw in enumerate(asked["steps"]))
        return funnel.run(
            funnel.Funnel(
                scope,
                steps,
                asked["order"],
                check_window(asked["window"]),
                tuple(exclusions),
                asked["by"],
                asked["breakdown"],
            ),
            "api.funnel",
        )


class RetentionView(AnalysisView):
    serializer = shapes.RetentionSerializer

    @documented(
        "retention", "Who comes back",
        "Cohorts by the calendar of the site. Counts identified people and devices with consent: the others get"
        " a new hash each day.",
        shapes.RetentionSerializer, shapes.RetentionResultSerializer,
        {"start_event": "signup", "return_event": {}, "interval": "week", "intervals": 8, "date_range": "90d"},
    )  # fmt: skip
    def post(self, request: Request, site_id: int) -> Response:
        return super().post(request, site_id)

    def ask(self, scope: Scope, asked: Asked) -> retention.RetentionResult:
        return retention.run(
            retention.Retention(
                scope, selector_of_site(self.site, asked["start_event"], "start_event"),
                selector_of_site(self.site, asked["return_event"], "return_event"),
                asked["interval"], asked["intervals"], asked["type"] == "first_time", asked["count"] == "on_or_after",
            ),
            tag="api.retention",
        )  # fmt: skip


class PathsView(AnalysisView):
    serializer = shapes.PathsSerializer

    @documented(
        "paths", "Where people go",
        "Session by session, repeats in a row taken as one. From a start, up to an end, or from the session's beginning.",
        shapes.PathsSerializer, shapes.PathsResultSerializer,
        {"start": "/pricing", "steps": 4, "cleaning": [{"pattern": "/product/*", "to": "/product/:id"}]},
    )  # fmt: skip
    def post(self, request: Request, site_id: int) -> Response:
        return super().post(request, site_id)

    def ask(self, scope: Scope, asked: Asked) -> paths.PathsResult:
        rules = tuple(paths.Rule(rule["pattern"], rule["to"], rule["regex"]) for rule in asked["cleaning"])
        wanted = paths.Paths(scope, asked["by"], asked["start"], asked["end"], asked["steps"], asked["edges"], rules)
        return paths.run(wanted, "api.paths")


class AttributionView(AnalysisView):
    tells_money = True
    serializer = shapes.AttributionSerializer

    @documented(
        "attribution", "Which sources deserve the conversions",
        "All models side by side. A touch is a session; those of the look-back count, also before the period. The credits of"
        " one conversion sum to 1.",
        shapes.AttributionSerializer, shapes.AttributionResultSerializer,
        {"goal": "purchase", "by": "channel", "lookback": 30, "date_range": "90d"},
    )  # fmt: skip
    def post(self, request: Request, site_id: int) -> Response:
        return super().post(request, site_id)

    def ask(self, scope: Scope, asked: Asked) -> attribution.AttributionResult:
        goal = selector_of_site(self.site, asked["goal"], "goal")
        return attribution.run(attribution.Attribution(scope, goal, asked["by"], asked["lookback"]), "api.attribution")


class ExperimentView(AnalysisView):
    tells_money = True
    serializer = shapes.ExperimentSerializer

    @documented(
        "experiment", "What a variant changes",
        "Exposure is the first event that carries the variant; the metric counts from there. People in several"
        " variants are left out.",
        shapes.ExperimentSerializer, shapes.ExperimentResultSerializer,
        {"experiment": "checkout", "metric": {"type": "conversion", "event": "purchase"}, "stats": "bayesian"},
    )  # fmt: skip
    def post(self, request: Request, site_id: int) -> Response:
        return super().post(request, site_id)

    def ask(self, scope: Scope, asked: Asked) -> experiment.ExperimentResult:
        metric = asked["metric"]
        return experiment.run(
            experiment.Experiment(
                scope,
                asked["experiment"],
                selector_of_site(self.site, metric.get("event", "purchase"), "metric.event"),
                metric.get("type", "conversion"),
                selector_of_site(self.site, metric["per"], "metric.per") if "per" in metric else None,
                asked["control"],
                asked["stats"],
                asked["sequential"],
                asked["weights"],
                asked["breakdown"],
            ),
            "api.experiment",
        )
