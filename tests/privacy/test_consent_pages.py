"""Presets, the history of settings and texts, the log's page, what is collected in plain words, the proof for everybody."""

import json
import uuid

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from accounts.actions import do_create_api_key
from accounts.audit_models import AuditEntry
from accounts.models import MODULES, Collection, Consent, Site
from accounts.views.tracker import configuration
from analytics.privacy import collected, history
from analytics.privacy.models import ConsentText, Retention, SettingsVersion
from analytics.privacy.presets import PRESETS, matching
from ingestion.enrich.personal import KINDS
from ingestion.steps.consent import receipt_hash
from tests.conftest import event

pytestmark = pytest.mark.django_db
ID = "3f0c6a52-7d0e-4a55-9e0a-5d6b3d1d2f10"


@pytest.fixture
def base(site, stores):
    return f"/sites/{site.pk}/settings/privacy"


def fresh(site):
    return Site.objects.select_related("collection").get(pk=site.pk)


def settings_pages(site):
    return {
        "tracking": {"modules": ["clicks"], "consent": "required", "bridges": [], "honour_gpc": "on", "hash_users": "on",
                     "traits": "plan", "search_params": "q"},
        "filters": {"hostnames": "", "blocked_paths": "/admin/**", "blocked_networks": "", "sampling": "", "limit_site": 0},
    }  # fmt: skip


class TestPresets:
    @pytest.mark.parametrize("name", PRESETS)
    def test_a_preset_is_looked_at_then_set(self, client_in, site, base, name):
        before = history.settings_of(site)
        page = client_in.get(f"{base}/consent?preset={name}").content.decode()
        assert PRESETS[name].label in page and ("what would change" in page) and "Set it so" in page
        assert history.settings_of(site) == before, "looking changes nothing"
        assert client_in.post(f"{base}/consent", {"preset": name}).status_code == 302
        assert matching(fresh(site)).name == name
        page = client_in.get(f"{base}/consent").content.decode()
        assert "In force" in page and "Custom" not in page
        again = client_in.get(f"{base}/consent?preset={name}").content.decode()
        assert "Nothing: these are" in again and "Set it so" not in again

    def test_what_each_means_for_script_and_door(self, client_in, site, base):
        def after(name):
            client_in.post(f"{base}/consent", {"preset": name})
            return configuration(fresh(site))

        gdpr, ccpa, cookieless = map(after, ("gdpr", "ccpa", "cookieless"))
        assert (gdpr["consent"], gdpr["honour_gpc"], "consent" in gdpr["modules"]) == ("anonymous", True, True)
        assert (ccpa["consent"], ccpa["honour_gpc"], "consent" in ccpa["modules"]) == ("full", True, True)
        assert (cookieless["consent"], cookieless["bridges"]) == ("cookieless", [])
        assert "consent" not in cookieless["modules"] and "consent_log" not in cookieless
        assert gdpr["consent_log"] == {"site": site.site_key, "version": 2, "text": 0}

    def test_settings_of_ones_own_are_custom(self, client_in, site, base):
        client_in.post(f"{base}/consent", {"preset": "gdpr"})
        client_in.post(f"/sites/{site.pk}/settings/tracking", settings_pages(site)["tracking"])
        assert matching(fresh(site)) is None and "Custom" in client_in.get(f"{base}/consent").content.decode()

    def test_other_settings_stay(self, client_in, site, base):
        Collection.objects.filter(site=site).update(modules=["clicks", "inputs"], traits=["x"], masked=["email", "own"])
        client_in.post(f"{base}/consent", {"preset": "gdpr"})
        kept = fresh(site).collection
        assert kept.modules == ["clicks", "inputs", "consent"] and kept.traits == ["x"]
        assert set(kept.masked) == {*KINDS, "own"}

    def test_no_such_preset(self, client_in, site, base):
        told = client_in.post(f"{base}/consent", {"preset": "none"}, follow=True).content.decode()
        assert "no such preset" in told and SettingsVersion.objects.filter(site=site).count() == 1

    def test_gpc_is_refused_at_the_door_as_the_preset_says(self, client_in, site, base, post, drain, stored):
        client_in.post(f"{base}/consent", {"preset": "ccpa"})
        body = {"site": site.site_key, "events": [event(), event()]}
        post(body, headers={"HTTP_SEC_GPC": "1"})
        drain()
        assert stored("path") == []
        post(body)
        drain()
        assert len(stored("path")) == 2


