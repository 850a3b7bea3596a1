"""Sessions by semantics.md, against a plain calculation over the sorted times."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from ingestion.sessions import Cutter, Visit, decode, encode
from tests.conftest import event

GAP = 1_800_000


def cut(batches, previous=0):
    """Sessions of one visitor whose events (seconds) come in batches; the state goes through its stored form."""
    store = {}
    out = []
    for batch in batches:
        cutter = Cutter(lambda s, v: decode(store[s, v]) if (s, v) in store else [], lambda s: GAP)
        visits = [
            Visit(1, v, p, t * 1000, 0, f"{t}", (f"src{t}",), kind == "page_view")
            for t, v, p, kind in sorted(e if isinstance(e, tuple) else (e, 7, previous, "page_view") for e in batch)
        ]
        cutter.cut(visits)
        store.update({k: encode(v) for k, v in cutter.states.items() if v})
        out += visits
    return out


def test_a_gap_of_over_30_minutes_cuts():
    visits = cut([[0, 1800, 3601, 3602]])
    ids = [v.session.id for v in visits]
    assert ids[0] == ids[1] != ids[2] == ids[3]


def test_the_state_outlives_the_batch_and_late_events_find_theirs():
    visits = cut([[0, 60], [7200], [90], [7100]])
    by_time = {v.time // 1000: v.session.id for v in visits}
    assert by_time[0] == by_time[60] == by_time[90] != by_time[7200] == by_time[7100]


def test_no_session_is_longer_than_a_day():
    visits = cut([[i * 1700 for i in range(60)]])
    spans = {}
    for v in visits:
        spans.setdefault(v.session.id, []).append(v.time)
    assert len(spans) == 2 and all(max(t) - min(t) <= 86_400_000 for t in spans.values())


def test_the_first_page_view_lends_its_source():
    visits = cut([[(0, 7, 0, "custom"), (5, 7, 0, "page_view"), (9, 7, 0, "page_view")]])
    assert {v.session.acquisition for v in visits} == {("src5",)}


def test_midnight_keeps_the_old_hash_while_the_session_lasts():
    visits = cut([[(0, 7, 6, "page_view")], [(600, 8, 7, "page_view")], [(1200, 8, 7, "x")], [(9000, 8, 7, "x")]])
    assert [v.visitor for v in visits] == [7, 7, 7, 8]
    assert len({v.session.id for v in visits}) == 2


@pytest.mark.parametrize("seed", range(20))
def test_random_days_equal_the_plain_calculation(seed):
    rng = random.Random(seed)
    times = sorted({rng.randrange(0, 80_000) for _ in range(60)})
    size = rng.randint(1, 20)
    visits = cut([times[i : i + size] for i in range(0, len(times), size)])
    expected, count = [], 0
    for before, now in zip([-GAP, *times], times, strict=False):
        count += now - before > 1800
        expected.append(count)
    ids = [v.session.id for v in visits]
    assert [ids.index(i) for i in ids] == [expected.index(i) for i in expected]


@pytest.mark.django_db
def test_sessions_in_clickhouse(new_site, post, drain, stored):
    start = datetime.now(UTC) - timedelta(days=3)

    def at(minutes, url, kind="page_view", **more):
        time = (start + timedelta(minutes=minutes)).isoformat()
        return event(f"https://shop.example{url}", kind, event_timestamp=time, session={"session_id": "s"}, **more)

    sent = [at(0, "/?utm_source=news&utm_medium=email"), at(1, "/a"), at(2, "/a", "purchase"), at(40, "/b")]
    for one in sent:
        assert post({"site": new_site.site.site_key, "events": [one]}, secret=new_site.ingest_secret).status == 202
        drain()
    rows = stored(
        "session_id", "sum(pageviews) AS p", "sum(interactions) AS i", "argMinIfMerge(entry_page) AS entry",
        "argMaxIfMerge(exit_page) AS exit", "dateDiff('second', min(start), max(end)) AS s", "max(utm_source) AS u",
        table="sessions GROUP BY session_id", order="min(start)",
    )  # fmt: skip
    assert [list(r.values())[1:] for r in rows] == [[2, 3, "/", "/a", 120, "news"], [1, 1, "/b", "/b", 0, ""]]


@pytest.mark.django_db
def test_the_same_person_over_midnight_is_one_visitor(site, post, drain, stored, monkeypatch):
    """The salt turns between two page views that are minutes apart."""
    import time

    from ingestion import pipeline, sites

    midnight = (int(time.time()) // 86_400) * 86_400
    clock = {"now": midnight - 300}
    monkeypatch.setattr(pipeline, "now_ms", lambda: clock["now"] * 1000)

    class Fixed(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(clock["now"], tz)

    monkeypatch.setattr(sites, "datetime", Fixed)
    post({"site": site.site_key, "events": [event()]})
    clock["now"] = midnight + 300
    post({"site": site.site_key, "events": [event()]})
    clock["now"] = midnight + 40_000
    post({"site": site.site_key, "events": [event()]})
    drain()
    rows = stored("visitor_id", "person_id", "session_id")
    assert rows[0] == rows[1]
    assert rows[2]["visitor_id"] != rows[0]["visitor_id"]
