"""Events in any order give the sessions, figures and sources that they give in order."""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import event

pytestmark = pytest.mark.django_db
START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
SESSIONS = "sessions GROUP BY visitor_id, session_id"


@pytest.fixture
def send(new_site, post, drain):
    """`send((minutes, visitor, path), …)`: one request, written before the next comes."""

    def at_once(*visits):
        events = [
            event(
                f"https://shop.example{path}", *kind, event_timestamp=(START + timedelta(minutes=minutes)).isoformat(),
                session={"session_id": visitor},
            )
            for minutes, visitor, path, *kind in visits
        ]  # fmt: skip
        answer = post({"site": new_site.site.site_key, "events": events}, secret=new_site.ingest_secret)
        assert answer.json()["accepted"] == len(events)
        drain()

    return at_once


def sessions(stored):
    """(minutes from the start to its first and last event, page views, events, source, entry and exit page)"""
    rows = stored(
        "dateDiff('minute', toDateTime({0}), min(start)) AS first".replace("{0}", str(int(START.timestamp()))),
        "dateDiff('minute', min(start), max(end)) AS length", "sum(pageviews) AS p", "sum(events) AS e", "max(utm_source) AS u",
        "argMinIfMerge(entry_page) AS entry", "argMaxIfMerge(exit_page) AS exit", table=SESSIONS, order="min(start), visitor_id",
    )  # fmt: skip
    return [tuple(row.values()) for row in rows]


def test_an_event_that_closes_the_gap_makes_one_session_of_two(send, stored):
    send((0, "a", "/?utm_source=one"))
    send((50, "a", "/last?utm_source=two"))
    assert len(sessions(stored)) == 2
    recent = stored("path", "toString(inserted_at) AS seen", table="events_recent", order="timestamp")
    seen = {row["path"]: list(row.values())[1] for row in recent}
    time.sleep(1.1)
    send((25, "a", "/between"))
    assert sessions(stored) == [(0, 50, 3, 3, "one", "/", "/last")]
    rows = stored("session_id", "session_start", "utm_source", "entry_page", "path")
    assert len({row["session_id"] for row in rows}) == 1 and {row["utm_source"] for row in rows} == {"one"}
    assert {row["entry_page"] for row in rows} == {"/"} and {row["session_start"] for row in rows} == {START}
    send((60, "a", "/later"))
    recent = stored("path", "toString(inserted_at) AS seen", table="events_recent", order="timestamp")
    assert [row["path"] for row in recent] == ["/", "/between", "/last", "/later"]
    assert [list(row.values())[1] for row in recent if row["path"] in seen] == [*seen.values()], "seen when they were"
    assert sessions(stored) == [(0, 60, 4, 4, "one", "/", "/later")], "what comes then knows the session"


def test_a_landing_page_that_comes_late_lends_its_source(send, stored):
    send((5, "a", "/second?utm_source=wrong"), (6, "a", "/third"))
    send((0, "a", "/landing?utm_source=right"))
    assert sessions(stored) == [(0, 6, 3, 3, "right", "/landing", "/third")]
    assert {row["utm_source"] for row in stored("utm_source")} == {"right"}
    assert stored("max(utm_source)", "sum(events)", table="visits", order="1") == [
        {"max(utm_source)": "right", "sum(events)": 3}
    ]


def test_of_the_same_moment_the_index_tells_which_was_first(new_site, post, drain, stored):
    for index, path in ((1, "/second"), (0, "/landing?utm_source=right")):
        one = event(
            f"https://shop.example{path}",
            event_timestamp=START.isoformat(),
            session={"session_id": "a", "event_index": index},
        )
        post({"site": new_site.site.site_key, "events": [one]}, secret=new_site.ingest_secret)
        drain()
    assert {(row["utm_source"], row["entry_page"]) for row in stored("utm_source", "entry_page")} == {
        ("right", "/landing")
    }
    assert sessions(stored) == [(0, 0, 2, 2, "right", "/landing", "/second")]


def test_a_source_that_is_known_later_is_that_of_all(send, stored):
    send((0, "a", "/", "signup"))
    send((3, "a", "/welcome?utm_source=news"))
    assert {row["utm_source"] for row in stored("utm_source")} == {"news"}


def plain(visits):
    """Cut at over 30 minutes and at 24 hours, the source of the first page view: {(minutes, visitor): (first minute, source)}"""
    found, group = {}, []

    def close():
        source = next((path.partition("=")[2] for _, _, path, kind in group if kind == "page_view"), "")
        found.update({(minutes, visitor): (group[0][0], source) for minutes, visitor, _, _ in group})

    for one in sorted(visits, key=lambda one: (one[1], one[0])):
        if group and (one[1] != group[-1][1] or one[0] - group[-1][0] > 30 or one[0] - group[0][0] > 1440):
            close()
            group = []
        group.append(one)
    close()
    return found