class TestHistory:
    def test_every_page_that_changes_what_is_collected_makes_a_version(self, client_in, site, base, owner):
        for page, form in settings_pages(site).items():
            assert client_in.post(f"/sites/{site.pk}/settings/{page}", form).status_code == 302
        client_in.post(f"{base}/masking", {"masked": ["email"], "query_params": "page", "mask_rules": "", "save": "1"})
        days = {"events": 90, "recent": 7, "rejected": 10, "bots": 30, "counts": 400, "consents": 1095}
        client_in.post(f"{base}/retention", {**days, "save": "1"})
        client_in.post(f"{base}/consent", {"preset": "gdpr"})
        versions = list(SettingsVersion.objects.filter(site=site).order_by("number"))
        assert [one.number for one in versions] == [1, 2, 3, 4, 5, 6]
        assert versions[0].author == history.MADE and {one.author for one in versions[1:]} == {owner.email}
        assert versions[4].settings["retention"]["events"] == 90 and versions[5].settings["consent"] == "anonymous"
        page = client_in.get(f"{base}/history").content.decode()
        assert Consent.ANONYMOUS.label in page
        assert "/admin/**" in page and owner.email in page and "In force" in page

    def test_every_setting_is_in_the_history(self):
        others = {"id", "site", "search_salt", "blocked_networks", "limit_site", "limit_address"}
        assert {field.name for field in Collection._meta.get_fields()} - others == set(history.OF_COLLECTION)
        assert {*history.OF_COLLECTION, *history.OF_SITE} <= set(history.LABELS)

    def test_nothing_changed_is_no_version(self, client_in, site, base):
        form = settings_pages(site)["tracking"]
        for _ in range(2):
            client_in.post(f"/sites/{site.pk}/settings/tracking", form)
        assert SettingsVersion.objects.filter(site=site).count() == 2

    def test_what_was_changed_past_the_pages_is_nobodys(self, client_in, site, base, owner):
        history.ensure_current(site)
        Collection.objects.filter(site=site).update(consent="full")
        client_in.post(f"/sites/{site.pk}/settings/filters", settings_pages(site)["filters"])
        authors = list(SettingsVersion.objects.filter(site=site).order_by("number").values_list("author", flat=True))
        assert authors == [history.MADE, history.UNKNOWN, owner.email]
        Collection.objects.filter(site=site).update(consent="required")
        history.do_note_all()
        assert history.latest(site.pk).settings["consent"] == "required"

    def test_versions_are_never_changed(self, site, stores):
        made = history.ensure_current(site)
        made.author = "somebody else"
        with pytest.raises(TypeError):
            made.save()
        with pytest.raises(TypeError):
            made.delete()
        for versions, changed in (
            (SettingsVersion.objects, {"author": "somebody else"}), (ConsentText.objects, {"texts": {"en": "No."}}),
        ):  # fmt: skip
            history.do_write_text(site, {"en": "Yes?"}, "alice@example.com")
            with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
                versions.filter(site=site).update(**changed)
        site.delete()
        assert not SettingsVersion.objects.exists(), "they go with their site"

    def test_before_and_after_are_in_the_audit_log(self, client_in, site, base):
        client_in.post(f"{base}/consent", {"preset": "ccpa"})
        entry = AuditEntry.objects.get(action="consent_changed")
        told = json.loads(entry.changes)
        assert (
            entry.target == "preset ccpa"
            and told["before"]["consent"] == "cookieless"
            and told["after"]["consent"] == "full"
        )

    def test_texts_have_versions(self, client_in, site, base):
        page = f"{base}/consent/text"
        assert client_in.post(page, {"language": "en", "text": "May we?"}).status_code == 302
        client_in.post(page, {"text_en": "May we?", "language": "de", "text": "Dürfen wir?"})
        client_in.post(page, {"text_en": "May we?", "text_de": "Dürfen wir?"})  # nothing new
        client_in.post(page, {"text_en": "May we, please?", "text_de": ""})
        versions = list(ConsentText.objects.order_by("number").values_list("number", "texts"))
        assert versions == [
            (1, {"en": "May we?"}),
            (2, {"de": "Dürfen wir?", "en": "May we?"}),
            (3, {"en": "May we, please?"}),
        ]
        assert "Dürfen wir?" in client_in.get(f"{base}/history").content.decode()
        assert AuditEntry.objects.filter(action="consent_changed").count() == 3
        for wrong in ({"language": "english", "text": "x"}, {"language": "en", "text": ""}, {"text": "x"}):
            assert client_in.post(page, {"text_en": "May we, please?", **wrong}).status_code == 200
        assert ConsentText.objects.count() == 3


