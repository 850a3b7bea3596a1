"""A sample keeps visitors whole, says so, and its figures come back to those of everybody."""

import math
from collections import Counter

import pytest

from tests.conftest import event
from tests.ingestion.test_collection import collect, counted  # noqa: F401

VISITORS, VIEWS = 4000, 3


@pytest.fixture
def crowd(site, new_site, post, drain):
    """4,000 visitors with three page views each; every fourth buys for 10.00."""

    def come():
        for start in range(0, VISITORS, 200):
            events = [
                event(f"https://shop.example/{i}", device={"device_id": str(n)}, session={"event_index": i})
                for n in range(start, start + 200)
                for i in range(VIEWS)
            ]
            events += [
                event(kind="purchase", device={"device_id": str(n)}, session={"event_index": VIEWS},
                      event_properties={"order_id": str(n), "revenue": "10.00", "currency": "EUR"})
                for n in range(start, start + 200, 4)
            ]  # fmt: skip
            assert post({"site": site.site_key, "events": events}, secret=new_site.ingest_secret).status == 202
        drain()

    return come


@pytest.fixture
def ask(site, client_in, api_key):
    def go(*metrics, **more):
        return client_in.post(
            f"/api/v1/sites/{site.pk}/query", {"metrics": metrics, "date_range": "7d", **more},
            content_type="application/json", headers={"Authorization": f"Bearer {api_key}"},
        ).json()  # fmt: skip

    return go


def near(value, truth, share, group=1):
    """Within four standard deviations of a sum over independent visitors, each kept with this chance."""
    deviation = math.sqrt(truth / group * (1 - share) / share) * group
    return abs(value - truth) <= 4 * deviation


def test_figures_are_scaled_back(site, crowd, ask, collect, stored):  # noqa: F811
    collect(sampling={"*": 20})
    crowd()
    kept = Counter(row["device_id"] for row in stored("device_id"))
    assert 600 < len(kept) < 1000 and set(kept.values()) == {3, 4}, "a visitor is kept whole or not at all"
    answer = ask(
        "visitors",
        "sessions",
        "pageviews",
        "events",
        "bounce_rate",
        "views_per_session",
        "revenue",
        "average_order_value",
    )
    visitors, sessions, pageviews, events, bounces, views, revenue, order = answer["totals"]
    assert answer["meta"]["sampled"] is True and any("sample" in note for note in answer["meta"]["notes"])
    assert near(visitors, VISITORS, 0.2) and visitors == sessions == len(kept) * 5
    assert pageviews == visitors * VIEWS and near(events, VISITORS * 3.25, 0.2, 3.25)
    assert (bounces, views, order) == (0, VIEWS, 10) and near(revenue / 10, VISITORS / 4, 0.2)
    by_path = ask("visitors", "pageviews", dimensions=["path"])
    assert [row["metrics"] for row in by_path["results"][:VIEWS]] == [[visitors, visitors]] * VIEWS
    by_day = ask("pageviews", dimensions=["day"])
    assert sum(row["metrics"][0] for row in by_day["results"]) == pageviews
    total = counted(site)
    assert total["stored|"] + total["sampled_out|sampled_out"] == VISITORS * VIEWS + VISITORS // 4


def test_a_type_that_is_kept_whole_counts_exactly(site, crowd, ask, collect):  # noqa: F811
    collect(sampling={"*": 10, "purchase": 100})
    crowd()
    answer = ask("revenue", "pageviews", "visitors", "average_order_value")
    revenue, pageviews, visitors, order = answer["totals"]
    assert (revenue, order) == (VISITORS / 4 * 10, 10)
    assert near(pageviews, VISITORS * VIEWS, 0.1, VIEWS) and near(visitors, VISITORS, 0.1)


def test_without_sampling_nothing_is_an_estimate(site, crowd, ask):
    crowd()
    answer = ask("visitors", "pageviews", "events")
    assert answer["totals"] == [VISITORS, VISITORS * VIEWS, VISITORS * VIEWS + VISITORS // 4]
    assert answer["meta"]["sampled"] is False
