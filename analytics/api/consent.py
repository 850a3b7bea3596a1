"""Consent: the log, its counts, a proof by consent id, the history of settings and texts, the text of the privacy notice."""

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.audit import Action, do_record, record_change
from analytics.api.privacy import PrivacyView
from analytics.api.views import PROBLEMS
from analytics.privacy import consent_log, history
from analytics.privacy.collected import get_collected
from analytics.privacy.consent_forms import LANGUAGE, MOST_LANGUAGES, MOST_TEXT
from analytics.privacy.models import ConsentText, SettingsVersion
from analytics.privacy.notice import FORMS, sections_of

Data = dict[str, Any]


class LogAskSerializer(serializers.Serializer[Any]):
    cursor = serializers.IntegerField(required=False, min_value=1, max_value=2**42, help_text="As `next` said.")
    limit = serializers.IntegerField(default=100, min_value=1, max_value=1000)


class CountsAskSerializer(serializers.Serializer[Any]):
    days = serializers.IntegerField(default=30, min_value=1, max_value=1095)


class ConsentEntrySerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    answer = serializers.ChoiceField(consent_log.ANSWERS)
    consent_mode = serializers.CharField(source="mode")
    settings_version = serializers.IntegerField(source="version", help_text="0: the sender did not say")
    text_version = serializers.IntegerField(source="text", help_text="0: there was none, or the sender did not say")
    language = serializers.CharField(allow_blank=True)
    categories = serializers.ListField(child=serializers.CharField())
    receipt_hash = serializers.CharField(source="receipt", allow_blank=True, help_text="keyed hash of the consent id")


class ConsentLogSerializer(serializers.Serializer[Any]):
    results = ConsentEntrySerializer(many=True)
    next = serializers.IntegerField(allow_null=True, help_text="The cursor of the next page; null on the last.")


class ConsentDaySerializer(serializers.Serializer[Any]):
    day = serializers.DateField(help_text="in the site's time zone")
    granted = serializers.IntegerField()
    denied = serializers.IntegerField()
    withdrawn = serializers.IntegerField()


class ProofAskSerializer(serializers.Serializer[Any]):
    consent_id = serializers.CharField(max_length=64)


class ProofSerializer(ConsentEntrySerializer):
    wording = serializers.CharField(allow_blank=True, help_text="the text that was agreed to")


class SettingsVersionSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    author = serializers.CharField()
    settings = serializers.JSONField()


class ConsentTextSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    author = serializers.CharField(read_only=True)
    texts = serializers.DictField(
        child=serializers.CharField(max_length=MOST_TEXT), help_text="by language: en, pt-BR; all that hold from now on"
    )

    def validate_texts(self, texts: Data) -> Data:
        wrong = [tag for tag in texts if not LANGUAGE.fullmatch(tag)]
        if wrong or len(texts) > MOST_LANGUAGES:
            raise serializers.ValidationError(f"Expected at most {MOST_LANGUAGES} languages such as en or pt-BR.")
        if any("\x00" in text for text in texts.values()):
            raise serializers.ValidationError("Expected texts without a null character.")
        return texts


class ConsentHistorySerializer(serializers.Serializer[Any]):
    settings = SettingsVersionSerializer(many=True)
    texts = ConsentTextSerializer(many=True)


class CollectedItemSerializer(serializers.Serializer[Any]):
    what = serializers.CharField()
    why = serializers.CharField()
    kept = serializers.CharField()
    basis = serializers.CharField()


class NoticeSerializer(serializers.Serializer[Any]):
    items = CollectedItemSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())
    txt = serializers.CharField()
    md = serializers.CharField()
    html = serializers.CharField()


def told(entry: consent_log.Entry) -> Data:
    return dict(ConsentEntrySerializer(entry).data)


ENTRY = {
    "at": "2026-03-01T09:30:00.120Z", "answer": "granted", "consent_mode": "anonymous", "settings_version": 4,
    "text_version": 2, "language": "de", "categories": ["statistics"], "receipt_hash": "0f3c9a8e5d7b4c2a1e6f8091a2b3c4d5",
}  # fmt: skip


class ConsentLogView(PrivacyView):
    @extend_schema(
        operation_id="list_consents",
        summary="The consent log, newest first",
        description="What was agreed to, when, and to which versions; nothing of who it was. Takes the scope admin.",
        parameters=[LogAskSerializer],
        responses={200: ConsentLogSerializer, **PROBLEMS},
        examples=[
            OpenApiExample("A page", {"results": [ENTRY], "next": None}, response_only=True, status_codes=["200"])
        ],
    )
    def get(self, request: Request, site_id: int) -> Response:
        site = self.site(site_id)
        asked = LogAskSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        cursor, limit = asked.validated_data.get("cursor"), asked.validated_data["limit"]
        before = datetime.fromtimestamp(cursor / 1000, UTC) if cursor else None
        found = consent_log.entries(site.pk, before, limit)
        more = consent_log.millis(found[-1].at) if len(found) >= limit else None
        do_record(self.caller(), Action.EXPORTED, None, site, target="consent log", request=request._request)
        return Response({"results": list(map(told, found)), "next": more})


