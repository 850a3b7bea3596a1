"""The demo history: deterministic, in order, plausible. That it passes the pipeline is tested with the command."""

import io
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice, pairwise
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from msgspec import Raw, json

from accounts.access import visible_sites
from ingestion.demo.generate import Generator
from ingestion.demo.traffic import CAMPAIGNS, EVERYDAY
from ingestion.enrich.channels import CHANNELS
from ingestion.enrich.sources import get_acquisition
from ingestion.payload import Event, check_event

UNTIL = datetime(2026, 11, 24, 3, tzinfo=UTC)
EVENTS, DAYS = 30_000, 90
GAP = 30 * 60_000


def make(events: int = EVENTS, days: int = DAYS, seed: int = 1, until: datetime = UNTIL) -> list[dict[str, Any]]:
    return list(Generator("demo.example", events, days, seed, until))


@pytest.fixture(scope="module")
def history() -> list[dict[str, Any]]:
    return make()


def visitor(event: dict[str, Any]) -> str:
    return event["device"].get("device_id") or event["session"]["session_id"]


def people_with(history: list[dict[str, Any]], kind: str) -> set[str]:
    return {visitor(event) for event in history if event["event_type"] == kind}


def test_the_same_arguments_make_the_same_events() -> None:
    assert make(2000, 10) == make(2000, 10)


@pytest.mark.parametrize(
    "other", [{"seed": 2}, {"events": 2001}, {"days": 11}, {"until": datetime(2026, 11, 24, 2, tzinfo=UTC)}]
)
def test_other_arguments_share_no_event_id(other: dict[str, Any]) -> None:
    ids = {event["event_id"] for event in make(2000, 10)}
    changed = make(**({"events": 2000, "days": 10} | other))
    assert ids.isdisjoint(event["event_id"] for event in changed)


@pytest.mark.parametrize(("events", "days"), [(1, 1), (300, 1), (3000, 7), (20_000, 1), (20_000, 400)])
def test_the_number_of_events(events: int, days: int) -> None:
    made = len(make(events, days))
    assert abs(made - events) <= max(events * 0.02, 120)  # the last visit runs over


def test_within_two_percent(history: list[dict[str, Any]]) -> None:
    assert abs(len(history) - EVENTS) <= EVENTS * 0.02


def test_in_order_and_in_range(history: list[dict[str, Any]]) -> None:
    times = [event["event_timestamp"] for event in history]
    until = UNTIL.timestamp() * 1000
    assert times == sorted(times)
    assert times[-1] < until
    assert times[0] >= until - DAYS * 86_400_000


def test_ids_and_orders_are_unique(history: list[dict[str, Any]]) -> None:
    assert len({event["event_id"] for event in history}) == len(history)
    orders = [e["event_properties"]["order_id"] for e in history if e["event_type"] == "purchase"]
    assert len(set(orders)) == len(orders) > 30


def test_every_event_is_one_of_the_wire_format(history: list[dict[str, Any]]) -> None:
    for event in islice(history, 0, None, 7):
        assert isinstance(check_event(Raw(json.encode(event))), Event)


def test_visits_of_a_person_are_sessions_apart(history: list[dict[str, Any]]) -> None:
    last: dict[str, tuple[int, int]] = {}
    for event in history:
        time, index = event["event_timestamp"], event["session"]["event_index"]
        before = last.get(visitor(event))
        if index == 0:
            assert before is None or time - before[0] > GAP
        elif before:
            assert time - before[0] < GAP
            assert index == before[1] + 1
        last[visitor(event)] = (time, index)


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [
        ("page_view", 0.28, 0.40),
        ("page_exit", 0.26, 0.38),
        ("page_performance", 0.08, 0.15),
        ("product_view", 0.06, 0.13),
        ("click", 0.03, 0.07),
        ("add_to_cart", 0.008, 0.03),
        ("checkout_start", 0.003, 0.012),
        ("purchase", 0.0015, 0.008),
        ("search", 0.003, 0.015),
        ("form_submit", 0.004, 0.02),
        ("video_play", 0.002, 0.012),
        ("file_download", 0.001, 0.006),
        ("outbound_click", 0.001, 0.005),
        ("error", 0.002, 0.012),
        ("route_change", 0.01, 0.06),
        ("sign_up", 0.001, 0.006),
    ],
)
def test_share_of_each_kind(history: list[dict[str, Any]], kind: str, least: float, most: float) -> None:
    share = Counter(event["event_type"] for event in history)[kind] / len(history)
    assert least < share < most


def test_the_funnel_only_narrows(history: list[dict[str, Any]]) -> None:
    steps = ["page_view", "product_view", "add_to_cart", "checkout_start", "purchase"]
    people = [people_with(history, step) for step in steps]
    for before, after in pairwise(people):
        assert after < before


