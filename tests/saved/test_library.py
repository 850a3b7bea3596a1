"""The pages on which goals, segments, annotations, links, mails and spend are kept: by the front door, by every role."""

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client

from accounts.actions import do_create_owner
from accounts.membership import do_accept, do_invite
from accounts.models import Invitation, Role, User
from analytics.queries.calendar import Period
from analytics.saved import mails, spend
from analytics.saved.models import Annotation, Goal, Link, Report, Segment, Spend
from analytics.saved.preferences import get_cleaning, get_formula

pytestmark = pytest.mark.django_db


@pytest.fixture
def base(site):
    return f"/sites/{site.pk}/settings"


def member(site, role, email):
    user = User.objects.create_user(email, "correct horse battery")
    do_invite(site.team, site.team.members.first(), email, role)
    do_accept(Invitation.objects.get(email=email), user)
    client = Client()
    client.force_login(user)
    return client


def test_a_goal_is_added_changed_and_deleted(client_in, base, site):
    sent = {"name": "Thanks", "kind": "page", "target": "/thanks*", "threshold": "", "filters": ""}
    assert client_in.post(f"{base}/goals", sent).status_code == 302
    goal = Goal.objects.get(site=site)
    assert "/thanks*" in client_in.get(f"{base}/goals").content.decode()
    client_in.post(f"{base}/goals/{goal.pk}", sent | {"target": "/done", "filters": '[["is", "country", ["DE"]]]'})
    goal.refresh_from_db()
    assert (goal.target, goal.filters) == ("/done", [["is", "country", ["DE"]]])
    client_in.post(f"{base}/goals/{goal.pk}/delete")
    assert not Goal.objects.exists()


