"""Every panel and page of the three dashboards: filled and empty, hostile texts, CSV, guests."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from accounts.audit_models import AuditEntry
from analytics.saved.models import Annotation, DefinedEvent, Goal, Link, Segment, Spend
from dashboards.urls import MARKETING, PRODUCT
from tests.dashboards.test_panels import HOSTILE

pytestmark = pytest.mark.django_db
EXECUTIVE = (
    "headline",
    "series",
    "people",
    "goals",
    "engagement",
    "funnel",
    "pages",
    "sources",
    "places",
    "technology",
)
PANELS = [
    *(f"executive/panels/{name}" for name in EXECUTIVE), *(f"product/panels/{name}" for name in PRODUCT),
    *(f"marketing/panels/{name}" for name in MARKETING), "executive/compare", "product/compare", "marketing/compare",
]  # fmt: skip


@pytest.fixture
def shop(site, insert_events):
    """Twelve weeks of identified people who look, click, buy, search and meet errors, with hostile texts in every field."""
    start, rows = datetime.now(UTC) - timedelta(days=80), []
    for person in range(1, 41):
        for visit in range(4):
            began = start + timedelta(days=visit * 20 + person % 9, minutes=person)
            kinds = ["page_view", "click", "signup", "page_exit", "purchase", "search", "error", "page_performance"]
            for index, kind in enumerate(kinds):
                at = began + timedelta(minutes=index)
                rows.append({
                    "timestamp": at, "received_at": at, "session_start": began, "event_type": kind, "event_index": index, "session_id": person * 10 + visit,
                    "visitor_id": person, "person_id": person, "device_id": person, "interactive": kind in ("page_view", "click", "signup", "purchase"),
                    "path": f"/{HOSTILE}" if index else "/", "channel": HOSTILE if person % 3 else "Email", "source": HOSTILE, "country": "DE",
                    "utm_campaign": HOSTILE if person % 2 else "spring", "browser": HOSTILE, "title": HOSTILE, "lcp": 2600.0 if kind == "page_performance" else None,
                    "revenue": Decimal("30") if kind == "purchase" else Decimal(0), "error_message": HOSTILE if kind == "error" else "",
                    "error_type": HOSTILE if kind == "error" else "", "engaged_ms": 60_000 if kind == "page_exit" else 0,
                    "variants": {"<b>test": "a" if person % 2 else HOSTILE},
                    "properties": json.dumps({"query_hash": HOSTILE, "query_length": 4, "plan": HOSTILE, "element": {"tag": "a", "class": "cta", "text": HOSTILE}}),
                })  # fmt: skip
    insert_events(site, rows)
    Goal.objects.create(site=site, name=HOSTILE[:100], kind="event", target="purchase")
    DefinedEvent.objects.create(site=site, name="cta", selector=".cta")
    Annotation.objects.create(site=site, text=HOSTILE, moment=datetime.now(UTC) - timedelta(days=2))
    Segment.objects.create(site=site, name=HOSTILE[:100], filters=[["is", "utm_campaign", ["spring"]]])
    Segment.objects.create(site=site, name="Buyers", filters=[["did", "purchase"]])
    Spend.objects.create(site=site, day=(datetime.now(UTC) - timedelta(days=5)).date(), campaign="spring", amount="100")


@pytest.fixture
def get(client_in, site):
    def go(path, query="", status=200, client=client_in):
        answer = client.get(f"/sites/{site.pk}/{path}?{query}")
        assert answer.status_code == status, (path, answer.status_code, answer.content[:500])
        return answer.content.decode()

    return go


@pytest.mark.parametrize("path", PANELS)
def test_an_empty_site(get, path, stores):
    text = get(path)
    assert "could not be loaded" not in text and 'role="alert"' not in text, text[:600]


@pytest.mark.parametrize("path", PANELS)
def test_a_filled_site(get, path, shop, site):
    segments = "&".join(f"segment={one.pk}" for one in site.segments.all())
    text = get(path, f"period=90d&{segments}&metric=revenue")
    assert "could not be loaded" not in text and 'role="alert"' not in text, text[:600]
    assert "<img src=x" not in text and "{{7*7}}</script>" not in text
    assert "Nothing in this period" not in text and "No purchase" not in text
    table = get(path, f"period=90d&format=csv&{segments}")
    rows = list(csv.reader(io.StringIO(table)))
    if path not in ("product/panels/searches",):
        assert len(rows) > 1, table
    assert not any(cell.startswith(("=", "@")) for row in rows for cell in row)


def test_a_request_that_can_be_copied_gives_the_same(get, shop, site, api_key):
    text = get("product/panels/funnel", "period=90d&step=/&step=purchase&f=did,signup,2|90d")
    command = re.search(r'data-copy="([^"]+)"', text)[1].replace("&#x27;", "'").replace("&quot;", '"')
    operation, body = re.search(r"/sites/\d+/(\S+) .* -d '(.*)'$", command).groups()
    answer = Client().post(
        f"/api/v1/sites/{site.pk}/{operation}", body, content_type="application/json",
        headers={"Authorization": f"Bearer {api_key}"},
    )  # fmt: skip
    assert [step["people"] for step in answer.json()["steps"]] == [40, 40] and 'title="40 people"' in text


def test_filters_are_added_without_a_script(get, shop, site, client_in):
    base = f"/sites/{site.pk}/filter?period=90d&back=product&"
    answer = client_in.get(base + "add_dimension=country&add_operator=is&add_values=DE|US")
    assert answer.url == f"/sites/{site.pk}/product?period=90d&f=is%2Ccountry%2CDE%7CUS"
    answer = client_in.get(base + "add_dimension=/pri*&add_operator=did_not&add_times=3&add_within=30d")
    assert "f=did_not%2C%2Fpri%2A%2C3%7C30d" in answer.url
    assert "People who" in client_in.get(answer.url).content.decode()
    for wrong in (
        "add_dimension=mood&add_operator=is&add_values=x",
        "add_dimension=path&add_operator=regex&add_values=(",
        "add_operator=is",
    ):
        answer = client_in.get(base + wrong, follow=True)
        assert answer.status_code == 200
    assert (
        "Nothing was added"
        in client_in.get(base + "add_dimension=mood&add_operator=is&add_values=x", follow=True).content.decode()
    )


def test_a_filter_takes_the_names_that_are_shown(get, shop, site, client_in):
    base = f"/sites/{site.pk}/filter?period=90d&back=product&add_operator=is&"
    for given, stored in (("germany", "DE"), ("de", "DE"), ("Germany|DE", "DE%7CDE")):
        answer = client_in.get(base + f"add_dimension=country&add_values={given}")
        assert answer.url.endswith(f"f=is%2Ccountry%2C{stored}"), answer.url
    assert client_in.get(base + "add_dimension=channel&add_values=email").url.endswith("f=is%2Cchannel%2CEmail")
    page = client_in.get(base + "add_dimension=country&add_values=Narnia", follow=True).content.decode()
    assert "Nobody in this period has Country Narnia." in page
    assert '<option value="DE">Germany</option>' in get("filter/values", "period=90d&add_dimension=country")
    events = get("filter/values", "period=90d&events=1")
    assert '<option value="purchase">purchase</option>' in events and "<script" not in get(
        "filter/values", "period=90d&add_property=plan"
    )
    assert get("filter/values", "add_dimension=mood").strip() == ""


def test_what_an_address_says_wrongly_is_told(get, shop):
    for wrong, told in (
        ("f=nonsense,x", "The filter &#x27;nonsense,x&#x27; cannot be read"),
        ("f=is,nonsense,x", "A filter of this address cannot be read"),
        ("period=custom&from=2026-03-01&to=2026-02-01", "The period of this address cannot be read"),
        ("compare=custom&compare_from=x&compare_to=y", "The comparison of this address cannot be read"),
        ("&".join(f"segment={n}" for n in range(1, 7)), "At most 5 segments are compared"),
    ):
        assert told in get("executive", wrong), wrong
    assert "cannot be read" not in get("executive", "f=is,country,DE&period=90d")


def test_comparisons_with_dates_of_ones_own_and_with_the_same_weekdays(get, shop):
    base = "period=custom&from=2026-03-03&to=2026-03-05"
    page = get("executive", f"{base}&compare=custom&compare_from=2026-01-01&compare_to=2026-01-03")
    assert "compared with 1 Jan – 3 Jan 2026" in page and 'name="compare_from" required value="2026-01-01"' in page
    assert "compared with 28 Feb – 2 Mar 2026" in get("executive", base)
    assert "compared with 24 Feb – 26 Feb 2026" in get("executive", f"{base}&align=weekday"), "a Tuesday as well"
    asked = get("executive/panels/headline", f"{base}&align=weekday")
    assert "&quot;match_weekday&quot;: true" in asked


def test_views_and_segments_from_the_toolbar(get, shop, site, client_in):
    sent = {"name": "Germany", "page": "product", "query": "f=is,country,DE", "shared": "on"}
    client_in.post(f"/sites/{site.pk}/views/save", sent)
    page = get("executive")
    assert f'href="/sites/{site.pk}/product?f=is,country,DE"' in page and "Germany" in page
    view = site.views.get()
    assert AuditEntry.objects.filter(site_id=site.pk, action="saved_made", target=f"view {view.pk}").count() == 1
    client_in.post(f"/sites/{site.pk}/views/{view.pk}/delete")
    assert not site.views.exists()
    answer = client_in.post(
        f"/sites/{site.pk}/segments/save", {"name": "DE", "back": "product", "f": "is,country,DE", "period": "90d"}
    )
    made = site.segments.get(name="DE")
    assert made.filters == [["is", "country", ["DE"]]] and f"segment={made.pk}" in answer.url
    assert "DE" in get("product", f"segment={made.pk}")


def test_people_of_a_step_are_listed(get, shop):
    text = get("product/people", "period=90d&step=/&step=purchase&number=2")
    assert text.count('class="details-name mono"') == 40 and "Germany" in text
    assert "Nobody" in get("product/people", "period=90d&step=/&step=purchase&number=1&dropped=1")


def test_annotations_and_unusual_days_stand_in_the_chart(get, shop, site, insert_events):
    at = datetime.now(UTC) - timedelta(days=3)
    insert_events(
        site,
        [{"timestamp": at, "received_at": at, "person_id": 10_000 + n, "session_id": 10_000 + n} for n in range(300)],
    )
    text = get("executive/panels/series", "period=28d")
    assert "&lt;img src=x" in text and "notes-list" in text


class TestLinks:
    @pytest.fixture
    def link(self, site, owner):
        return Link.objects.create(
            site=site, name="Board", page="executive", query="period=90d&f=is%2Ccountry%2CDE", created_by=owner
        )

    def test_a_guest_sees_figures_and_no_people(self, get, shop, site, link):
        guest = Client()
        opened = guest.get(f"/share/{link.token}")
        assert opened.status_code == 302 and opened.url.startswith(f"/sites/{site.pk}/executive?period=90d")
        query = opened.url.partition("?")[2]
        page = guest.get(opened.url).content.decode()
        assert "Board" not in page and "Segments" not in page and "panel-tools" not in page
        assert (
            f"share={link.token}" in page
            and "frame-ancestors 'none'" in guest.get(opened.url)["Content-Security-Policy"]
        )
        for page in ("executive", "product", "marketing"):
            Link.objects.filter(pk=link.pk).update(page=page)
            for path in PANELS:
                if path.startswith(page):
                    text = get(path, query, client=guest)
                    assert "Copy as API request" not in text and "rows," not in text
                elif not path.startswith("executive/panels/"):
                    get(path, query, 404, guest)
        for people in ("product/people", "live/now", "executive/panels/feed", "marketing/links"):
            get(people, query + "&step=/&step=purchase", 404, guest)
        for member in ("settings", "settings/goals", "settings/links", "live", "health"):
            get(member, query, 302, guest)

    def test_a_link_with_several_segments_shows_them_and_no_more(self, get, shop, site, link):
        one, two = (
            Segment.objects.create(site=site, name=code, filters=[["is", "utm_campaign", [code]]])
            for code in ("spring", "no")
        )
        guest, path = Client(), "executive/panels/headline"
        shown = {}
        for query in ("", f"segment={one.pk}", f"segment={one.pk}&segment={two.pk}"):
            Link.objects.filter(pk=link.pk).update(query=f"period=90d&{query}")
            opened = guest.get(f"/share/{link.token}").url.partition("?")[2]
            shown[query] = re.search(r"Visitors.*?stat-value[^>]*>.*?([0-9]+)", get(path, opened, client=guest), re.S)[
                1
            ]
        everybody, first, both = shown.values()
        assert first == both != everybody, shown

    def test_a_link_shows_its_page_alone(self, get, shop, site, link):
        """With the lists that stand on it, whose addresses are those of the executive page."""
        query, guest = f"share={link.token}", Client()
        for path in (
            "product",
            "marketing",
            "product/panels/explorer",
            "marketing/panels/campaigns",
            "health/now",
            "sparkline",
        ):
            get(path, query, 404, guest)
        Link.objects.filter(pk=link.pk).update(page="marketing")
        for path in ("marketing", "executive/panels/campaigns", "executive/panels/places", "executive/details/region"):
            get(path, query, client=guest)
        for path in (
            "executive",
            "executive/panels/headline",
            "executive/panels/technology",
            "executive/details/browser",
        ):
            get(path, query, 404, guest)

    def test_a_link_whose_segment_is_gone_shows_nothing(self, get, shop, site, owner, link):
        segment = Segment.objects.create(site=site, name="Germans", filters=[["is", "country", ["DE"]]])
        Link.objects.filter(pk=link.pk).update(query=f"segment={segment.pk}")
        assert "Visitors" in get("executive/panels/headline", f"share={link.token}", client=Client())
        segment.delete()
        for path in ("executive", "executive/panels/headline"):
            get(path, f"share={link.token}", 404, Client())

    def test_a_guest_cannot_take_the_filter_away(self, get, shop, site, link):
        Link.objects.filter(pk=link.pk).update(query="f=is%2Ccountry%2CFR")
        found = get("executive/panels/headline", f"share={link.token}&period=90d", client=Client())
        assert 'title="Visitors: 0"' in found
        wide = get("executive/panels/headline", f"share={link.token}&period=90d&f=is,country,DE", client=Client())
        assert 'title="Visitors: 0"' in wide

    def test_wrong_ended_and_foreign_links_are_not_there(self, get, site, owner, link):
        from accounts.actions import do_create_site

        other = do_create_site(owner.teams.get(), "other.example").site
        guest = Client()
        assert guest.get(f"/sites/{other.pk}/executive?share={link.token}").status_code == 404
        for wrong in (
            link.token[:-1] + "0",
            link.token + "0",
            f"{link.pk + 1}-{link.token.split('-')[1]}",
            "x",
            "1-",
            "-",
        ):
            if wrong != link.token:
                get("executive/panels/headline", f"share={wrong}", 404, guest)
                assert guest.get(f"/share/{wrong}").status_code == 404
        Link.objects.filter(pk=link.pk).update(expires_at=datetime.now(UTC))
        get("executive", f"share={link.token}", 404, guest)

    def test_a_password(self, get, site, link):
        link.put_password("open sesame")
        link.save()
        guest = Client()
        get("executive/panels/headline", f"share={link.token}", 302, guest)
        assert guest.get(f"/sites/{site.pk}/executive?share={link.token}").url == f"/share/{link.token}"
        assert guest.post(f"/share/{link.token}", {"password": "no"}).status_code == 403
        opened = guest.post(f"/share/{link.token}", {"password": "open sesame"})
        cookie = opened.cookies[link.cookie]
        assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == f"/sites/{site.pk}/"
        assert cookie.value not in opened.url and link.token in opened.url, "the address does not let anybody in"
        assert guest.get(opened.url).status_code == 200 and Client().get(opened.url).status_code == 302
        link.put_password("another")
        link.save()
        assert guest.get(opened.url).status_code == 302, "a new password ends what the old one opened"
        for _ in range(20):
            guest.post(f"/share/{link.token}", {"password": "guess"})
        assert guest.post(f"/share/{link.token}", {"password": "another"}).status_code == 429

    def test_guesses_from_many_addresses(self, site, link, monkeypatch):
        monkeypatch.setattr("dashboards.library.views.MOST_GUESSES_OF_ALL", 4)
        link.put_password("open sesame")
        link.save()
        for last in range(5):
            answer = Client(REMOTE_ADDR=f"203.0.113.{last}").post(f"/share/{link.token}", {"password": "guess"})
        assert answer.status_code == 429

    def test_embedding(self, site, link):
        Link.objects.filter(pk=link.pk).update(embed=True)
        guest = Client()
        answer = guest.get(guest.get(f"/share/{link.token}?embed=1").url)
        assert "frame-ancestors *" in answer["Content-Security-Policy"] and "X-Frame-Options" not in answer
        assert "topbar" not in answer.content.decode()