def test_people_come_back(history: list[dict[str, Any]]) -> None:
    days: dict[str, set[int]] = defaultdict(set)
    for event in history:
        if "user" in event:
            days[event["user"]["user_id"]].add(event["event_timestamp"] // 86_400_000)
    assert len(days) > 50
    assert sum(len(d) > 1 for d in days.values()) > len(days) / 2
    cookieless = {visitor(event) for event in history if "device_id" not in event["device"]}
    assert 0.4 < len(cookieless) / len({visitor(event) for event in history}) < 0.9


def test_a_busy_day_and_growth(history: list[dict[str, Any]]) -> None:
    start = UNTIL.timestamp() * 1000 - DAYS * 86_400_000
    days = Counter(int((event["event_timestamp"] - start) // 86_400_000) for event in history)
    usual = sorted(days.values())[DAYS // 2]
    assert max(days, key=lambda day: days[day]) == int(DAYS * 0.57)
    assert days[int(DAYS * 0.57)] > 1.8 * usual
    assert sum(days[day] for day in range(80, 90)) > 1.15 * sum(days[day] for day in range(10))


def test_an_error_that_begins_one_day(history: list[dict[str, Any]]) -> None:
    found = [i for i, e in enumerate(history) if "discount" in e.get("event_properties", {}).get("error_message", "")]
    assert len(found) > 5
    assert found[0] > 0.7 * len(history)


def test_two_variants_of_the_pricing_page(history: list[dict[str, Any]]) -> None:
    seen = {
        name: {visitor(e) for e in history if e.get("ab_test_variants", {}).get("pricing_layout") == name}
        for name in ("control", "annual_first")
    }
    assert len(seen["control"]) > 80 < len(seen["annual_first"])
    assert seen["control"].isdisjoint(seen["annual_first"])


def test_mobile_is_slower() -> None:
    lcp: dict[str, list[int]] = defaultdict(list)
    for event in make(20_000, 30):
        if event["event_type"] == "page_performance":
            metrics = event["event_properties"]["metrics"]
            assert (
                metrics["time_to_first_byte"] < metrics["first_contentful_paint"] <= metrics["largest_contentful_paint"]
            )
            lcp[event["device"]["device_type"]].append(metrics["largest_contentful_paint"])
    middle = {kind: sorted(values)[len(values) // 2] for kind, values in lcp.items()}
    assert middle["desktop"] < middle["mobile"]


def test_every_way_in_has_its_channel() -> None:
    channels = {
        get_acquisition(f"https://demo.example/?{item.query}", item.referrer).channel
        for item in (*EVERYDAY, *CAMPAIGNS)
    }
    assert channels <= set(CHANNELS) - {"Unassigned"}
    assert len(channels) >= 12


def run(**options: Any) -> str:
    out = io.StringIO()
    call_command("seeddemo", stdout=out, stderr=out, **options)
    return out.getvalue()


def test_the_command_adds_the_demo_site_and_fills_it_once(owner: Any, stored: Callable[..., Any]) -> None:
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0).isoformat()
    first = run(events=3000, days=7, until=until)
    assert "100 %" in first
    site = visible_sites(owner).get(domain="demo.example")
    rows = stored("event_type", "country", "region", "channel", "device_type", "session_id", "revenue")
    made = make(3000, 7, until=datetime.fromisoformat(until))
    assert len(rows) == len(made)
    assert f"{len(made):,} events are new in site {site.pk}" in first
    assert Counter(row["event_type"] for row in rows) == Counter(event["event_type"] for event in made)
    assert {row["channel"] for row in rows} >= {"Direct", "Organic Search", "Email", "Paid Search", "AI Assistant"}
    assert all(row["country"] and row["device_type"] for row in rows)
    visits = sum(event["session"]["event_index"] == 0 for event in made)
    assert len({row["session_id"] for row in rows}) == visits
    assert "\n0 events are new" in run(events=3000, days=7, until=until)
    assert len(stored("event_type")) == len(made)


def test_the_command_fills_a_site_that_is_named(site: Any, stored: Callable[..., Any]) -> None:
    run(site=site.pk, events=300, days=2)
    assert {row["hostname"] for row in stored("hostname")} == {"shop.example"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"site": 999}, "There is no site 999"),
        ({"events": 0}, "at least 1 event"),
        ({"days": 100_000}, "days"),
        ({"until": "tomorrow"}, "expected ISO 8601"),
        ({"until": "2999-01-01"}, "future"),
        ({}, "createowner"),
    ],
)
def test_the_command_says_what_is_wrong(db: None, options: dict[str, Any], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(**options)
