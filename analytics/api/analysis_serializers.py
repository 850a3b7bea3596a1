"""What the analyses take and answer, for checking and for the schema."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from analytics.api.serializers import UNCONVERTED_HELP, Dates, Filters, Strict, UnconvertedSerializer
from analytics.queries import attribution, experiment, funnel

SELECTOR = {
    "oneOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {
                "event": {"type": "string"}, "page": {"type": "string"}, "name": {"type": "string"},
                "filters": {"type": "array", "items": {"type": "array", "items": {}}},
            },
            "additionalProperties": False,
        },
    ]
}  # fmt: skip
SELECTOR_HELP = 'An event type as in "purchase", or {"event" or "page", "filters", "name"}; {} is any event.'


@extend_schema_field(SELECTOR)
class Events(serializers.Field[Any, Any, Any, Any]):
    """Which events are meant; checked by analytics.queries.people, whose errors say more."""

    def to_internal_value(self, data: Any) -> Any:
        return data


class AnalysisSerializer(Strict):
    date_range = Dates(default="30d", help_text="As in query: a name, Nd, a date, or [first, last].")
    filters = Filters(default=list, help_text="As in query; only events that fit are looked at.")


class ExclusionSerializer(Strict):
    event = Events(required=False, help_text=SELECTOR_HELP)
    page = serializers.CharField(required=False)
    filters = Filters(required=False)
    after = serializers.IntegerField(default=1, help_text="The step after which it counts, from 1.")
    before = serializers.IntegerField(
        default=None, allow_null=True, help_text="The step before which it counts; the next if left out."
    )


class FunnelSerializer(AnalysisSerializer):
    steps = serializers.ListField(child=Events(), max_length=50, help_text=f"2 to 20. {SELECTOR_HELP}")
    order = serializers.ChoiceField(funnel.ORDERS, default="ordered", help_text=(
        "ordered: others may lie between; strict: none may; unordered: any order."))  # fmt: skip
    window = serializers.CharField(
        default="14d", max_length=20, help_text="From the first step, as in 14d, 36h or 30m."
    )
    exclusions = ExclusionSerializer(many=True, default=list, help_text="Who does this between two steps is left out.")
    by = serializers.ChoiceField(("person", "session"), default="person")
    breakdown = serializers.CharField(default="", allow_blank=True, help_text="A dimension, of the first step.")


class StepSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    people = serializers.IntegerField(help_text="or sessions")
    share_of_first = serializers.FloatField(allow_null=True, help_text="percent")
    share_of_previous = serializers.FloatField(allow_null=True, help_text="percent")
    dropped = serializers.IntegerField(help_text="since the previous step")
    mean_seconds = serializers.FloatField(allow_null=True, help_text="from the previous step")
    median_seconds = serializers.FloatField(allow_null=True)


class AboutSerializer(serializers.Serializer[Any]):
    date_range = serializers.ListField(child=serializers.DateField())
    timezone = serializers.CharField()
    currency = serializers.CharField()
    partial = serializers.BooleanField(help_text="the period has not ended yet")  # type: ignore[assignment]
    unconverted = UnconvertedSerializer(many=True, required=False, help_text=UNCONVERTED_HELP)


class FunnelResultSerializer(serializers.Serializer[Any]):
    steps = StepSerializer(many=True)
    excluded = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True, help_text="from the first to the last step")
    groups = serializers.DictField(child=StepSerializer(many=True))
    meta = AboutSerializer()


class RetentionSerializer(AnalysisSerializer):
    start_event = Events(default=dict, help_text=f"Makes the cohort. {SELECTOR_HELP}")
    return_event = Events(default=dict, help_text=SELECTOR_HELP)
    interval = serializers.ChoiceField(("day", "week", "month"), default="day")
    intervals = serializers.IntegerField(default=7, help_text="How many after the first, 1 to 60.")
    type = serializers.ChoiceField(("first_time", "recurring"), default="first_time")
    count = serializers.ChoiceField(("on", "on_or_after"), default="on")


class CellSerializer(serializers.Serializer[Any]):
    people = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True, help_text="percent of the cohort")
    complete = serializers.BooleanField(help_text="the interval has ended")


class CohortSerializer(serializers.Serializer[Any]):
    first = serializers.DateField(help_text="first day of the interval")
    people = serializers.IntegerField()
    cells = CellSerializer(many=True)


class RetentionResultSerializer(serializers.Serializer[Any]):
    cohorts = CohortSerializer(many=True)
    averages = serializers.ListField(
        child=serializers.FloatField(allow_null=True), help_text="percent, complete cells alone"
    )
    reason = serializers.CharField(allow_blank=True, help_text="why it is empty")
    meta = AboutSerializer()


class RuleSerializer(serializers.Serializer[Any]):
    pattern = serializers.CharField(max_length=1000)
    to = serializers.CharField(max_length=1000, allow_blank=True)
    regex = serializers.BooleanField(default=False)


class PathsSerializer(AnalysisSerializer):
    by = serializers.ChoiceField(("page", "event"), default="page")
    start = serializers.CharField(default="", allow_blank=True, max_length=2000, help_text="Paths that begin here …")
    end = serializers.CharField(default="", allow_blank=True, max_length=2000, help_text="… or that end here.")
    steps = serializers.IntegerField(default=5, help_text="2 to 20")
    edges = serializers.IntegerField(default=50, help_text='1 to 500; the rest is "(other)"')
    cleaning = RuleSerializer(
        many=True, default=list, help_text='As in {"pattern": "/product/*", "to": "/product/:id"}.'
    )


class EdgeSerializer(serializers.Serializer[Any]):
    step = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]
    target = serializers.CharField(help_text='"(exit)" where the session went no further')
    sessions = serializers.IntegerField()
    people = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True)


class PathsResultSerializer(serializers.Serializer[Any]):
    edges = EdgeSerializer(many=True)
    sessions = serializers.IntegerField(help_text="with an end: those that came to it from somewhere")
    hidden = serializers.IntegerField(help_text='edges within "(other)"')
    meta = AboutSerializer()


class AttributionSerializer(AnalysisSerializer):
    goal = Events(default="purchase", help_text=SELECTOR_HELP)
    by = serializers.ChoiceField(attribution.DIMENSIONS, default="channel")
    lookback = serializers.IntegerField(default=30, help_text="days, 1 to 90")


class CreditSerializer(serializers.Serializer[Any]):
    conversions = serializers.FloatField()
    revenue = serializers.FloatField()


class AttributionRowSerializer(serializers.Serializer[Any]):
    value = serializers.CharField(allow_blank=True)
    touches = serializers.IntegerField(help_text="sessions in the period")
    credits = serializers.DictField(child=CreditSerializer(), help_text=f"by model: {', '.join(attribution.MODELS)}")


class TouchPathSerializer(serializers.Serializer[Any]):
    touches = serializers.ListField(child=serializers.CharField(allow_blank=True))
    conversions = serializers.IntegerField()


class AttributionResultSerializer(serializers.Serializer[Any]):
    rows = AttributionRowSerializer(many=True)
    conversions = serializers.IntegerField()
    revenue = serializers.FloatField()
    untouched = serializers.IntegerField(help_text="conversions without a touch in the look-back")
    paths = TouchPathSerializer(many=True, help_text="the commonest")
    meta = AboutSerializer()


class MetricSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(experiment.KINDS, default="conversion")
    event = Events(default="purchase", help_text=SELECTOR_HELP)
    per = Events(required=False, help_text="What a ratio divides by.")


class ExperimentSerializer(AnalysisSerializer):
    experiment = serializers.CharField(max_length=200, help_text="A key of ab_test_variants.")
    metric = MetricSerializer(default=dict)
    control = serializers.CharField(default="", allow_blank=True, max_length=200)
    stats = serializers.ChoiceField(("bayesian", "frequentist"), default="bayesian")
    sequential = serializers.BooleanField(default=False)
    weights = serializers.DictField(
        child=serializers.FloatField(), default=dict, help_text="intended shares; equal if left out"
    )
    breakdown = serializers.CharField(default="", allow_blank=True)


class VariantSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    people = serializers.IntegerField()
    conversions = serializers.IntegerField()
    mean = serializers.FloatField()
    effect = serializers.FloatField(allow_null=True, help_text="share: 0.1 is 10 % more than the control")
    interval = serializers.ListField(child=serializers.FloatField(), allow_null=True, help_text="95 %")
    chance_to_win = serializers.FloatField(allow_null=True)
    risk = serializers.FloatField(allow_null=True, help_text="expected loss, as a share of the control")
    p_value = serializers.FloatField(allow_null=True)


class ExperimentResultSerializer(serializers.Serializer[Any]):
    variants = VariantSerializer(many=True)
    control = serializers.CharField(allow_blank=True)
    test = serializers.CharField()
    enough = serializers.BooleanField(help_text="100 people and 25 conversions in each variant")
    winner = serializers.CharField(allow_blank=True)
    mismatch_p = serializers.FloatField(allow_null=True)
    mismatch = serializers.BooleanField(help_text="sample ratio mismatch, p < 0.001")
    in_several = serializers.IntegerField(help_text="people in more than one variant, left out")
    groups = serializers.DictField(child=VariantSerializer(many=True))
    meta = AboutSerializer()
