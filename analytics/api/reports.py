"""More analyses as operations of the API, thin over analytics.queries; their answers are described by the results' types."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import PEOPLE
from accounts.audit import Action, do_record
from analytics.api.analyses import AnalysisView, Asked, documented
from analytics.api.analysis_serializers import SELECTOR_HELP, AnalysisSerializer, Events, FunnelSerializer
from analytics.api.authentication import ReadsEvents
from analytics.api.shapes import answer_of
from analytics.queries import (
    attribution,
    customers,
    engagement,
    errors,
    forecast,
    funnel,
    goals,
    lifecycle,
    ltv,
    money,
    trends,
    vitals,
)
from analytics.queries.calendar import INTERVALS
from analytics.queries.people import Scope, check_window
from analytics.saved.preferences import get_formula
from analytics.saved.resolve import goal_selector, selector_of_site
from analytics.saved.spend import get_spend, get_unconverted_spend


class SeriesSerializer(serializers.Serializer[Any]):
    event = Events(default=dict, help_text=SELECTOR_HELP)
    measure = serializers.ChoiceField(list(trends.MEASURES), default="events")
    of = serializers.CharField(
        default="", allow_blank=True, help_text="The property that sum, mean … are of: props.NAME."
    )


class TrendsSerializer(AnalysisSerializer):
    series = SeriesSerializer(many=True, help_text="1 to 8.")
    interval = serializers.ChoiceField(INTERVALS, default="day")
    breakdown = serializers.CharField(default="", allow_blank=True, help_text="A dimension.")
    formula = serializers.CharField(default="", allow_blank=True, max_length=200, help_text="Over A, B …: 100 * B / A.")
    groups = serializers.IntegerField(default=8, help_text="At most so many values of the breakdown, 1 to 25.")


class TrendsView(AnalysisView):
    tells_money = True
    serializer = TrendsSerializer

    @documented(
        "trends", "Any event over time", "Counted or measured, by a dimension, combined by a formula.", TrendsSerializer,
        answer_of("Trends", buckets=list[str], partial=list[bool], lines=list[trends.Line], groups_left_out=int),
        {"series": [{"event": "signup", "measure": "people"}, {"event": {}, "measure": "people"}], "formula": "100 * A / B"},
    )  # fmt: skip
    def post(self, request: Request, site_id: int) -> Response:
        return super().post(request, site_id)

    def ask(self, scope: Scope, asked: Asked) -> Any:
        series = tuple(
            trends.Series(selector_of_site(self.site, one["event"], f"series.{i}.event"), one["measure"], one["of"])
            for i, one in enumerate(asked["series"])
        )
        wanted = trends.Trends(scope, series, asked["interval"], asked["breakdown"], asked["formula"], asked["groups"])
        return trends.run(wanted, tag="api.trends")


class IntervalSerializer(AnalysisSerializer):
    interval = serializers.ChoiceField(lifecycle.INTERVALS, default="week")


class LifecycleView(AnalysisView):
    serializer = IntervalSerializer

    @documented(
        "lifecycle",
        "New, returning, resurrecting and dormant people",
        "By interval, of identified people and devices with consent.",
        IntervalSerializer,
        answer_of("Lifecycle", stages=list[lifecycle.Stage]),
        {"interval": "week", "date_range": "90d"},
    )
    def post(self, request: Request, site_id: int) -> Response:
        return super().post(request, site_id)

    def ask(self, scope: Scope, asked: Asked) -> Any:
        stages = lifecycle.run(scope.site_id, scope.period, asked["interval"], scope.filters)
        return {"stages": [asdict(stage) for stage in stages]}


class EngagementView(AnalysisView):
    serializer = AnalysisSerializer

    @documented(
        "engagement",
        "Engagement score by week",
        "0 to 100 per person and week, by the formula of the site, which is in the answer.",
        AnalysisSerializer,
        answer_of("Engagement", formula=str, weeks=list[engagement.Week]),
        {"date_range": "90d"},
    )
    def post(self, request: Request, site_id: int) -> Response:
        return super().post(request, site_id)

    def ask(self, scope: Scope, asked: Asked) -> Any:
        formula = get_formula(self.site)
        return {"formula": formula.text, "weeks": [asdict(week) for week in engagement.run(scope, formula)]}


class LtvSerializer(AnalysisSerializer):
    by = serializers.ChoiceField(ltv.BY, default="cohort")
    interval = serializers.ChoiceField(lifecycle.INTERVALS, default="month")
    of = serializers.ChoiceField(("people", "customers"), default="people")
    days = serializers.ListField(child=serializers.IntegerField(), default=list(ltv.DAYS), max_length=20)
    forecast_days = serializers.IntegerField(
        default=0, min_value=0, max_value=730, help_text="Also forecast so many days."
    )


class LtvView(AnalysisView):
    tells_money = True
    serializer = LtvSerializer

    @documented(
        "ltv",
        "Lifetime value",
        "Observed cumulative revenue per person of a cohort after n days; a forecast (BG/NBD with Gamma-Gamma) is apart.",
        LtvSerializer,
        answer_of("Ltv", rows=list[ltv.LtvRow], forecast=forecast.Forecast | None),
        {"by": "channel", "days": [7, 30, 90], "date_range": "year"},
    )
    def post(self, request: Request, site_id: int) -> Response:
        return super().post(request, site_id)

    def ask(self, scope: Scope, asked: Asked) -> Any:
        wanted = ltv.Ltv(scope, asked["by"], asked["interval"], asked["of"], tuple(asked["days"]))
        rows = ltv.run(wanted, tag="api.ltv")
        ahead = forecast.run(scope, asked["forecast_days"]) if asked["forecast_days"] else None
        return {"rows": [asdict(row) for row in rows], "forecast": asdict(ahead) if ahead else None}


class CustomersSerializer(AnalysisSerializer):
    interval = serializers.ChoiceField(("day", "week", "month"), default="month")


class CustomersView(AnalysisView):
    tells_money = True
    serializer = CustomersSerializer

    @documented(
        "customers",
        "New against returning customers",
        "A customer is new in the interval of their first purchase ever, if that lies in the range: in a first interval that"
        " the range cuts, who bought first in the part before it is returning.",
        CustomersSerializer,
        answer_of("Customers", buckets=list[customers.Bucket], new=customers.Sales, returning=customers.Sales),
        {"interval": "month", "date_range": "year"},
    )
    def post(self, request: Request, site_id: int) -> Response:
        return super().post(request, site_id)

    def ask(self, scope: Scope, asked: Asked) -> Any:
        return customers.run(scope, asked["interval"], tag="api.customers")


class CampaignsSerializer(AnalysisSerializer):
    model = serializers.ChoiceField(list(attribution.MODELS), default="last_touch")
    goal = Events(default="purchase", help_text=SELECTOR_HELP)


class CampaignsView(AnalysisView):
    tells_money = True
    serializer = CampaignsSerializer

    @documented(
        "campaigns",
        "Spend, CAC, ROAS and ROI",
        "By utm_campaign, with the spend that was entered or imported.",
        CampaignsSerializer,
        answer_of("Campaigns", rows=list[money.Campaign], total=money.Campaign, unconverted_spend=dict[str, Decimal]),
        {"model": "linear", "date_range": "90d"},
    )
    def post(self, request: Request, site_id: int) -> Response:
        return super().post(request, site_id)

    def ask(self, scope: Scope, asked: Asked) -> Any:
        goal = selector_of_site(self.site, asked["goal"], "goal")
        rows, total = money.run(scope, get_spend(self.site, scope.period), asked["model"], goal)
        apart = {code: float(amount) for code, amount in get_unconverted_spend(self.site, scope.period).items()}
        return {"rows": [asdict(row) for row in rows], "total": asdict(total), "unconverted_spend": apart}


class ConversionsView(AnalysisView):
    tells_money = True
    serializer = AnalysisSerializer

    @documented(
        "conversions",
        "All goals of the site side by side",
        "People, conversions, revenue and rate of each.",
        AnalysisSerializer,
        answer_of("Conversions", goals=list[goals.Achieved]),
        {"date_range": "30d"},
    )
    def post(self, request: Request, site_id: int) -> Response:
        return super().post(request, site_id)

    def ask(self, scope: Scope, asked: Asked) -> Any:
        wanted = [goal_selector(goal) for goal in self.site.goals.all()]
        return {"goals": [asdict(one) for one in goals.run(scope, wanted, tag="api.conversions")]}


class ErrorsView(AnalysisView):
    serializer = AnalysisSerializer

    @documented(
        "errors", "Errors, grouped", "By type, message without numbers and ids, and top in-app frame.", AnalysisSerializer,
        answer_of("Errors", groups=list[errors.ErrorGroup]), {"date_range": "7d"},
    )  # fmt: skip
    def post(self, request: Request, site_id: int) -> Response:
        return super().post(request, site_id)

    def ask(self, scope: Scope, asked: Asked) -> Any:
        return {"groups": [asdict(group) for group in errors.run(scope, 200, "api.errors")]}


class VitalsSerializer(AnalysisSerializer):
    by = serializers.CharField(default="path", help_text="A dimension.")
    limit = serializers.IntegerField(default=50, min_value=1, max_value=1000)


class VitalsView(AnalysisView):
    serializer = VitalsSerializer

    @documented(
        "vitals",
        "Web vitals",
        "Median, 75th and 95th percentile by page, device, country …; None below 50 samples.",
        VitalsSerializer,
        answer_of("Vitals", total=vitals.VitalsRow, rows=list[vitals.VitalsRow]),
        {"by": "device_type", "date_range": "28d"},
    )
    def post(self, request: Request, site_id: int) -> Response:
        return super().post(request, site_id)

    def ask(self, scope: Scope, asked: Asked) -> Any:
        total, rows = vitals.run(scope, asked["by"], asked["limit"], "api.vitals")
        return {"total": asdict(total), "rows": [asdict(row) for row in rows]}


class FunnelPeopleSerializer(FunnelSerializer):
    step = serializers.IntegerField(default=1, help_text="Who took this step, from 1.")
    dropped = serializers.BooleanField(default=False, help_text="And none after it.")
    limit = serializers.IntegerField(default=100, min_value=1, max_value=10_000)


class FunnelPeopleView(AnalysisView):
    serializer = FunnelPeopleSerializer
    role = PEOPLE
    permission_classes = (ReadsEvents,)  # type: ignore[assignment]

    @documented(
        "funnel_people",
        "The people of a funnel's step",
        "The latest first. Takes the scope read:events. Traits that name people are masked for viewers.",
        FunnelPeopleSerializer,
        answer_of("FunnelPeople", people=list[funnel.FunnelPerson]),
        {"steps": ["signup", "purchase"], "step": 1, "dropped": True},
    )
    def post(self, request: Request, site_id: int) -> Response:
        return super().post(request, site_id)

    def ask(self, scope: Scope, asked: Asked) -> Any:
        steps = tuple(selector_of_site(self.site, raw, f"steps.{i}") for i, raw in enumerate(asked["steps"]))
        wanted = funnel.Funnel(scope, steps, asked["order"], check_window(asked["window"]))
        found = funnel.get_people(wanted, asked["step"], asked["dropped"], asked["limit"], "api.funnel.people")
        found = funnel.put_traits(self.site.pk, found, self.caller().sees_names(self.site))
        seen = {"step": asked["step"], "people": len(found)}
        do_record(
            self.caller(),
            Action.PEOPLE_VIEWED,
            None,
            self.site,
            target="funnel",
            after=seen,
            request=self.request._request,
        )
        return {"people": [asdict(person) for person in found]}