def history(rng):
    """Visits with pauses about as long as the gap, and one visitor who never stops for two days."""
    visits = []
    for visitor in "abcdef":
        minutes = 0
        for number in range(25):
            minutes += rng.choice([1, 5, 20, 29, 30, 31, 40, 300])
            kind = rng.choice(["page_view", "page_view", "signup", "purchase"])
            visits.append((minutes, visitor, f"/{visitor}{number}?utm_source={visitor}{number}", kind))
    return visits + [(minutes, "z", f"/z?utm_source=z{minutes}", "page_view") for minutes in range(0, 2900, 25)]


def check_rollups(site_id):
    """Each table that a view fills holds what its view makes of the raw events."""
    from analytics.clickhouse import client
    from analytics.clickhouse.resession import MOMENTS
    from analytics.clickhouse.views import BY_SESSION, select_of_view

    sums = {
        "sessions": "session_id, session_start, min(start), max(end), sum(pageviews), sum(interactions), sum(events), max(source),"
        " max(utm_source), argMinIfMerge(entry_page), argMaxIfMerge(exit_page), max(began)",
        "visits": "session_id, bucket, person_id, any(utm_source), any(entry_page), sum(pageviews), sum(events), min(first_moment)",
        "rare_events": "session_id, session_start, event_type, timestamp, utm_source, event_id_low",
        "events_recent": "session_id, timestamp, path, source",
    }
    assert set(sums) == set(BY_SESSION) == set(MOMENTS) - {"events"}
    for table, columns in sums.items():
        grouped = {"sessions": " GROUP BY 1, 2", "visits": " GROUP BY 1, 2, 3, dims"}.get(table, "")
        made, stored = (
            client.read(f"SELECT {columns} FROM {rows}{grouped} ORDER BY ALL", {"site": site_id}, "test")
            for rows in (f"({select_of_view(table, 'site_id = {site:UInt32}')})", table)
        )
        assert stored == made and made, table


def check_all(visits, stored, site_id):
    expected = plain(visits)
    rows = stored(f"dateDiff('minute', toDateTime({int(START.timestamp())}), timestamp) AS m", "visitor_id", "session_id",
                  "session_start", "utm_source", "path", order="m")  # fmt: skip
    assert len(rows) == len(visits)
    began = {}
    for row in rows:
        minutes, visitor = next(iter(row.values())), row["path"][1]
        assert row["utm_source"] == expected[minutes, visitor][1], (minutes, visitor)
        began.setdefault(row["session_id"], set()).add((visitor, expected[minutes, visitor][0]))
    sessions = sorted(set().union(*began.values()))
    assert sorted(one for ones in began.values() for one in ones) == sessions and len(began) == len(sessions)
    check_rollups(site_id)
    assert stored("sum(events)", table="traffic_15m", order="1")[0]["sum(events)"] == len(visits)


@pytest.mark.parametrize("seed", range(2))
def test_any_order_gives_what_the_order_of_time_gives(seed, new_site, send, stored):
    rng = random.Random(seed)
    visits = history(rng)
    sent = rng.sample(visits, len(visits))
    while sent:
        size = rng.randint(40, 130)
        send(*sent[:size])
        sent = sent[size:]
    check_all(visits, stored, new_site.site.pk)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("steps", [*range(6), "put_states", "put_watermark"])
def test_a_worker_that_dies_over_it(steps, new_site, send, post, drain, stored, monkeypatch):
    """Whatever of it was done, the next one ends it, before anything else is written."""
    from ingestion import recut

    send((0, "a", "/?utm_source=one"), (1, "b", "/?utm_source=other"))
    send((50, "a", "/last", "purchase"), (3, "b", "/"))
    whole = recut.finish_steps

    def some(move):
        for number, step in enumerate(whole(move)):
            if number == steps:
                raise Killed
            yield step

    def end(manifest):
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(recut, *("finish_steps", some) if isinstance(steps, int) else (steps, end))
        with pytest.raises(Killed):
            send((25, "a", "/between"))
    send((55, "a", "/after"))
    assert sessions(stored) == [(0, 55, 3, 4, "one", "/", "/after"), (1, 2, 2, 2, "other", "/", "/")]
    check_rollups(new_site.site.pk)
    tables = stored("name", table="system.tables WHERE database = currentDatabase() AND name LIKE 'recut%'", order="1")
    assert tables == []