class TestLog:
    @pytest.fixture
    def answered(self, site, post, drain):
        Collection.objects.filter(site=site).update(modules=["consent"])
        history.do_write_text(site, {"en": "May we <b>count</b> you?"}, "test")
        history.ensure_current(site)
        told = {
            "answer": "granted",
            "consent_id": ID,
            "version": 1,
            "text": 1,
            "language": "en",
            "categories": ["stats"],
        }
        denied = {"answer": "denied"}
        events = [event(kind="consent", event_properties=one) for one in (told, denied)]
        post({"site": site.site_key, "events": events})
        drain()

    def test_the_page(self, client_in, base, answered):
        page = client_in.get(f"{base}/log").content.decode()
        assert (
            "50 % of the answers" in page
            and receipt_hash(ID)[:8] in page
            and ID not in page
            and "The log is off" not in page
        )
        found = client_in.post(f"{base}/log", {"consent_id": ID}).content.decode()
        assert "May we &lt;b&gt;count&lt;/b&gt; you?" in found and "Version 1, shown in en" in found
        other = client_in.post(f"{base}/log", {"consent_id": str(uuid.uuid4())}).content.decode()
        assert "does not know this id" in other
        for query in ("?days=365", "?days=x&before=99999999999999999999", "?before=1"):
            assert client_in.get(f"{base}/log{query}").status_code == 200

    def test_an_empty_log_says_how_to_begin(self, client_in, base):
        page = client_in.get(f"{base}/log").content.decode()
        assert "The log is off" in page and "No answer yet" in page

    def test_the_file_is_noted_in_the_audit_log(self, client_in, base, answered):
        file = b"".join(client_in.get(f"{base}/log/csv").streaming_content).decode()
        assert file.count("\r\n") == 3 and receipt_hash(ID) in file
        assert AuditEntry.objects.filter(action="exported", target="consent log").exists()

    def test_anybody_who_has_the_id_sees_the_entry(self, site, answered):
        client = Client()
        assert "What did I agree to" in client.get("/consent").content.decode()
        found = client.post("/consent", {"consent_id": ID})
        page = found.content.decode()
        assert "shop.example" in page and "May we &lt;b&gt;count" in page and found["Cache-Control"] == "no-store"
        assert "knows no such id" in client.post("/consent", {"consent_id": "x" * 30}).content.decode()

    def test_the_api(self, site, owner, answered):
        key = do_create_api_key(owner, owner.teams.get(), "k", ("admin",))

        def call(method, tail, body=None, bearer=key):
            more = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
            headers = {"Authorization": f"Bearer {bearer}"}
            return getattr(Client(), method)(f"/api/v1/sites/{site.pk}/{tail}", headers=headers, **more)

        log = call("get", "consent/log?limit=1").json()
        assert len(log["results"]) >= 1 and log["next"]
        assert call("get", f"consent/log?cursor={log['next']}").status_code == 200
        days = call("get", "consent/counts?days=7").json()
        assert len(days) == 7 and days[-1] == {"day": days[-1]["day"], "granted": 1, "denied": 1, "withdrawn": 0}
        [proof] = call("post", "consent/proof", {"consent_id": ID}).json()
        assert proof["wording"] == "May we <b>count</b> you?" and proof["settings_version"] == 1
        assert call("post", "consent/proof", {"consent_id": "nobody's, surely"}).json() == []
        made = call("post", "consent/texts", {"texts": {"en": "Anew"}})
        assert made.status_code == 201 and made.json()["number"] == 2 and made.json()["author"] == owner.email
        assert call("post", "consent/texts", {"texts": {"en": "Anew"}}).status_code == 200
        assert call("post", "consent/texts", {"texts": {"English": "x"}}).json()["error"]["field"] == "texts"
        history_told = call("get", "consent/history").json()
        assert [one["number"] for one in history_told["texts"]] == [2, 1]
        assert history_told["settings"][0]["settings"]["modules"] == ["consent"]
        notice = call("get", "privacy-notice").json()
        assert "random consent id" in notice["txt"] and notice["items"][0]["kept"] == "3 years"
        weak = do_create_api_key(owner, owner.teams.get(), "weak", ("read:stats", "read:events"))
        assert call("get", "consent/log", bearer=weak).status_code == 403


