"""Whatever dies when: an acknowledged event is in ClickHouse once."""

import pytest

from tests.conftest import event

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    pass


def send(site, post, count=10):
    events = [event(f"https://shop.example/{i}") for i in range(count)]
    assert post({"site": site.site_key, "events": events}).json()["accepted"] == count


def counts(stored):
    pageviews = stored("sum(pageviews)", table="traffic_15m", order="1")[0]["sum(pageviews)"]
    in_sessions = stored("sum(events)", table="sessions", order="1")[0]["sum(events)"]
    recent = stored("count()", table="events_recent", order="1")[0]["count()"]
    return len(stored("event_id")), pageviews, in_sessions, recent


@pytest.mark.parametrize("moment", ["before insert", "after insert", "after ack"])
def test_a_writer_that_dies(site, post, drain, stored, monkeypatch, moment):
    from analytics.clickhouse import client
    from ingestion import buffer

    send(site, post)
    real_insert, real_ack = client.insert, buffer.ack

    def insert(*args):
        if moment == "before insert":
            raise Killed
        real_insert(*args)

    def ack(*args):
        if moment == "after ack":
            real_ack(*args)
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(client, "insert", insert)
        broken.setattr(buffer, "ack", ack)
        with pytest.raises(Killed):
            drain()
    send(site, post, 5)  # more comes in before the replay: the manifest must not grow
    drain()
    assert counts(stored) == (15, 15, 15, 15)
    assert sum(buffer.backlog(p) for p in buffer.partitions()) == 0


def test_a_writer_that_was_away_too_long_changes_nothing(site, post, drain, stored):
    """Its lease ran out and another has written the same batch: its own ack is refused."""
    from ingestion import buffer, writer

    send(site, post)
    batch = next(b for p in buffer.partitions() if (b := buffer.take(p, 1000)))
    states = writer.write_events(batch)
    drain()
    send(site, post, 3)
    assert buffer.ack(batch, states) is False
    drain()
    assert counts(stored) == (13, 13, 13, 13)


def test_a_writer_that_slept_over_its_lease_writes_nothing_twice(site, post, drain, stored, monkeypatch):
    """It had looked at the stream and was stopped; meanwhile another wrote all of it and was done."""
    import redis

    from ingestion import buffer

    send(site, post)
    slept = []

    class Sleepy(redis.Redis):
        """Its first command on the stream is followed by a long sleep, in which the other writer drains everything."""

        def execute_command(self, *args, **options):
            answer = super().execute_command(*args, **options)
            if not slept and any(":stream:" in str(part) for part in args):
                slept.append(args[0])
                with monkeypatch.context() as other:
                    other.setattr(buffer, "connection", awake)
                    send(site, post, 3)  # so the other's batch is a longer one
                    drain()
            return answer

    from django.conf import settings

    awake, sleepy = buffer.connection, Sleepy.from_url(settings.BUFFER_URL)
    with monkeypatch.context() as paused:
        paused.setattr(buffer, "connection", lambda: sleepy)
        from ingestion import writer

        for partition in buffer.partitions():
            slept.clear()
            batch = buffer.take(partition, 1000)
            if batch:
                buffer.ack(batch, writer.write_events(batch))
    drain()
    total = len({str(row["event_id"]) for row in stored("event_id")})
    assert total > 10 and counts(stored) == (total,) * 4


def test_the_committer_outlives_any_error(site, post, drain, stored, monkeypatch):
    """Whatever a push meets, the next one is served."""
    from ingestion import buffer

    def broken(item):
        raise RuntimeError("unforeseen")

    with monkeypatch.context() as bad:
        bad.setattr(buffer, "script_args", broken)
        assert post({"site": site.site_key, "events": [event()]}).status == 503
    send(site, post, 3)
    drain()
    assert len(stored("event_id")) == 3


def test_a_second_writer_waits_its_turn(site, post):
    from ingestion import writer

    send(site, post)
    with writer.lease(0) as first:
        assert first is not None
        with writer.lease(0) as second:
            assert second is None


def test_one_row_that_cannot_be_stored_is_put_aside(site, post, drain, stored, monkeypatch):
    """ClickHouse refuses a row for ever: the other rows pass, the one is kept, the partition goes on."""
    from analytics.clickhouse import client

    send(site, post, 7)
    real = client.insert

    def picky(table, columns, data, token):
        if table == "events" and "/3" in data[list(columns).index("path")]:
            raise client.BadData("no")
        real(table, columns, data, token)

    monkeypatch.setattr(client, "insert", picky)
    drain()
    assert sorted(r["path"] for r in stored("path")) == ["/0", "/1", "/2", "/4", "/5", "/6"]
    assert stored("reason", table="rejected_events", order="1") == [{"reason": "not_storable"}]


def test_clickhouse_that_is_away_loses_nothing(site, post, drain, stored, monkeypatch):
    from analytics.clickhouse import client

    send(site, post)

    def away(*args):
        raise client.StoreError("away")

    with monkeypatch.context() as broken:
        broken.setattr(client, "insert", away)
        with pytest.raises(client.StoreError):
            drain()
    drain()
    assert counts(stored) == (10, 10, 10, 10)


def test_a_full_stream_refuses_instead_of_forgetting(site, post, monkeypatch):
    from ingestion import buffer

    monkeypatch.setattr(buffer, "MAX_ENTRIES", 1)
    body = {"site": site.site_key, "events": [event()]}
    assert post(body).status == 202
    answer = post({"site": site.site_key, "events": [event()]})
    assert (answer.status, answer.json()["error"]["code"]) == (503, "buffer_full")
