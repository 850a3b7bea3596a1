"""The query core against pandas, in five zones, over the days on which their clocks change."""

import math
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from analytics.queries import query as core
from analytics.queries.calendar import Period, compare_to, get_buckets, label_of
from analytics.queries.filters import check_filters
from analytics.queries.metrics import METRICS
from analytics.queries.query import Query
from tests.queries.history import MIDDLES, expect, frame_of, make_history, sessions_of

pytestmark = pytest.mark.django_db
ALL = tuple(name for name in METRICS if not name.endswith("_p75") and name != "users")
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def same(found, wanted):
    if wanted is None or (isinstance(wanted, float) and math.isnan(wanted)):
        return found is None
    return found is not None and abs(float(found) - float(wanted)) < 1e-3


def check(metrics, names, wanted):
    wrong = {n: (v, wanted[n]) for n, v in zip(names, metrics, strict=True) if not same(v, wanted[n])}
    assert wrong == {}, wrong


class World:
    def __init__(self, site, insert_events, zone="UTC", seed=1):
        self.site, self.zone = site, ZoneInfo(zone)
        rows = make_history(seed, MIDDLES[zone])
        insert_events(site, rows)
        self.frame = frame_of(rows)
        self.sessions = sessions_of(self.frame)
        middle = MIDDLES[zone].astimezone(self.zone).date()
        self.period = Period(middle - timedelta(days=3), middle + timedelta(days=3), self.zone)

    def ask(self, metrics=ALL, **more):
        return core.run(Query(self.site.pk, more.pop("period", self.period), tuple(metrics), **more), NOW)

    def within(self, start, end):
        inside = self.frame[(self.frame.time >= start) & (self.frame.time < end)]
        return inside, self.sessions[(self.sessions.start >= start) & (self.sessions.start < end)]


@pytest.fixture(params=list(MIDDLES))
def world(request, site, insert_events):
    return World(site, insert_events, request.param)


@pytest.fixture
def utc(site, insert_events):
    return World(site, insert_events)


def test_totals(world):
    result = world.ask()
    check(result.totals, ALL, expect(*world.within(world.period.start, world.period.end)))


@pytest.mark.parametrize("interval", ["day", "hour", "week", "month"])
def test_buckets(world, interval):
    """Each bucket by the wall clock of the zone, taken from the timestamps by pandas."""
    result = world.ask(dimensions=(interval,))
    frame, sessions = world.within(world.period.start, world.period.end)

    def bucket(time):
        local = time.astimezone(world.zone)
        day = local.date()
        if interval == "hour":
            began = local.replace(second=0, microsecond=0)
            while began.minute:  # back to the whole hour, or to when the clocks moved
                before = (began.astimezone(UTC) - timedelta(minutes=1)).astimezone(world.zone)
                if before.utcoffset() != local.utcoffset():
                    break
                began = before
            return began.isoformat(timespec="minutes")
        if interval == "week":
            day -= timedelta(days=day.weekday())
        return (day.replace(day=1) if interval == "month" else day).isoformat()

    in_bucket, began = frame.time.map(bucket), sessions.start.map(bucket)
    assert len({row.dimensions[0] for row in result.rows}) == len(result.rows)
    assert set(in_bucket) <= {row.dimensions[0] for row in result.rows}
    for row in result.rows:
        name = row.dimensions[0]
        check(row.metrics, ALL, expect(frame[in_bucket == name], sessions[began == name]))


@pytest.mark.parametrize(
    "zone, day, wanted",
    [
        ("Australia/Lord_Howe", date(2026, 10, 4), ["00:00+10:30", "01:00+10:30", "02:30+11:00", "03:00+11:00"]),
        ("Australia/Lord_Howe", date(2026, 4, 5), ["00:00+11:00", "01:00+11:00", "01:30+10:30", "02:00+10:30"]),
        ("America/New_York", date(2026, 3, 8), ["00:00-05:00", "01:00-05:00", "03:00-04:00", "04:00-04:00"]),
        ("America/New_York", date(2026, 11, 1), ["00:00-04:00", "01:00-04:00", "01:00-05:00", "02:00-05:00"]),
        ("Asia/Kathmandu", date(2026, 10, 4), ["00:00+05:45", "01:00+05:45", "02:00+05:45", "03:00+05:45"]),
    ],
)
def test_hours_begin_where_the_clock_says_so(zone, day, wanted):
    zone = ZoneInfo(zone)
    assert [label_of(at, "hour", zone)[11:] for at in get_buckets(Period(day, day, zone), "hour")][:4] == wanted