def die_with_copies(send, monkeypatch):
    """The rows are copied beside the table, and nobody knows."""
    from ingestion import recut

    send((0, "a", "/"))
    send((50, "a", "/last"))
    with monkeypatch.context() as broken:
        broken.setattr(recut, "Manifest", lambda *told: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            send((25, "a", "/between"))


def test_one_that_dies_before_anything_is_changed(send, stored, monkeypatch):
    die_with_copies(send, monkeypatch)
    assert len(sessions(stored)) == 2
    send((26, "a", "/also"))
    assert sessions(stored) == [(0, 50, 4, 4, "", "/", "/last")]


def test_answers_given_before_are_not_given_again(site, send, api_key, client):
    def bounces():
        days = [(START + timedelta(days=n)).date().isoformat() for n in (-1, 2)]
        answer = client.post(
            f"/api/v1/sites/{site.pk}/query", {"metrics": ["sessions", "bounce_rate"], "date_range": days},
            content_type="application/json", headers={"Authorization": f"Bearer {api_key}"},
        )  # fmt: skip
        return answer.json()["totals"]

    from analytics.queries import cache

    cache.STAMP_SECONDS, before = 0.0, cache.STAMP_SECONDS
    try:
        send((0, "a", "/"))
        send((50, "a", "/last"))
        assert bounces() == [2, 100.0]
        send((25, "a", "/between"))
        assert bounces() == [1, 0.0]
    finally:
        cache.STAMP_SECONDS = before


def test_who_is_erased_is_not_moved_meanwhile(site, send, stored):
    """While a request of a person is worked on, sessions stay as they are; they are cut once it is done."""
    from ingestion import buffer, recut

    send((0, "a", "/"))
    send((50, "a", "/last"))
    buffer.connection().set(buffer.key("lease", "privacy"), "somebody")
    send((25, "a", "/between"))
    assert len(sessions(stored)) == 2 and not any(recut.waits(partition) for partition in buffer.partitions())
    buffer.connection().delete(buffer.key("lease", "privacy"))
    send((26, "b", "/"))
    send((27, "a", "/"))
    assert len(sessions(stored)) == 2  # a's and b's


def test_who_has_too_many_events_stays_as_is(send, stored, monkeypatch):
    """The rest of them is cut, and nothing is asked again and again."""
    from ingestion import buffer, recut

    monkeypatch.setattr(recut, "EVENTS", 4)
    send((0, "a", "/"), (1, "a", "/"), (0, "b", "/"), (60, "a", "/"), (61, "a", "/"), (60, "b", "/"))
    send((30, "a", "/"), (30, "b", "/"))
    assert sorted(row[3] for row in sessions(stored)) == [2, 3, 3]
    assert not any(recut.waiting(partition) for partition in buffer.partitions())


def test_an_event_without_a_copy_is_not_deleted(new_site, send, stored, insert_events, monkeypatch):
    """Of an old session that lies where nobody looked for it: all stays as it is."""
    from analytics.clickhouse import client

    send((0, "a", "/"))
    send((50, "a", "/last"))
    (first, *_), at = stored("session_id", "visitor_id"), START + timedelta(hours=5)
    insert_events(
        new_site.site, [{"timestamp": at, "received_at": at, "path": "/hidden", "session_start": START, **first}]
    )
    client.command("ALTER TABLE sessions DELETE WHERE end = {at:DateTime64(3)} SETTINGS mutations_sync = 1", {"at": at})
    with pytest.raises(client.StoreError, match="tried again"):
        send((25, "a", "/between"))
    assert [row["path"] for row in stored("path")] == ["/", "/between", "/last", "/hidden"]


def test_pausing_leaves_no_copies(send, stored, monkeypatch):
    """A backup and a deletion find every event once: what a dead worker had copied beside the table is gone."""
    from ingestion.pause import writers_paused

    die_with_copies(send, monkeypatch)
    copies = {"table": "system.tables WHERE database = currentDatabase() AND name LIKE 'recut%'", "order": "1"}
    assert stored("name", **copies)
    with writers_paused():
        assert not stored("name", **copies)


def test_what_the_buffer_has_forgotten_is_looked_up(send, stored):
    """An event of days ago finds its session after the buffer's memory of it has run out."""
    from ingestion import buffer

    def forget():
        store = buffer.connection()
        for key in store.scan_iter(buffer.key("session", "*")):
            store.delete(key)

    send((0, "a", "/?utm_source=one"), (1, "b", "/"))
    forget()
    send((5, "a", "/inside?utm_source=two"))
    forget()
    assert sessions(stored)[0] == (0, 5, 2, 2, "one", "/", "/inside")
    send((60, "a", "/x?utm_source=three"))
    forget()
    send((-10, "a", "/landing?utm_source=zero"), (32, "a", "/between"))
    assert sessions(stored) == [(-10, 70, 5, 5, "zero", "/landing", "/x"), (1, 0, 1, 1, "", "/", "/")]
