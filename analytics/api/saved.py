"""What is kept on a site, as resources of the API: goals, events, segments, annotations, spend."""

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.pagination import CursorPagination

from accounts.access import LEAST
from accounts.audit import About, Action, do_record
from accounts.models import Role, Site
from analytics.api.authentication import ReadsAndChanges
from analytics.api.views import PROBLEMS, StatsView
from analytics.queries.dimensions import BadQuery
from analytics.saved import cohorts
from analytics.saved.checks import check_goal, check_segment
from analytics.saved.css import filters_of_css
from analytics.saved.history import target_of, told_of
from analytics.saved.models import Annotation, DefinedEvent, ExchangeRate, Goal, Segment, Spend
from analytics.saved.rates import check_code, check_rate

Told = dict[str, Any] | None


class Pages(CursorPagination):
    page_size, page_size_query_param, max_page_size, ordering = 100, "limit", 1000, "-id"


class SavedSerializer(serializers.ModelSerializer[Any]):
    """`check` raises BadQuery, which becomes the answer's error."""

    class Meta:
        fields: tuple[str, ...] = ()

    def check(self, site: Site, data: dict[str, Any]) -> None:
        pass

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        site = self.context["site"]
        names: tuple[str, ...] = self.Meta.fields
        kept = {name: getattr(self.instance, name) for name in names if self.instance and hasattr(self.instance, name)}
        self.check(site, kept | attrs)
        if "name" in attrs:
            alike = self.Meta.model.objects.filter(site=site, name=attrs["name"])
            if alike.exclude(pk=getattr(self.instance, "pk", None)).exists():
                raise serializers.ValidationError({"name": [f"there is one named {attrs['name']!r} already"]})
        return attrs


class GoalSerializer(SavedSerializer):
    class Meta:
        model = Goal
        fields = ("id", "name", "kind", "target", "threshold", "filters", "created_at")
        read_only_fields = ("created_at",)

    def check(self, site: Site, data: dict[str, Any]) -> None:
        check_goal(site, data)


class DefinedEventSerializer(SavedSerializer):
    class Meta:
        model = DefinedEvent
        fields = ("id", "name", "selector", "page", "created_at")
        read_only_fields = ("created_at",)

    def check(self, site: Site, data: dict[str, Any]) -> None:
        filters_of_css(data.get("selector", ""))


class SegmentSerializer(SavedSerializer):
    as_of = serializers.SerializerMethodField(help_text="when the people of a cohort were looked up")

    class Meta:
        model = Segment
        fields = ("id", "name", "kind", "filters", "days", "people", "as_of", "created_at")
        read_only_fields = ("people", "created_at")

    def get_as_of(self, segment: Segment) -> str | None:
        found = cohorts.get_as_of(segment)
        return found.isoformat() if found else None

    def check(self, site: Site, data: dict[str, Any]) -> None:
        check_segment(site, data)

    @transaction.atomic
    def save(self, **kwargs: Any) -> Any:
        """Its people with it, or nothing of it."""
        made = super().save(**kwargs)
        if made.is_cohort:
            cohorts.do_calculate(made)
        return made


class AnnotationSerializer(SavedSerializer):
    class Meta:
        model = Annotation
        fields = ("id", "moment", "text", "link")


class SpendSerializer(SavedSerializer):
    class Meta:
        model = Spend
        fields = ("id", "day", "campaign", "source", "amount", "currency")
        extra_kwargs: ClassVar = {"currency": {"help_text": "the site's if left out"}}

    def check(self, site: Site, data: dict[str, Any]) -> None:
        if data.get("currency"):
            check_code(data["currency"])

    def validate_currency(self, code: str) -> str:
        return "" if code.upper() == self.context["site"].currency else code.upper()

    def create(self, validated_data: dict[str, Any]) -> Any:
        key = {name: validated_data.get(name, "") for name in ("site", "day", "campaign", "source")}
        rest = {"amount": validated_data["amount"], "currency": validated_data.get("currency", "")}
        return Spend.objects.update_or_create(**key, defaults=rest)[0]


class ExchangeRateSerializer(SavedSerializer):
    """One day's rate of a currency is kept once: sent again, it takes the place of the former."""

    class Meta:
        model = ExchangeRate
        fields = ("id", "currency", "day", "rate")
        extra_kwargs: ClassVar = {
            "day": {"help_text": "from this day on, until the next rate"},
            "rate": {"help_text": "what one unit is worth in the site's currency"},
        }

    def validate_currency(self, code: str) -> str:
        return code.upper()

    def check(self, site: Site, data: dict[str, Any]) -> None:
        check_rate(site, data)
        others = ExchangeRate.objects.filter(site=site, currency=data["currency"], day=data["day"])
        if self.instance and others.exclude(pk=self.instance.pk).exists():
            raise BadQuery("day", f"there is a rate of {data['currency']} from {data['day']} already")

    def create(self, validated_data: dict[str, Any]) -> Any:
        key = {name: validated_data[name] for name in ("site", "currency", "day")}
        return ExchangeRate.objects.update_or_create(**key, defaults={"rate": validated_data["rate"]})[0]