@pytest.mark.parametrize("name", ["source", "country", "entry_page", "exit_page"])
def test_dimensions_of_sessions(utc, name):
    frame, sessions = utc.within(utc.period.start, utc.period.end)
    by_session = utc.sessions[name]
    result = utc.ask(dimensions=(name,), limit=1000)
    assert {row.dimensions[0] for row in result.rows} >= set(sessions[name])
    for row in result.rows:
        value = row.dimensions[0]
        chosen = frame[frame.session_id.map(by_session) == value]
        check(row.metrics, ALL, expect(chosen, sessions[sessions[name] == value]))


def test_pages(utc):
    """Sessions of a page are those that met it; its bounce rate is of those that began there."""
    frame, sessions = utc.within(utc.period.start, utc.period.end)
    result = utc.ask(dimensions=("path",))
    for row in result.rows:
        path = row.dimensions[0]
        met = sessions[sessions.index.isin(utc.frame[utc.frame.path == path].session_id)]
        wanted = expect(frame[frame.path == path], met)
        wanted["bounce_rate"] = expect(frame, met[met.entry_page == path])["bounce_rate"]
        check(row.metrics, ALL, wanted)


FILTERS = [
    ([["is", "country", ["DE", "US"]]], lambda f: f.country.isin(["DE", "US"])),
    ([["is_not", "source", ["Google"]]], lambda f: f.source != "Google"),
    ([["contains", "path", ["PRIC"]]], lambda f: f.path.str.contains("pric")),
    ([["matches", "path", ["/p*"]]], lambda f: f.path.str.match(r"/p[^/]*$")),
    ([["regex", "path", ["^/[ab]$"]]], lambda f: f.path.isin(["/a", "/b"])),
    ([["not_set", "country"]], lambda f: f.country == ""),
    ([["set", "country"], ["is", "path", ["/it's"]]], lambda f: (f.country != "") & (f.path == "/it's")),
    ([["or", [["is", "path", ["/a"]], ["is", "country", ["NP"]]]]], lambda f: (f.path == "/a") | (f.country == "NP")),
    ([["not", ["is", "event_type", ["page_view"]]]], lambda f: f.event_type != "page_view"),
    ([["is", "props.plan", ["pro"]]], lambda f: f.plan == "pro"),
]  # fmt: skip


@pytest.mark.parametrize(("filters", "chosen"), FILTERS, ids=[str(f[0]) for f in FILTERS])
def test_filters(utc, filters, chosen):
    result = utc.ask(filters=check_filters(filters))
    frame, sessions = utc.within(utc.period.start, utc.period.end)
    matched = utc.frame[chosen(utc.frame)]
    after = utc.period.end + timedelta(days=1)
    met = matched[(matched.time >= utc.period.start) & (matched.time < after)].session_id
    wanted = expect(frame[chosen(frame)], sessions[sessions.index.isin(met)])
    if any("path" in str(item) for item in filters):
        wanted.pop("bounce_rate")  # of entries: the next test
    names = [name for name in ALL if name in wanted]
    check([v for n, v in zip(ALL, result.totals, strict=True) if n in wanted], names, wanted)


def test_bounce_rate_with_a_page_filter_is_of_entries(utc):
    (found,) = utc.ask(["bounce_rate"], filters=check_filters([["is", "path", ["/a"]]])).totals
    _, sessions = utc.within(utc.period.start, utc.period.end)
    entered = sessions[sessions.entry_page == "/a"]
    assert same(found, 100 * ((entered.pageviews == 1) & (entered.interactions == 1)).sum() / len(entered))


