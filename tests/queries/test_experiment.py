"""Experiments against scipy and statsmodels' formulas, on people counted in Python."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy import stats

from analytics.queries.calendar import Period
from analytics.queries.dimensions import BadQuery
from analytics.queries.experiment import Experiment, Sample, bayesian, get_names, run, sequential_half
from analytics.queries.filters import Leaf
from analytics.queries.people import Scope, check_selector

pytestmark = pytest.mark.django_db
PERIOD = Period(date(2026, 5, 1), date(2026, 5, 31), ZoneInfo("UTC"))
PURCHASE = check_selector("purchase", "goal")


def make_rows(seed=2, people=900, shares=(0.5, 0.5)):
    rng, rows = random.Random(seed), []
    for person in range(1, people + 1):
        variant = rng.choices(["control", "new"], shares)[0]
        at = datetime(2026, 5, 2, tzinfo=UTC) + timedelta(minutes=rng.uniform(0, 30_000))
        base = {"visitor_id": person, "person_id": person, "session_id": person, "path": "/", "received_at": at,
                "device_type": rng.choice(["mobile", "desktop"])}  # fmt: skip
        kinds = [("purchase", {})] if rng.random() < 0.1 else []  # before the exposure: does not count
        kinds.append(("page_view", {"checkout": variant}))
        if rng.random() < 0.03:
            kinds.append(("page_view", {"checkout": "control" if variant == "new" else "new"}))
        kinds += [("click", {"checkout": variant})] * rng.randint(1, 5)
        kinds += [("purchase", {"checkout": variant})] * rng.choice([0, 0, 1, 2] if variant == "new" else [0, 0, 0, 1])
        for index, (kind, variants) in enumerate(kinds):
            at += timedelta(seconds=rng.randint(0, 60))
            rows.append(base | {"timestamp": at.replace(microsecond=0), "event_type": kind, "event_index": index, "variants": variants,
                                "revenue": Decimal(rng.randint(500, 9999)) / 100 if kind == "purchase" else Decimal(0),
                                "order_id": f"o{person}" if rng.random() < 0.3 and kind == "purchase" else ""})  # fmt: skip
    return rows


def people_of(rows):
    """{variant: [(purchases, revenue, clicks)]} and how many saw both."""
    by_person, found, several, orders_of_all = defaultdict(list), defaultdict(list), 0, set()
    for row in sorted(rows, key=lambda r: (r["timestamp"], r["event_index"])):
        if row["order_id"] in orders_of_all:  # an order counts once, also where it came before the exposure
            continue
        orders_of_all |= {row["order_id"]} - {""}
        by_person[row["person_id"]].append(row)
    for events in by_person.values():
        seen = {e["variants"]["checkout"] for e in events if e["variants"]}
        if len(seen) != 1:
            several += 1
            continue
        first = next(i for i, e in enumerate(events) if e["variants"])
        bought, orders, clicks = 0, {}, 0
        for e in events[first:]:
            clicks += e["event_type"] == "click"
            if e["event_type"] == "purchase":
                bought += 1
                orders.setdefault(e["order_id"] or (e["timestamp"], e["event_index"]), e["revenue"])
        found[seen.pop()].append((bought, float(sum(orders.values())), clicks))
    return {name: np.array(values) for name, values in found.items()}, several


def ask(site, **more):
    return run(Experiment(Scope(site.pk, PERIOD), "checkout", PURCHASE, **more))


def test_conversion(site, insert_events):
    rows = make_rows()
    insert_events(site, rows)
    people, several = people_of(rows)
    control, new = (people[name][:, 0] > 0 for name in ("control", "new"))
    result = ask(site, stats="frequentist")
    assert [(v.name, v.people, v.conversions) for v in result.variants] == [
        ("control", len(control), control.sum()), ("new", len(new), new.sum())
    ]  # fmt: skip
    assert result.in_several == several > 0
    table = [[control.sum(), (~control).sum()], [new.sum(), (~new).sum()]]
    pooled = stats.chi2_contingency(table, correction=False).pvalue  # the square of the pooled z-test
    assert result.variants[1].p_value == pytest.approx(pooled, rel=1e-9)
    assert result.mismatch_p == pytest.approx(stats.chisquare([len(control), len(new)]).pvalue)
    assert (result.enough, result.winner, result.control) == (True, "new", "control")


def test_revenue_and_count(site, insert_events):
    rows = make_rows()
    insert_events(site, rows)
    people, _ = people_of(rows)
    for kind, column in (("revenue", 1), ("count", 0)):
        control, new = people["control"][:, column], people["new"][:, column]
        found = ask(site, kind=kind, stats="frequentist").variants[1]
        welch = stats.ttest_ind(new, control, equal_var=False)
        assert found.p_value == pytest.approx(welch.pvalue, rel=1e-6)
        assert found.mean == pytest.approx(new.mean())
        assert found.effect == pytest.approx(new.mean() / control.mean() - 1)


def test_ratio_by_bootstrap(site, insert_events):
    """The delta method's interval is that of people drawn again and again."""
    rows = make_rows()
    insert_events(site, rows)
    people, _ = people_of(rows)
    found = ask(site, kind="ratio", per=check_selector("click", "per"), stats="frequentist").variants[1]
    rng = np.random.default_rng(1)

    def ratio(values):
        drawn = values[rng.integers(0, len(values), (4000, len(values)))]
        return drawn[:, :, 0].sum(1) / drawn[:, :, 2].sum(1)

    effects = ratio(people["new"]) / ratio(people["control"]) - 1
    width = np.quantile(effects, 0.975) - np.quantile(effects, 0.025)
    assert found.interval[1] - found.interval[0] == pytest.approx(width, rel=0.1)


