from datetime import UTC, date, datetime

import pytest

from ingestion.models import Salt
from ingestion.salts import do_destroy_old_salts, get_or_make_salt, get_salts

pytestmark = pytest.mark.django_db
TODAY = date(2020, 11, 24)  # of a year in which no server that a test started has made one of its own


def test_a_day_has_one_random_salt_and_knows_the_one_before():
    first = get_or_make_salt(date(2020, 11, 23))
    assert get_salts(TODAY) == (get_or_make_salt(TODAY), first)
    assert len(first) == 16 and first != get_or_make_salt(TODAY)
    assert get_salts(date(2020, 12, 5))[1] is None


@pytest.mark.parametrize(("now", "left"), [
    (datetime(2020, 11, 24, 23, 59, tzinfo=UTC), [23, 24]),
    (datetime(2020, 11, 25, 0, 0, tzinfo=UTC), [24]),
    (datetime(2020, 11, 26, 0, 0, tzinfo=UTC), []),
])  # fmt: skip
def test_a_salt_is_gone_48_hours_after_its_day_began(now, left):
    for day in (22, 23, 24):
        get_or_make_salt(date(2020, 11, day))
    do_destroy_old_salts(now)
    assert [salt.day.day for salt in Salt.objects.filter(day__year=2020)] == left


def test_a_new_salt_makes_another_visitor(site, post, drain, stored):
    from ingestion.sites import Snapshot, known
    from tests.conftest import event

    post({"site": site.site_key, "events": [event()]})
    drain()
    from ingestion import buffer

    buffer.connection().flushall()  # no session to go on with
    Salt.objects.all().delete()
    known._snapshot = Snapshot()
    post({"site": site.site_key, "events": [event()]})
    drain()
    assert len({row["visitor_id"] for row in stored("visitor_id")}) == 2