@pytest.mark.parametrize(("filters", "entered"), [
    ([["not", ["is", "path", ["/a"]]]], lambda s: s.entry_page != "/a"),
    ([["or", [["is", "path", ["/a"]], ["is", "path", ["/b"]]]]], lambda s: s.entry_page.isin(["/a", "/b"])),
    ([["is", "path", ["/a"]], ["is", "country", ["DE", "US"]]], lambda s: (s.entry_page == "/a") & s.country.isin(["DE", "US"])),
], ids=["not", "or", "and"])  # fmt: skip
def test_bounce_rate_follows_the_shape_of_a_page_filter(utc, filters, entered):
    (found,) = utc.ask(["bounce_rate"], filters=check_filters(filters)).totals
    _, sessions = utc.within(utc.period.start, utc.period.end)
    chosen = sessions[entered(sessions)]
    assert same(found, 100 * ((chosen.pageviews == 1) & (chosen.interactions == 1)).sum() / len(chosen))


def test_a_query_asks_for_the_days_of_a_site_once(utc, monkeypatch):
    from analytics.queries import cache, store

    cache.results.clear()
    monkeypatch.setattr(cache, "STAMP_SECONDS", 60.0)
    asked = []
    real = store.client.read
    monkeypatch.setattr(
        store.client, "read", lambda sql, params, tag, **k: (asked.append(tag), real(sql, params, tag, **k))[1]
    )
    utc.ask(["visitors", "sessions"], dimensions=("source",), compare=compare_to(utc.period, "previous_period"))
    assert sum("report=days" in tag for tag in asked) == 1


def test_exit_pages_as_a_filter(utc):
    result = utc.ask(["pageviews", "sessions"], filters=check_filters([["is", "exit_page", ["/b"]]]))
    frame, sessions = utc.within(utc.period.start, utc.period.end)
    left = sessions[sessions.exit_page == "/b"]
    of_all = utc.sessions[utc.sessions.exit_page == "/b"]  # also of those that began before the period
    views = frame[(frame.event_type == "page_view") & frame.session_id.isin(of_all.index)]
    assert result.totals == [len(views), len(left)]


def test_comparison(utc):
    other = compare_to(utc.period, "previous_period")
    period = Period(utc.period.first + timedelta(days=3), utc.period.last, utc.zone)
    before = compare_to(period, "previous_period")
    result = utc.ask(["visitors", "sessions"], period=period, compare=before, dimensions=("source",))
    assert other.days == utc.period.days and before.last < period.first
    frame, sessions = utc.within(before.start, before.end)
    assert result.comparison_totals == [frame.person.nunique(), len(sessions)]
    for row in result.rows:
        name = row.dimensions[0]
        assert row.comparison == [frame[frame.source == name].person.nunique(), (sessions.source == name).sum()]
    by_day = utc.ask(["pageviews"], period=period, compare=before, dimensions=("day",))
    assert sum(row.comparison[0] for row in by_day.rows) == (frame.event_type == "page_view").sum()


def test_users_and_people_who_identify_later(utc):
    frame, _ = utc.within(utc.period.start, utc.period.end)
    assert utc.ask(["users"]).totals == [frame[frame.person >= 10_000].person.nunique()]


@pytest.mark.parametrize("zone", list(MIDDLES))
def test_the_rollup_answers_as_the_events_do(site, insert_events, zone, monkeypatch):
    from analytics.queries import plan

    middle = MIDDLES[zone]
    rows = [r | {"user_id": "", "person_id": r["visitor_id"]} for r in make_history(5, middle)]
    insert_events(site, rows)
    day = middle.astimezone(ZoneInfo(zone)).date()
    period = Period(day - timedelta(days=4), day + timedelta(days=4), ZoneInfo(zone))
    for dimensions in ((), ("hour",), ("day",), ("week",)):
        query = Query(site.pk, period, ("visitors", "pageviews", "events"), dimensions)
        rolled = core.run(query, NOW)
        with monkeypatch.context() as raw:
            raw.setattr(plan.Plan, "reads_rollup", lambda self: False)
            plain = core.run(query, NOW)
        assert rolled.totals == plain.totals and rolled.rows == plain.rows and sum(rolled.totals) > 0


