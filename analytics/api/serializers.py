"""What the API takes and answers, for checking and for the schema."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from analytics.queries.calendar import COMPARISONS, INTERVALS, NAMED
from analytics.queries.dimensions import DIMENSIONS
from analytics.queries.health import OUTCOMES
from analytics.queries.metrics import METRICS


class SiteSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    domain = serializers.CharField()
    timezone = serializers.CharField()
    currency = serializers.CharField()
    site_key = serializers.CharField()


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string", "format": "date"}}]})
class Dates(serializers.Field[Any, Any, Any, Any]):
    """A name, or a list of two dates."""

    def to_internal_value(self, data: Any) -> Any:
        pair = isinstance(data, list) and len(data) == 2 and all(isinstance(day, str) for day in data)
        if isinstance(data, str) or pair:
            return data
        raise serializers.ValidationError(f"expected a name or [first, last], got {str(data)[:80]!r}")


@extend_schema_field({"type": "array", "items": {"type": "array", "items": {}}})
class Filters(serializers.Field[Any, Any, Any, Any]):
    """Checked by analytics.queries.filters, whose errors say more."""

    def to_internal_value(self, data: Any) -> Any:
        return data


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "object"}]})
class Goal(serializers.Field[Any, Any, Any, Any]):
    """Checked by analytics.queries.people."""

    def to_internal_value(self, data: Any) -> Any:
        return data


class Strict(serializers.Serializer[Any]):
    """Refuses what it does not know: a filter that is misspelt would answer with everything."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := [str(name)[:40] for name in data if name not in self.fields]):
            told = f"not known here; expected some of {', '.join(self.fields)}"
            raise serializers.ValidationError({name: [told] for name in unknown[:1]})
        return super().to_internal_value(data)


class QuerySerializer(Strict):
    metrics = serializers.ListField(
        child=serializers.CharField(), min_length=1, max_length=len(METRICS), help_text=f"From {', '.join(METRICS)}."
    )
    dimensions = serializers.ListField(
        child=serializers.CharField(), default=list, max_length=4,
        help_text=f"From {', '.join(DIMENSIONS)}, props.NAME, and one of {', '.join(INTERVALS)}.",
    )  # fmt: skip
    date_range = Dates(
        default="7d", help_text=f"{', '.join(NAMED)}, Nd, a date, or [first, last], in the site's time zone."
    )
    interval = serializers.ChoiceField(
        INTERVALS, required=False, allow_null=True, help_text="Adds this time bucket as a dimension."
    )
    filters = Filters(
        default=list, help_text='As in [["is", "country", ["DE"]], ["not", ["contains", "path", ["/blog"]]]].'
    )
    compare = Dates(
        required=False, allow_null=True, help_text=f"{', '.join(k for k in COMPARISONS if k)}, or [first, last]."
    )
    match_weekday = serializers.BooleanField(default=False, help_text="Compare Mondays with Mondays.")
    order_by = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2), default=list,
        help_text='As in [["visitors", "desc"]].',
    )  # fmt: skip
    goal = Goal(default="purchase", help_text=(
        'What conversions count: an event type, or {"event" or "page", "filters"}.'))  # fmt: skip
    limit = serializers.IntegerField(default=100, min_value=1, max_value=10_000)
    offset = serializers.IntegerField(default=0, min_value=0, max_value=2**31)


class RowSerializer(serializers.Serializer[Any]):
    dimensions = serializers.ListField(child=serializers.CharField())
    metrics = serializers.ListField(child=serializers.FloatField(allow_null=True))
    comparison = serializers.ListField(child=serializers.FloatField(allow_null=True), required=False)
    partial = serializers.BooleanField(required=False, help_text="The bucket has not ended yet.")  # type: ignore[assignment]


UNCONVERTED_HELP = "Purchases less refunds in currencies without an exchange rate; they are in none of the figures."


class UnconvertedSerializer(serializers.Serializer[Any]):
    currency = serializers.CharField()
    revenue = serializers.FloatField(help_text="in this currency")
    orders = serializers.IntegerField()


class MetaSerializer(serializers.Serializer[Any]):
    partial = serializers.BooleanField(help_text="The period has not ended yet.")  # type: ignore[assignment]
    timezone = serializers.CharField()
    currency = serializers.CharField()
    watermark = serializers.DateTimeField(
        allow_null=True, help_text="When the newest event of the last 7 days arrived."
    )
    date_range = serializers.ListField(child=serializers.DateField())
    compared_with = serializers.ListField(child=serializers.DateField(), required=False)
    metrics = serializers.ListField(child=serializers.CharField())
    dimensions = serializers.ListField(child=serializers.CharField())
    has_more = serializers.BooleanField()
    sampled = serializers.BooleanField(help_text="counts are scaled up from a sample, as an estimate")
    notes = serializers.ListField(child=serializers.CharField())
    unconverted = UnconvertedSerializer(many=True, required=False, help_text=UNCONVERTED_HELP)


class OutcomeSerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    reason = serializers.CharField(allow_blank=True, help_text="empty for what is stored at once")
    events = serializers.IntegerField()


class QualitySerializer(serializers.Serializer[Any]):
    score = serializers.FloatField(allow_null=True, help_text="valid x completeness x freshness, 0 to 1")
    valid = serializers.FloatField(allow_null=True, help_text="share of what arrived that was not rejected")
    completeness = serializers.FloatField(allow_null=True, help_text="1 - gaps in the script's numbering / expected")
    freshness = serializers.FloatField(allow_null=True, help_text="share that could be seen within 60 s")
    delay_p50 = serializers.FloatField(allow_null=True, help_text="seconds from arrival to being visible")
    delay_p95 = serializers.FloatField(allow_null=True)
    received = serializers.IntegerField(help_text="sum of all outcomes, replays not counted again")
    outcomes = OutcomeSerializer(many=True)
    since = serializers.DateTimeField()


class ResultSerializer(serializers.Serializer[Any]):
    results = RowSerializer(many=True)
    totals = serializers.ListField(child=serializers.FloatField(allow_null=True))
    comparison_totals = serializers.ListField(child=serializers.FloatField(allow_null=True), required=False)
    meta = MetaSerializer()


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(required=False)


class ProblemSerializer(serializers.Serializer[Any]):
    error = ErrorSerializer()
