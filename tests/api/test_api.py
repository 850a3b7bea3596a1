import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import ApiKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(api_key):
    def ask(path, body=None, key=api_key):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        client = Client()
        if body is None:
            return client.get(f"/api/v1/{path}", headers=headers)
        return client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)

    return ask


@pytest.fixture
def visits(site, insert_events):
    now = datetime.now(UTC)
    rows = [
        {
            "timestamp": now - timedelta(days=day, minutes=1), "received_at": now, "visitor_id": visitor + 1, "path": "/a",
            "person_id": visitor + 1, "session_id": 100 * day + visitor + 1, "source": "Google" if visitor % 2 else "news",
        }
        for day in range(14)
        for visitor in range(day + 1)
    ]  # fmt: skip
    insert_events(site, rows)


def test_sites(call, site):
    (found,) = call("sites").json()
    assert found["domain"] == "shop.example" and found["site_key"] == site.site_key
    assert call(f"sites/{site.pk}").json() == found


def test_query(call, site, visits):
    answer = call(f"sites/{site.pk}/query", {
        "metrics": ["visitors", "sessions", "bounce_rate"], "dimensions": ["source"], "date_range": "7d",
        "filters": [["is", "path", ["/a"]]], "compare": "previous_period",
    })  # fmt: skip
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert found["totals"] == [7, 28, 100.0] and found["comparison_totals"] == [14, 77, 100.0]
    assert [r["dimensions"] for r in found["results"]] == [["news"], ["Google"]]
    assert found["results"][0]["metrics"][:2] == [4, 16] and "comparison" in found["results"][0]
    meta = found["meta"]
    assert meta["partial"] is True and meta["timezone"] == "UTC" and meta["watermark"] and meta["notes"]


def test_conversions_of_a_goal(call, site, visits):
    asked = {"metrics": ["conversions", "conversion_rate"], "date_range": "7d"}
    assert call(f"sites/{site.pk}/query", asked).json()["totals"] == [0, 0.0]
    goal = {"page": "/a*", "filters": [["is", "source", ["Google"]]]}
    assert call(f"sites/{site.pk}/query", asked | {"goal": goal}).json()["totals"] == [12, round(300 / 7, 4)]
    assert call(f"sites/{site.pk}/query", asked | {"goal": 7}).json()["error"]["field"] == "goal"


def test_buckets_by_interval_or_dimension(call, site, visits):
    one = call(f"sites/{site.pk}/query", {"metrics": ["pageviews"], "interval": "day", "date_range": "7d"}).json()
    two = call(f"sites/{site.pk}/query", {"metrics": ["pageviews"], "dimensions": ["day"], "date_range": "7d"}).json()
    assert one["results"] == two["results"] and len(one["results"]) == 7
    assert [r["metrics"][0] for r in one["results"]] == [7, 6, 5, 4, 3, 2, 1]
    assert one["results"][-1]["partial"] and not one["results"][0]["partial"]


@pytest.mark.parametrize(("change", "field"), [
    ({"metrics": []}, "metrics"), ({"metrics": ["nonsense"]}, "metrics"), ({"metrics": "visitors"}, "metrics"),
    ({"dimensions": ["x'; DROP TABLE events"]}, "dimensions"), ({"dimensions": ["props.a b"]}, "dimensions"),
    ({"date_range": "fortnight"}, "date_range"), ({"date_range": ["2026-02-01", "2026-01-01"]}, "date_range"),
    ({"date_range": 7}, "date_range"), ({"filters": "x"}, "filters"), ({"filters": [["is", "country"]]}, "filters"),
    ({"filters": [["like", "country", ["x"]]]}, "filters"), ({"filters": [["regex", "path", ["(["]]]}, "filters"),
    ({"filters": [["greater", "props.n", ["x"]]]}, "filters"), ({"limit": 0}, "limit"), ({"limit": "many"}, "limit"),
    ({"order_by": [["country", "desc"]]}, "order_by"), ({"compare": "last_year"}, "compare"), ({"interval": "second"}, "interval"),
])  # fmt: skip
def test_what_is_wrong_is_named(call, site, change, field):
    answer = call(f"sites/{site.pk}/query", {"metrics": ["visitors"]} | change)
    assert answer.status_code == 400 and answer.json()["error"]["field"] == field, answer.content
    assert len(answer.json()["error"]["message"]) > 15


def test_every_error_has_one_shape(call, site, api_key):
    path = f"sites/{site.pk}/query"
    client = Client(headers={"Authorization": f"Bearer {api_key}"})
    answers = {
        401: [call("sites", key=""), call("sites", key="ffk_wrong"), call(path, {"metrics": ["visitors"]}, key="")],
        404: [call(f"sites/{site.pk + 999_999}"), call("nothing"), call(f"sites/{site.pk}/nothing", {})],
        405: [call(path)],
        400: [client.post(f"/api/v1/{path}", "{", content_type="application/json"), call(path, [1])],
        415: [client.post(f"/api/v1/{path}", "x", content_type="text/plain")],
    }
    for status, found in answers.items():
        for answer in found:
            assert answer.status_code == status and set(answer.json()) == {"error"}, (status, answer.content)


def test_a_key_opens_its_own_team_alone(call, site, owner, api_key):
    from accounts.actions import do_create_api_key, do_create_owner, do_create_site

    charlie = do_create_owner("charlie@example.com", "correct horse battery")
    theirs = do_create_site(charlie.teams.get(), "charlie.example").site
    assert call(f"sites/{theirs.pk}").status_code == 404
    key = do_create_api_key(charlie, charlie.teams.get(), "x", ("write:events",))
    assert call("sites", key=key).status_code == 403
    ApiKey.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert call("sites").status_code == 401


def test_the_schema_is_valid_and_the_docs_are_readable():
    from openapi_spec_validator import validate

    schema = json.loads(Client().get("/api/schema/?format=json").content)
    validate(schema)
    assert schema["openapi"].startswith("3.1") and "/api/v1/sites/{site_id}/query" in schema["paths"]
    page = Client().get("/api/docs/").content.decode()
    assert "Any metrics by any dimensions" in page and "bounce_rate" in page and "https://cdn" not in page
    assert "one of day, week, month" in page and "list of time" not in page and "[&#x27;" not in page, "types in words"
    assert "?cursor=" in page and "Add an annotation" in page and "median_seconds" in page, "what is asked and answered"
    assert {tag for path in schema["paths"].values() for one in path.values() for tag in one["tags"]} == {
        tag["name"] for tag in schema["tags"]
    }


def test_when_clickhouse_is_away(call, site, monkeypatch):
    from analytics.clickhouse import client

    def away(*args, **options):
        raise client.StoreError("away")

    with monkeypatch.context() as broken:
        broken.setattr(client, "read", away)
        answer = call(f"sites/{site.pk}/query", {"metrics": ["visitors"]})
    assert answer.status_code == 503 and answer["Retry-After"] == "5"


def test_what_a_request_says_beyond_what_is_known_is_refused(call, site):
    """A misspelt filter would answer with everybody."""
    for operation, body, field in (
        ("query", {"metrics": ["visitors"], "filter": [["is", "country", ["DE"]]]}, "filter"),
        ("funnel", {"steps": ["a", "b"], "windows": "1d"}, "windows"),
        ("ltv", {"day": [1]}, "day"),
    ):
        answer = call(f"sites/{site.pk}/{operation}", body)
        assert answer.status_code == 400 and answer.json()["error"]["field"] == field, answer.content
        assert "not known here" in answer.json()["error"]["message"]