def test_order_limit_and_offset(utc):
    every = utc.ask(["pageviews"], dimensions=("path",), order_by=(("pageviews", "asc"), ("path", "asc")))
    first = utc.ask(["pageviews"], dimensions=("path",), order_by=(("pageviews", "asc"), ("path", "asc")), limit=2)
    rest = utc.ask(
        ["pageviews"], dimensions=("path",), order_by=(("pageviews", "asc"), ("path", "asc")), limit=9, offset=2
    )
    assert first.rows + rest.rows == every.rows and first.has_more and not rest.has_more
    ordered = utc.ask(["visitors", "sessions"], dimensions=("source",), order_by=(("sessions", "desc"),))
    assert [r.metrics[1] for r in ordered.rows] == sorted((r.metrics[1] for r in ordered.rows), reverse=True)


@pytest.mark.parametrize("dimensions", [("path",), ("source",), ("country", "path"), ("day", "country")], ids=str)
def test_which_rows_there_are_does_not_depend_on_the_first_metric(utc, dimensions):
    """Some were only seen by sessions that began before the period: no session is counted there, but people are."""
    told = {}
    for metrics in (("visitors", "sessions"), ("sessions", "visitors")):
        result = utc.ask(metrics, dimensions=dimensions, limit=1000)
        told[metrics] = {tuple(row.dimensions): dict(zip(metrics, row.metrics, strict=True)) for row in result.rows}
    assert told["visitors", "sessions"] == told["sessions", "visitors"]
    if dimensions == ("path",):
        frame, _ = utc.within(utc.period.start, utc.period.end)
        assert {key[0] for key in told["visitors", "sessions"]} == set(frame.path)
    for way in ("asc", "desc"):
        order = (("sessions", way), *((name, "desc") for name in dimensions))
        ask = lambda **more: utc.ask(("sessions", "visitors"), dimensions=dimensions, order_by=order, **more)  # noqa: E731, B023
        every, pages = ask(limit=1000).rows, [ask(limit=3)]
        while pages[-1].has_more:
            pages.append(ask(limit=3, offset=3 * len(pages)))
        assert [row for page in pages for row in page.rows] == every and len(every) == len(told["visitors", "sessions"])
        counts = [row.metrics[0] for row in every]
        assert counts == sorted(counts, reverse=way == "desc")


def test_a_row_of_people_whose_sessions_began_earlier(site, insert_events):
    day = date(2026, 5, 2)
    midnight = datetime(2026, 5, 2, tzinfo=UTC)
    insert_events(site, [
        {"timestamp": midnight + timedelta(minutes=minutes), "path": path, "session_id": session, "person_id": session,
         "visitor_id": session, "session_start": midnight + timedelta(minutes=began), "entry_page": "/a" if session == 1 else "/b"}
        for minutes, path, session, began in ((-5, "/a", 1, -5), (5, "/late", 1, -5), (10, "/b", 2, 10))
    ])  # fmt: skip
    for metrics in (("visitors", "sessions"), ("sessions", "visitors")):
        query = Query(site.pk, Period(day, day, ZoneInfo("UTC")), metrics, ("entry_page", "path"))
        rows = {row.dimensions[1]: dict(zip(metrics, row.metrics, strict=True)) for row in core.run(query, NOW).rows}
        assert rows == {"/late": {"visitors": 1, "sessions": 0}, "/b": {"visitors": 1, "sessions": 1}}


def test_vitals_need_50_samples(site, insert_events):
    import numpy

    day = datetime(2026, 5, 1, 10, tzinfo=UTC)
    values = [float(v) for v in numpy.random.default_rng(1).integers(100, 4000, 80)]
    insert_events(site, [
        {"timestamp": day, "event_type": "page_performance", "path": "/a" if i < 60 else "/b", "lcp": v}
        for i, v in enumerate(values)
    ])  # fmt: skip
    period = Period(day.date(), day.date(), ZoneInfo("UTC"))
    result = core.run(Query(site.pk, period, ("lcp_p75",), ("path",)), NOW)
    assert {r.dimensions[0]: r.metrics[0] for r in result.rows} == {
        "/a": pytest.approx(numpy.percentile(values[:60], 75)), "/b": None}  # fmt: skip


def test_an_empty_site(site, stores):
    period = Period(NOW.date(), NOW.date(), ZoneInfo("UTC"))
    result = core.run(Query(site.pk, period, ALL), NOW)
    assert dict(zip(ALL, result.totals, strict=True))["visitors"] == 0
    assert dict(zip(ALL, result.totals, strict=True))["bounce_rate"] is None
    assert result.watermark is None and result.partial