@pytest.mark.parametrize(
    "kind, sent, told",
    [
        ("goals", {"name": "x", "kind": "page", "target": "thanks"}, "Expected a page as in /thanks"),
        ("goals", {"name": "x", "kind": "event", "target": "a", "filters": "nonsense"}, "Expected a list"),
        (
            "segments",
            {"name": "x", "kind": "segment", "days": 90, "filters": '[["near", "city", ["x"]]]'},
            "Expected one of is",
        ),
        (
            "segments",
            {"name": "x", "kind": "segment", "days": 90, "filters": '[["regex", "path", ["("]]]'},
            "regular expression",
        ),
        ("defined-events", {"name": "x", "selector": "a + b"}, "Expected tags"),
        ("annotations", {"text": "x", "moment": "soon"}, "Enter a valid date"),
        ("reports", {"kind": "daily", "recipients": "nobody"}, "no e-mail address"),
        ("links", {"name": "x", "page": "moon"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_stands_beside_the_field(client_in, base, stores, kind, sent, told):
    answer = client_in.post(f"{base}/{kind}", sent)
    assert answer.status_code == 200 and told in answer.content.decode()


def test_roles(site, base, stores):
    viewer, analyst = member(site, Role.VIEWER, "v@example.com"), member(site, Role.ANALYST, "a@example.com")
    stranger = Client()
    stranger.force_login(do_create_owner("eve@example.com", "correct horse battery", "Eve"))
    for kind in ("goals", "defined-events", "segments", "annotations", "reports", "formulas", "spend", "links"):
        assert viewer.get(f"{base}/{kind}").status_code == 403
        assert analyst.get(f"{base}/{kind}").status_code == (403 if kind == "links" else 200)
        assert stranger.get(f"{base}/{kind}").status_code == 404
        assert Client().get(f"{base}/{kind}").status_code == 302
    assert viewer.post(f"/sites/{site.pk}/segments/save", {"name": "x", "f": "is,country,DE"}).status_code == 403
    assert viewer.post(f"/sites/{site.pk}/views/save", {"name": "x", "page": "executive"}).status_code == 302
    assert (
        viewer.post(f"/sites/{site.pk}/views/save", {"name": "x", "page": "executive", "shared": "on"}).status_code
        == 403
    )


def test_what_is_of_another_site_is_not_there(client_in, base, owner, site):
    from accounts.actions import do_create_site

    other = do_create_site(owner.teams.get(), "other.example").site
    goal = Goal.objects.create(site=other, name="theirs", target="a")
    assert client_in.get(f"{base}/goals/{goal.pk}").status_code == 404
    assert client_in.post(f"{base}/goals/{goal.pk}/delete").status_code == 404


def test_a_cohort_is_calculated_when_it_is_made(client_in, base, site, insert_events):
    at = datetime.now(UTC) - timedelta(days=1)
    insert_events(site, [
        {"timestamp": at, "received_at": at, "event_type": "purchase", "person_id": n, "device_id": n if n < 4 else 0, "session_id": n} for n in range(1, 6)
    ])  # fmt: skip
    client_in.post(
        f"{base}/segments", {"name": "Buyers", "kind": "static", "days": 7, "filters": '[["did", "purchase"]]'}
    )
    segment = Segment.objects.get()
    assert segment.people == 3, "those who can be known again"
    assert "3 people as of" in client_in.get(f"{base}/segments").content.decode()


def test_annotations_are_of_the_site_s_clock(client_in, base, site):
    site.timezone = "Asia/Kathmandu"
    site.save()
    client_in.post(f"{base}/annotations", {"text": "Release", "moment": "2026-11-20T10:00", "link": ""})
    note = Annotation.objects.get()
    assert note.moment == datetime(2026, 11, 20, 4, 15, tzinfo=UTC) and note.created_by.email == "alice@example.com"


def test_formulas(client_in, base, site):
    page = client_in.get(f"{base}/formulas").content.decode()
    assert 'value="0.35"' in page
    sent = {
        "active_days_weight": 0.4, "active_days_cap": 3, "engaged_minutes_weight": 0.3, "engaged_minutes_cap": 10, "core_actions_weight": 0.2,
        "core_actions_cap": 5, "features_weight": 0.1, "features_cap": 2, "core": "signup\npurchase", "feature_events": "", "cleaning": "/p/* = /p/:id",
    }  # fmt: skip
    assert client_in.post(f"{base}/formulas", sent).status_code == 302
    formula = get_formula(site)
    assert formula.weights == (0.4, 0.3, 0.2, 0.1) and formula.core == ("signup", "purchase")
    assert get_cleaning(site)[0].to == "/p/:id"
    answer = client_in.post(f"{base}/formulas", sent | {"features_weight": 0.5})
    assert "sum to 1.4" in answer.content.decode()


class TestSpend:
    GOOGLE = (
        "Campaign report\nJan 2026\nDay,Campaign,Cost,Clicks\n2026-01-05,Spring | DE,\"1,234.50\",10\n2026-01-05,Spring | DE,0.50,1\n"
        "2026-01-06,Brand,7,2\n soon,Brand,7,2\n2026-01-07,,7,2\n2026-01-07,Brand,much,2\n"
    )  # fmt: skip

    def test_the_way_of_a_file(self, client_in, base, site):
        file = io.BytesIO(self.GOOGLE.encode())
        file.name = "google.csv"
        page = client_in.post(f"{base}/spend/import", {"file": file}).content.decode()
        assert "3 lines, EUR 1242.00 in all" in page and "3 lines would be left out" in page
        assert "line 5: expected a day, got &#x27;soon&#x27;" in page and not Spend.objects.exists()
        text = page.split('name="text" value="')[1].split('"')[0].replace("&#x27;", "'")
        sent = {"text": text, "theirs": ["Spring | DE", "Brand"], "ours": ["spring_sale", "Brand"], "confirm": "1"}
        answer = client_in.post(
            f"{base}/spend/import",
            sent | {"column_day": 0, "column_campaign": 1, "column_source": -1, "column_amount": 2},
        )
        assert answer.status_code == 302
        found = spend.get_spend(site, Period(date(2026, 1, 1), date(2026, 1, 31), ZoneInfo("UTC")))
        assert found == {"spring_sale": Decimal("1235.00"), "Brand": Decimal("7.00")}
        again = client_in.post(f"{base}/spend/import", {"text": text}).content.decode()
        assert 'value="spring_sale"' in again, "the name is remembered"

    def test_by_hand(self, client_in, base):
        for amount in ("5", "8"):
            client_in.post(f"{base}/spend", {"day": "2026-01-01", "campaign": "x", "source": "", "amount": amount})
        assert [row.amount for row in Spend.objects.all()] == [8]
        client_in.post(f"{base}/spend/{Spend.objects.get().pk}/delete")
        assert not Spend.objects.exists()

    @pytest.mark.parametrize("content", [b"", b"\xff\xfe\xff", b"a", b"a,b", b"\x89PNG\r\n\x00\x00"])
    def test_what_is_no_table(self, client_in, base, content):
        file = io.BytesIO(content)
        file.name = "x.csv"
        assert (
            "Nothing was imported"
            in client_in.post(f"{base}/spend/import", {"file": file}, follow=True).content.decode()
            or not content
        )

    def test_a_forged_text_is_refused(self, client_in, base):
        answer = client_in.post(f"{base}/spend/import", {"text": "made-up", "confirm": "1"}, follow=True)
        assert "Nothing was imported" in answer.content.decode()

    @pytest.mark.parametrize(
        "text, wanted", [("1,234.50", "1234.50"), ("1.234,50", "1234.50"), ("€ 12", "12"), ("12.5", "12.5"), ("1,234", "1234"), ("0,05", "0.05")]
    )  # fmt: skip
    def test_amounts(self, text, wanted):
        assert spend.amount_of(text) == Decimal(wanted)

    def test_days(self):
        assert spend.form_of(["03/04/2026", "13/04/2026"]) == "%d/%m/%Y"
        assert spend.form_of(["03/04/2026", "04/13/2026"]) == "%m/%d/%Y"


class TestMails:
    @pytest.fixture
    def visits(self, site, insert_events):
        rows = []
        for day in range(1, 20):
            for person in range(day):
                at = datetime(2026, 11, 1, 12, tzinfo=UTC) + timedelta(days=day - 1, minutes=person)
                rows.append(
                    {
                        "timestamp": at,
                        "received_at": at,
                        "person_id": day * 100 + person,
                        "session_id": day * 100 + person,
                        "path": "/<b>",
                        "source": "Google",
                    }
                )
        insert_events(site, rows)
        Goal.objects.create(site=site, name="Saw it", kind="page", target="/**")

    def report(self, site, kind, **more):
        return Report.objects.create(site=site, kind=kind, recipients=["boss@example.com", "ops@example.com"], **more)

    def test_every_day_once_and_by_the_site_s_clock(self, site, visits):
        site.timezone = "America/New_York"
        site.save()
        report = self.report(site, "daily")
        assert mails.do_send_due(datetime(2026, 11, 12, 11, 30, tzinfo=UTC)) == 0, "6:30 in New York"
        assert mails.do_send_due(datetime(2026, 11, 12, 12, 30, tzinfo=UTC)) == 1
        assert mails.do_send_due(datetime(2026, 11, 12, 13, 0, tzinfo=UTC)) == 0, "once"
        assert [m.to for m in mail.outbox] == [["boss@example.com"], ["ops@example.com"]]
        sent = mail.outbox[0]
        assert sent.subject == "shop.example: 11 visitors on Wednesday, 11 November"
        html = sent.alternatives[0][0]
        assert "/&lt;b&gt;" in html and "/<b>" not in html and "from 10" in html and "Saw it" in html
        assert "11  Google" in sent.body
        report.refresh_from_db()
        assert report.sent_for == "2026-11-12"

    def test_weeks_and_months(self, site, visits):
        self.report(site, "weekly")
        assert mails.do_send_due(datetime(2026, 11, 10, 8, tzinfo=UTC)) == 0, "a Tuesday"
        assert mails.do_send_due(datetime(2026, 11, 16, 8, tzinfo=UTC)) == 1
        assert (
            mail.outbox[0].subject == f"shop.example: {sum(range(9, 16))} visitors from 9 November to 15 November 2026"
        )
        Report.objects.update(kind="monthly", sent_for="")
        assert mails.do_send_due(datetime(2026, 12, 1, 8, tzinfo=UTC)) == 1
        assert f"{sum(range(1, 20))} visitors" in mail.outbox[-1].subject

    def test_a_spike_and_a_drop(self, site, insert_events):
        now = datetime.now(UTC)
        self.report(site, "spike", threshold=3)
        self.report(site, "drop", threshold=2)
        assert mails.do_send_due(now) == 1 and "only 0 people" in mail.outbox[0].subject
        insert_events(
            site,
            [
                {"timestamp": now, "received_at": now, "person_id": n, "session_id": n, "path": "/hot"}
                for n in range(1, 5)
            ],
        )
        mail.outbox.clear()
        assert (
            mails.do_send_due(now) == 1
            and "4 people in half an hour" in mail.outbox[0].subject
            and "/hot" in mail.outbox[0].body
        )
        assert mails.do_send_due(now + timedelta(hours=1)) == 0, "one in twelve hours"
        assert mails.do_send_due(now + timedelta(hours=13)) >= 1

    def test_unsubscribing(self, site, visits):
        report = self.report(site, "daily")
        mails.do_send_due(datetime(2026, 11, 12, 12, tzinfo=UTC))
        header = mail.outbox[0].extra_headers["List-Unsubscribe"]
        path = "/unsubscribe/" + header.strip("<>").split("/unsubscribe/")[1]
        client = Client(enforce_csrf_checks=True)
        assert "Unsubscribe" in client.get(path).content.decode()
        report.refresh_from_db()
        assert len(report.recipients) == 2, "looking is not leaving: mail scanners look"
        assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
        report.refresh_from_db()
        assert report.recipients == ["ops@example.com"]
        assert client.get(path[:-3] + "abc").status_code == 404

    def test_one_at_once_goes_to_who_asks(self, client_in, base, site, visits):
        report = self.report(site, "weekly")
        client_in.post(f"{base}/reports/{report.pk}/send")
        assert [m.to for m in mail.outbox] == [["alice@example.com"]]
        report.refresh_from_db()
        assert report.recipients == ["boss@example.com", "ops@example.com"] and report.sent_for == ""

    def test_a_server_that_is_away_is_asked_again(self, site, visits, monkeypatch):
        self.report(site, "daily")
        with monkeypatch.context() as away:
            away.setattr(
                "django.core.mail.EmailMultiAlternatives.send",
                lambda self: (_ for _ in ()).throw(ConnectionRefusedError()),
            )
            assert mails.do_send_due(datetime(2026, 11, 12, 12, tzinfo=UTC)) == 0
        assert mails.do_send_due(datetime(2026, 11, 12, 12, 15, tzinfo=UTC)) == 1


def test_a_link_is_made_with_what_is_seen(client_in, base, site):
    page = client_in.get(f"{base}/links?page=product&period=90d&f=is,country,DE&share=x").content.decode()
    assert 'value="period=90d&amp;f=is%2Ccountry%2CDE"' in page
    client_in.post(
        f"{base}/links",
        {
            "name": "Board",
            "page": "product",
            "query": "period=90d",
            "new_password": "open sesame",
            "expires_at": "2030-01-01",
        },
    )
    link = Link.objects.get()
    assert link.check_password("open sesame") and not link.check_password("") and "open sesame" not in link.password
    assert f">http://testserver/share/{link.token}<" in client_in.get(f"{base}/links").content.decode()


def test_a_link_keeps_its_password(client_in, base, site):
    form = {"name": "Board", "page": "product", "query": "", "new_password": "open sesame"}
    assert "at least 8" in client_in.post(f"{base}/links", form | {"new_password": "sesame"}).content.decode()
    client_in.post(f"{base}/links", form)
    one = f"{base}/links/{Link.objects.get().pk}"
    client_in.post(one, form | {"name": "Chairs", "new_password": ""})
    link = Link.objects.get()
    assert link.name == "Chairs" and link.check_password("open sesame") and not link.check_password("")
    assert "Take the password away" in client_in.get(one).content.decode()
    client_in.post(one, form | {"new_password": "", "open_to_all": "on"})
    assert Link.objects.get().check_password("")


def test_the_link_builder(client_in, site, insert_events):
    now = datetime.now(UTC)
    insert_events(site, [{"timestamp": now, "received_at": now, "utm_campaign": "Spring-Sale", "utm_source": "news"}])
    path = f"/sites/{site.pk}/marketing/links?url=/pricing?a=1%26utm_source=old%23top&utm_source=news&utm_medium=email&utm_campaign=spring_sale"
    page = client_in.get(path).content.decode()
    assert (
        "https://shop.example/pricing?a=1&amp;utm_source=news&amp;utm_medium=email&amp;utm_campaign=spring_sale#top"
        in page
    )
    assert "knows it as “Spring-Sale”" in page and '<option value="news">' in page
