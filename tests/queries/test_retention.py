"""Retention against pandas, over both changes of the clocks."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from analytics.queries.calendar import Period
from analytics.queries.dimensions import BadQuery
from analytics.queries.people import Scope, check_selector
from analytics.queries.retention import Retention, get_days_back, run
from tests.queries.history import MIDDLES

pytestmark = pytest.mark.django_db
KINDS = ["visit", "visit", "visit", "signup", "purchase"]


def make_rows(seed, middle, people=60, days=60):
    rng, rows = random.Random(seed), []
    for person in range(1, people + 1):
        known = person % 5 != 0
        joined = middle + timedelta(days=rng.uniform(-days / 2, days / 3))
        for _ in range(rng.randint(1, 12)):
            at = joined + timedelta(days=min(rng.expovariate(0.15), 40))
            rows.append({
                "timestamp": at.replace(microsecond=0), "received_at": at, "event_type": rng.choice(KINDS), "path": "/",
                "visitor_id": person, "person_id": person, "device_id": person if known else 0, "session_id": len(rows) + 1,
                "revenue": Decimal(0),
            })  # fmt: skip
    return rows


def expect(rows, period, interval, count, start, back, first_time, or_after, now):
    frame = pd.DataFrame(rows)
    frame = frame[frame.device_id > 0]
    local = frame.timestamp.dt.tz_convert(str(period.zone)).dt.tz_localize(None)
    frame["slot"] = local.dt.to_period({"day": "D", "week": "W-SUN", "month": "M"}[interval])
    began = frame[frame.event_type == start] if start else frame
    inside = (began.timestamp >= period.start) & (began.timestamp < period.end)
    if first_time:
        first = began.sort_values("timestamp").drop_duplicates("person_id")
        members = first[inside.reindex(first.index)][["person_id", "slot"]]
    else:
        members = began[inside][["person_id", "slot"]].drop_duplicates()
    returns = (frame[frame.event_type == back] if back else frame)[["person_id", "slot"]].drop_duplicates()
    first_slot = pd.Period(period.first, members.slot.dtype.freq if len(members) else None)
    table, averages = {}, []
    slots = pd.period_range(first_slot, pd.Period(period.last, first_slot.freq))
    for slot in slots:
        people = set(members[members.slot == slot].person_id)
        row = [len(people)]
        for n in range(1, count + 1):
            fits = returns.slot >= slot + n if or_after else returns.slot == slot + n
            row.append(len(people & set(returns[fits].person_id)))
        table[slot.start_time.date()] = row
    for n in range(count + 1):
        done = [
            s for s in slots if (s + n).end_time.tz_localize(str(period.zone)) < now and table[s.start_time.date()][0]
        ]
        whole = sum(table[s.start_time.date()][0] for s in done)
        averages.append(100 * sum(table[s.start_time.date()][n] for s in done) / whole if whole else None)
    return table, averages


@pytest.mark.parametrize("zone", list(MIDDLES))
@pytest.mark.parametrize("interval", ["day", "week", "month"])
@pytest.mark.parametrize(("first_time", "or_after"), [(True, False), (False, True), (False, False)])
def test_against_pandas(site, insert_events, zone, interval, first_time, or_after):
    rows = make_rows(7, MIDDLES[zone])
    insert_events(site, rows)
    middle = MIDDLES[zone].astimezone(ZoneInfo(zone)).date()
    period = Period(middle - timedelta(days=12), middle + timedelta(days=16), ZoneInfo(zone))
    now = MIDDLES[zone] + timedelta(days=22)
    count = {"day": 8, "week": 4, "month": 2}[interval]
    for start, back in (("", ""), ("signup", "purchase")):
        asked = Retention(
            Scope(site.pk, period), check_selector({"event": start}, "start"), check_selector({"event": back}, "back"),
            interval, count, first_time, or_after,
        )  # fmt: skip
        found = run(asked, now)
        table, averages = expect(rows, period, interval, count, start, back, first_time, or_after, now)
        assert {c.first: [cell.people for cell in c.cells] for c in found.cohorts} == table
        assert found.averages == [None if a is None else pytest.approx(a, abs=1e-3) for a in averages]
        assert sum(row[0] for row in table.values()) > 0


def test_days_back_leave_out_what_has_not_ended(site, insert_events):
    start = datetime(2026, 5, 4, 10, tzinfo=UTC)
    seen = {1: (0, 1, 7), 2: (0, 7), 3: (0,), 4: (5, 6)}
    insert_events(site, [
        {"timestamp": start + timedelta(days=d), "received_at": start, "device_id": p, "visitor_id": p, "person_id": p,
         "session_id": p * 100 + d, "event_type": "page_view"}
        for p, days in seen.items() for d in days
    ])  # fmt: skip
    period = Period(start.date(), start.date() + timedelta(days=6), ZoneInfo("UTC"))
    found = get_days_back(site.pk, period, now=start + timedelta(days=9))
    assert found == {1: 50.0, 7: pytest.approx(200 / 3, abs=1e-3), 30: None}


def test_why_it_is_empty(site, insert_events):
    at = datetime(2026, 5, 4, tzinfo=UTC)
    period = Period(at.date(), at.date(), ZoneInfo("UTC"))
    assert run(Retention(Scope(site.pk, period))).reason == "No event in this period."
    insert_events(site, [{"timestamp": at, "received_at": at, "visitor_id": 1, "person_id": 1, "session_id": 1}])
    assert "new hash each day" in run(Retention(Scope(site.pk, period))).reason
    with pytest.raises(BadQuery):
        run(Retention(Scope(site.pk, period), interval="year"))
    with pytest.raises(BadQuery):
        run(Retention(Scope(site.pk, period), intervals=0))