class TestCollected:
    def notice(self, client_in, base, form="txt"):
        return client_in.get(f"{base}/collected/notice?as={form}").content.decode()

    def test_a_module_that_is_switched_changes_page_and_text(self, client_in, site, base):
        video, searches = "Playing, pausing and finishing of videos", "Searches on the site"
        Collection.objects.filter(site=site).update(modules=["media"])
        for text in (client_in.get(f"{base}/collected").content.decode(), self.notice(client_in, base)):
            assert video in text and searches not in text
        Collection.objects.filter(site=site).update(modules=["search"])
        for text in (client_in.get(f"{base}/collected").content.decode(), self.notice(client_in, base)):
            assert video not in text and searches in text

    def test_every_setting_shows(self, client_in, site, base, settings):
        plain = self.notice(client_in, base)
        assert "device id" not in plain and "Kept for 3 years" in plain and "Country, worked out" in plain
        assert "Nothing is stored on your device" in plain and "Global Privacy Control are not counted" in plain
        assert "e-mail addresses, phone numbers" in plain and "kept as a code from which it cannot be read" in plain
        Retention.objects.create(site=site, days={"events": 30})
        Site.objects.filter(pk=site.pk).update(honour_gpc=False, honour_dnt=True)
        Collection.objects.filter(site=site).update(
            consent="required",
            hash_users=False,
            traits=["plan"],
            sealed_traits=["customer_no"],
            masked=[],
            query_params=["lang"],
            blocked_paths=["/intern/**"],
        )
        settings.GEO_DATABASE = "/data/GeoLite2-City.mmdb"
        changed = self.notice(client_in, base)
        assert "random device id" in changed and "Kept for 30 days" in changed and "Country, region and city" in changed
        assert (
            "counted only if you agree" in changed
            and "Do Not Track are not counted" in changed
            and "Privacy Control" not in changed
        )
        assert "phone numbers" not in changed and "kept as it is" in changed and "the parameters lang and" in changed
        assert (
            "consent (Art. 6(1)(a) GDPR" in changed
            and "legitimate interest (Art. 6(1)(f) GDPR); nothing is kept" not in changed
        )
        assert "customer no and plan" in changed and "stored encrypted" in changed
        page = client_in.get(f"{base}/collected").content.decode()
        for warning in ("stored as your site passes them on", "Not all kinds", "consent log is off", "/intern/**"):
            assert warning in page

    def test_as_text_markdown_and_html(self, client_in, site, base):
        Collection.objects.filter(site=site).update(traits=["<script>alert(1)</script>", "a*b"])
        assert "## Statistics of visits" in self.notice(client_in, base, "md") and "a\\*b" in self.notice(
            client_in, base, "md"
        )
        html = self.notice(client_in, base, "html")
        assert "<h2>Statistics of visits</h2>" in html and "<script>" not in html
        assert client_in.get(f"{base}/collected/notice?as=pdf").status_code == 404
        given = client_in.get(f"{base}/collected/notice?as=html")
        assert 'attachment; filename="privacy-notice-shop.example.html"' in given["Content-Disposition"]

    def test_each_module_and_each_masked_kind_has_its_words(self):
        assert set(collected.MODULES) | {"bridges", "consent"} == set(MODULES)
        assert set(collected.MASKED) == set(KINDS)