class OfSite(StatsView):
    """A kind of saved thing of one site; changing it takes the role analyst and the scope admin."""

    permission_classes = (ReadsAndChanges,)  # type: ignore[assignment]
    pagination_class = Pages
    lookup_url_kwarg = "pk"
    changing_scope = "admin"
    model: ClassVar[type[Model]]

    @cached_property
    def site(self) -> Site:
        changes = self.request.method not in ("GET", "HEAD", "OPTIONS")
        return self.caller().access_site(self.kwargs["site_id"], Role.ANALYST if changes else LEAST)

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.model._default_manager.none()
        return self.model._default_manager.filter(site=self.site)

    def get_serializer_context(self) -> dict[str, Any]:
        fake = getattr(self, "swagger_fake_view", False)
        return {"request": self.request, "view": self, "site": None if fake else self.site}

    def record(self, action: Action, thing: Any, before: Told = None, after: Told = None) -> None:
        target = target_of(str(type(thing)._meta.verbose_name), thing)
        about: About = {"target": target, "before": before, "after": after, "request": self.request._request}
        do_record(self.caller(), action, None, self.site, **about)

    def perform_create(self, serializer: Any) -> None:
        made = serializer.save(site=self.site)
        self.record(Action.SAVED_MADE, made, None, told_of(made))

    def perform_update(self, serializer: Any) -> None:
        before = told_of(self.get_object())
        changed = serializer.save()
        self.record(Action.SAVED_CHANGED, changed, before, told_of(changed))

    def perform_destroy(self, instance: Any) -> None:
        self.record(Action.SAVED_DELETED, instance, told_of(instance))
        if isinstance(instance, Segment):
            cohorts.do_delete(instance)
        else:
            instance.delete()

    def get_object(self) -> Any:
        found = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        return found


def resource(kind: type[Model], shape: type[SavedSerializer], name: str, scope: str = "admin") -> tuple[Any, Any]:
    """The list and the detail view of a kind."""
    words = {"spend": "spend entry"}.get(name, name.replace("_", " "))
    many = f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"
    one_of_them = f"{'an' if words[0] in 'aeiou' else 'a'} {words}"
    told = f"`GET` takes read:stats, the others {scope}."
    listed = extend_schema_view(
        get=extend_schema(
            operation_id=f"list_{name}s",
            summary=f"All {many} of a site",
            description=told,
            responses={200: shape(many=True), **PROBLEMS},
        ),
        post=extend_schema(
            operation_id=f"create_{name}",
            summary=f"Add {one_of_them}",
            description=told,
            responses={201: shape, **PROBLEMS},
        ),
    )(
        type(
            f"{name.title()}sView",
            (OfSite, generics.ListCreateAPIView),
            {"model": kind, "serializer_class": shape, "changing_scope": scope},
        )
    )
    one = extend_schema_view(
        get=extend_schema(operation_id=f"get_{name}", summary=f"One {words}", responses={200: shape, **PROBLEMS}),
        patch=extend_schema(
            operation_id=f"change_{name}", summary=f"Change {one_of_them}", responses={200: shape, **PROBLEMS}
        ),
        delete=extend_schema(
            operation_id=f"delete_{name}", summary=f"Delete {one_of_them}", responses={204: None, **PROBLEMS}
        ),
    )(
        type(
            f"{name.title()}View",
            (OfSite, generics.RetrieveUpdateDestroyAPIView),
            {
                "model": kind,
                "serializer_class": shape,
                "changing_scope": scope,
                "http_method_names": ["get", "patch", "delete", "head", "options"],
            },
        )
    )
    return listed, one


RESOURCES = {
    "goals": resource(Goal, GoalSerializer, "goal"),
    "defined-events": resource(DefinedEvent, DefinedEventSerializer, "defined_event"),
    "segments": resource(Segment, SegmentSerializer, "segment"),
    "annotations": resource(Annotation, AnnotationSerializer, "annotation", "write:events"),
    "spend": resource(Spend, SpendSerializer, "spend"),
    "exchange-rates": resource(ExchangeRate, ExchangeRateSerializer, "exchange_rate"),
}