class ConsentCountsView(PrivacyView):
    @extend_schema(
        operation_id="count_consents",
        summary="How often consent was granted, denied and withdrawn, by day",
        parameters=[CountsAskSerializer],
        responses={200: ConsentDaySerializer(many=True), **PROBLEMS},
        examples=[
            OpenApiExample(
                "A day", {"day": "2026-03-01", "granted": 41, "denied": 17, "withdrawn": 2}, response_only=True,
                status_codes=["200"],
            )
        ],
    )  # fmt: skip
    def get(self, request: Request, site_id: int) -> Response:
        site = self.site(site_id)
        asked = CountsAskSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return Response(ConsentDaySerializer(consent_log.counts(site, asked.validated_data["days"]), many=True).data)


class ConsentProofView(PrivacyView):
    @extend_schema(
        operation_id="prove_consent",
        summary="What was answered under a consent id",
        description="The id is looked up by its keyed hash and not kept. An empty list: the log does not know it.",
        request=ProofAskSerializer,
        responses={200: ProofSerializer(many=True), **PROBLEMS},
        examples=[
            OpenApiExample("By id", {"consent_id": "3f0c6a52-7d0e-4a55-9e0a-5d6b3d1d2f10"}, request_only=True),
            OpenApiExample(
                "An entry",
                {**ENTRY, "wording": "Dürfen wir Ihre Besuche zählen?"},
                response_only=True,
                status_codes=["200"],
            ),
        ],
    )
    def post(self, request: Request, site_id: int) -> Response:
        site = self.site(site_id)
        asked = ProofAskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        found = consent_log.find(asked.validated_data["consent_id"], site.pk)
        return Response([{**told(entry), "wording": consent_log.prove(entry).wording} for entry in found])


class ConsentHistoryView(PrivacyView):
    @extend_schema(
        operation_id="get_consent_history",
        summary="Every version of what the site collects, and of its consent text",
        responses={200: ConsentHistorySerializer, **PROBLEMS},
    )
    def get(self, request: Request, site_id: int) -> Response:
        site = self.site(site_id)
        return Response(
            {
                "settings": SettingsVersionSerializer(SettingsVersion.objects.filter(site=site), many=True).data,
                "texts": ConsentTextSerializer(ConsentText.objects.filter(site=site), many=True).data,
            }
        )


class ConsentTextsView(PrivacyView):
    @extend_schema(
        operation_id="list_consent_texts",
        summary="The versions of the consent text",
        responses={200: ConsentTextSerializer(many=True), **PROBLEMS},
    )
    def get(self, request: Request, site_id: int) -> Response:
        found = ConsentText.objects.filter(site=self.site(site_id))
        return Response(ConsentTextSerializer(found, many=True).data)

    @extend_schema(
        operation_id="write_consent_text",
        summary="A new version of the consent text",
        description="Where it does not differ from the version that holds, that one is answered, with 200.",
        request=ConsentTextSerializer,
        responses={201: ConsentTextSerializer, 200: ConsentTextSerializer, **PROBLEMS},
        examples=[
            OpenApiExample("Two languages", {"texts": {"en": "May we count your visits?", "de": "Dürfen wir zählen?"}},
                           request_only=True)
        ],
    )  # fmt: skip
    def post(self, request: Request, site_id: int) -> Response:
        site = self.site(site_id)
        asked = ConsentTextSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        last = ConsentText.objects.filter(site=site).first()
        made = history.do_write_text(site, asked.validated_data["texts"], self.caller().user)
        if made is None:
            return Response(ConsentTextSerializer(last).data if last else {"texts": {}})
        record_change(self.caller(), Action.CONSENT_CHANGED, site, last.texts if last else {}, made.texts,
                      target=f"consent text, version {made.number}", request=request._request)  # fmt: skip
        return Response(ConsentTextSerializer(made).data, 201)


class NoticeView(PrivacyView):
    @extend_schema(
        operation_id="get_privacy_notice",
        summary="What the site collects, and the text for its privacy notice",
        description="Derived from the settings. A help, not legal advice.",
        responses={200: NoticeSerializer, **PROBLEMS},
    )
    def get(self, request: Request, site_id: int) -> Response:
        found = get_collected(self.site(site_id))
        sections = sections_of(found)
        items = CollectedItemSerializer(found.items, many=True).data
        texts = {name: make(sections) for name, (make, _) in FORMS.items()}
        return Response({"items": items, "warnings": found.warnings, **texts})