def test_bayesian_against_draws():
    draws = np.random.default_rng(3).normal(0.04, 0.03, 2_000_000)
    told = bayesian(0.04, 0.03)
    assert told["chance_to_win"] == pytest.approx((draws > 0).mean(), abs=2e-3)
    assert told["risk"] == pytest.approx(-np.minimum(draws, 0).mean(), abs=1e-4)
    assert told["interval"] == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])), abs=1e-3)


def test_sequential_intervals_hold_at_every_look():
    """No difference, looked at after each hundred people: wrong in at most 5 % of experiments, where a fixed interval is far more."""
    rng = np.random.default_rng(4)
    looks, wrong, fixed = np.arange(200, 4001, 100), 0, 0
    for _ in range(300):
        one, two = rng.normal(10, 3, 2000).cumsum(), rng.normal(10, 3, 2000).cumsum()
        effects = (one - two)[looks // 2 - 1] / two[looks // 2 - 1]
        spreads = 0.3 * np.sqrt(2 / (looks / 2))
        wrong += any(abs(e) > sequential_half(s, n) for e, s, n in zip(effects, spreads, looks, strict=True))
        fixed += any(abs(effects) > 1.96 * spreads)
    assert wrong <= 0.05 * 300 < fixed


def test_a_broken_split_and_too_few(site, insert_events):
    insert_events(site, make_rows(people=700, shares=(0.35, 0.65)))
    result = ask(site)
    assert (result.mismatch, result.winner) == (True, "")
    assert not ask(site, weights={"control": 0.35, "new": 0.65}).mismatch


def test_by_segment_and_nobody(site, insert_events):
    rows = make_rows(people=300)
    insert_events(site, rows)
    result = ask(site, breakdown="device_type")
    assert set(result.groups) == {"mobile", "desktop"}
    for device, variants in result.groups.items():
        people, _ = people_of([r for r in rows if r["device_type"] == device])
        assert [v.people for v in variants] == [len(people["control"]), len(people["new"])]
    assert run(Experiment(Scope(site.pk, PERIOD), "none", PURCHASE)).variants == []


def test_the_tests_of_a_period_are_named(site, insert_events):
    """The same with a filter that all events fit, which asks the events themselves."""
    rows = make_rows(people=40)
    for number, row in enumerate(rows):
        if number % 3 == 0:
            row["variants"] = {**row["variants"], "pricing": "a"}
    insert_events(site, rows)
    carried = sum("checkout" in row["variants"] for row in rows)
    assert carried > len(rows) / 3 + 1
    everything = (Leaf("is", "device_type", ("mobile", "desktop")),)
    for filters in ((), everything):
        assert get_names(Scope(site.pk, PERIOD, filters)) == ["checkout", "pricing"]
    june = Period(date(2026, 6, 1), date(2026, 6, 30), ZoneInfo("UTC"))
    assert get_names(Scope(site.pk, june)) == []


def test_variance_of_one_person_is_unknown():
    assert Sample("a", 1, 1, 1.0, 1.0).variance == 0


@pytest.mark.parametrize(
    "more", [{"kind": "x"}, {"kind": "ratio"}, {"per": PURCHASE}, {"weights": {"a": 0}}, {"breakdown": "exit_page"}]
)
def test_what_cannot_be_asked(site, more):
    with pytest.raises(BadQuery):
        ask(site, **more)
