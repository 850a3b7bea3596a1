"""Active people against sets in Python."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from analytics.queries import activity
from analytics.queries.calendar import Period
from tests.queries.history import MIDDLES
from tests.queries.test_retention import make_rows

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("zone", list(MIDDLES))
def test_against_sets(site, insert_events, zone):
    rows = make_rows(3, MIDDLES[zone], people=120)
    insert_events(site, rows)
    last = MIDDLES[zone].astimezone(ZoneInfo(zone)).date()
    found = activity.run(
        site.pk, Period(last - timedelta(days=6), last, ZoneInfo(zone)), datetime(2026, 11, 1, tzinfo=UTC)
    )

    def people(days):
        inside = (
            r
            for r in rows
            if r["device_id"] and 0 <= (last - r["timestamp"].astimezone(ZoneInfo(zone)).date()).days < days
        )
        return len({r["person_id"] for r in inside})

    assert (found.dau, found.wau, found.mau) == (people(1), people(7), people(30))
    assert found.mau > found.wau > found.dau > 0
    assert found.stickiness == pytest.approx(100 * found.dau / found.mau, abs=1e-3)


def test_a_day_that_is_not_over_does_not_count(site):
    now, zone = datetime(2026, 5, 10, 12, tzinfo=UTC), ZoneInfo("UTC")
    assert activity.run(site.pk, Period(date(2026, 5, 4), date(2026, 5, 10), zone), now).day == date(2026, 5, 9)
    assert activity.run(site.pk, Period(date(2026, 5, 10), date(2026, 5, 10), zone), now).day == date(2026, 5, 10)
    nobody = activity.run(site.pk, Period(date(2026, 5, 1), date(2026, 5, 2), zone), now)
    assert (nobody.mau, nobody.stickiness) == (0, None)
