"""What no one should ask is told which part of it is wrong, and never answered with an error of the server's."""

import json

import pytest

from analytics.saved.models import Segment

VISITORS = {"metrics": ["visitors"]}
STEPS = {"steps": ["a", "b"]}
ABSURD = [
    ("query", VISITORS | {"offset": 10**30}, "offset"),
    ("query", VISITORS | {"limit": 10**30}, "limit"),
    ("query", VISITORS | {"interval": "minute", "date_range": ["2025-01-01", "2025-12-31"]}, "interval"),
    ("query", VISITORS | {"date_range": ["9999-12-31", "9999-12-31"]}, "date_range"),
    ("query", VISITORS | {"date_range": ["0001-01-01", "0001-01-02"]}, "date_range"),
    ("query", VISITORS | {"date_range": ["1969-01-01", "1969-01-02"], "interval": "day"}, "date_range"),
    ("query", VISITORS | {"date_range": ["2026-02-30", "2026-03-01"]}, "date_range"),
    ("query", VISITORS | {"compare": ["0001-01-01", "0001-01-02"]}, "compare"),
    ("query", VISITORS | {"compare": ["2026-05-02", "2026-05-01"]}, "compare"),
    ("query", VISITORS | {"date_range": ["1971-01-01", "1971-01-31"], "compare": "previous_period"}, "compare"),
    ("query", VISITORS | {"filters": [["contains", "path", ["\ud800"]]]}, "filters"),
    ("query", VISITORS | {"filters": [["regex", "path", ["("]]]}, "filters"),
    ("query", VISITORS | {"filters": [["regex", "path", ["a"] * 21]]}, "filters"),
    ("query", VISITORS | {"filters": [["segment", "9" * 400]]}, "filters"),
    ("query", VISITORS | {"date_range": "9" * 5000 + "d"}, "date_range"),
    ("query", VISITORS | {"dimensions": ["path", "country", "browser", "os", "city"]}, "dimensions"),
    ("funnel", {"steps": ["a"] * 21}, "steps"),
    ("funnel", STEPS | {"window": "0d"}, "window"),
    ("funnel", STEPS | {"exclusions": "x"}, "exclusions"),
    ("funnel", STEPS | {"exclusions": [5]}, "exclusions.0"),
    ("funnel", STEPS | {"exclusions": [{"event": "x"}, {"event": "x", "after": "y"}]}, "exclusions.1.after"),
    ("retention", {"date_range": ["9999-01-01", "9999-12-31"], "interval": "month", "intervals": 60}, "date_range"),
    ("paths", {"cleaning": [{"pattern": "a", "to": "\\9", "regex": True}]}, "cleaning"),
    ("paths", {"cleaning": [{"pattern": "(", "to": "", "regex": True}]}, "cleaning"),
    ("paths", {"cleaning": 5}, "cleaning"),
    ("lifecycle", {"date_range": ["0001-01-01", "0001-01-31"]}, "date_range"),
    ("engagement", {"date_range": ["9999-01-01", "9999-12-31"]}, "date_range"),
    ("trends", {"series": [{}, {"measure": "nothing"}]}, "series.1.measure"),
    ("trends", {"series": 5}, "series"),
]


@pytest.fixture
def ask(site, api_key, client):
    client.raise_request_exception = False

    def go(operation, body):
        answer = client.post(
            f"/api/v1/sites/{site.pk}/{operation}", json.dumps(body), content_type="application/json",
            headers={"Authorization": f"Bearer {api_key}"},
        )  # fmt: skip
        return answer.status_code, answer.json()

    return go


@pytest.mark.parametrize(("operation", "body", "field"), ABSURD)
def test_what_is_wrong_is_named(ask, operation, body, field):
    status, answer = ask(operation, body)
    assert (status, answer["error"].get("field")) == (400, field)


def test_many_segments_are_counted_before_they_are_looked_up(ask, site, owner, django_assert_max_num_queries):
    segment = Segment.objects.create(site=site, name="All", filters=[])
    with django_assert_max_num_queries(70):
        status, answer = ask("query", VISITORS | {"filters": [["segment", segment.pk]] * 20_000})
    assert (status, answer["error"]["field"]) == (400, "filters") and "at most 40" in answer["error"]["message"]
    assert ask("query", VISITORS | {"filters": [["segment", segment.pk]] * 2})[0] == 200


def test_what_is_nested_too_deeply_is_told(site, api_key, client):
    client.raise_request_exception = False
    answer = client.post(
        f"/api/v1/sites/{site.pk}/query", "[" * 100_000, content_type="application/json",
        headers={"Authorization": f"Bearer {api_key}"},
    )  # fmt: skip
    assert answer.status_code == 400 and "nested" in answer.json()["error"]["message"]


@pytest.mark.parametrize("dates", [["2100-12-01", "2100-12-31"], ["1971-01-01", "1971-01-31"], "2026-05-01"])
def test_a_site_without_events_has_nothing_at_any_time(ask, dates):
    status, answer = ask("query", {"metrics": ["visitors", "bounce_rate"], "interval": "month", "date_range": dates})
    assert (status, answer["totals"]) == (200, [0, None])
    for operation in ("retention", "lifecycle", "paths", "engagement", "attribution"):
        assert ask(operation, {"date_range": dates})[0] == 200
    assert ask("funnel", STEPS | {"date_range": dates})[0] == 200
