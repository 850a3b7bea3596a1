"""Random histories through the front door, against pandas: sessions, people and figures as the API tells them."""

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from tests.queries.front_door import Maker, close, figures, frame_of, send, sessions_of
from tests.queries.history import MIDDLES

METRICS = [
    "visitors", "users", "sessions", "pageviews", "events", "bounce_rate", "session_duration", "views_per_session",
    "time_on_page", "scroll_depth", "conversions", "conversion_rate", "revenue", "average_order_value", "errors",
    "error_rate",
]  # fmt: skip


class World:
    def __init__(self, zone, events, ask):
        self.frame, self.ask = frame_of(events, zone), ask
        self.sessions = sessions_of(self.frame)
        self.middle = MIDDLES[zone].astimezone(ZoneInfo(zone)).date()

    def period(self, days):
        return [self.middle - timedelta(days=days), self.middle + timedelta(days=days)]

    def within(self, days):
        first, last = self.period(days)
        return (
            self.frame[(self.frame.day >= first) & (self.frame.day <= last)],
            self.sessions[(self.sessions.day >= first) & (self.sessions.day <= last)],
        )

    def query(self, days, **more):
        return self.ask(metrics=METRICS, date_range=list(map(str, self.period(days))), limit=1000, **more)


@pytest.fixture(params=["America/New_York", "Australia/Lord_Howe"])
def world(request, owner, post, drain, api_key, client):
    from accounts.actions import do_create_site

    new = do_create_site(owner.teams.get(), "shop.example", request.param, "EUR")
    events = Maker(3, request.param, MIDDLES[request.param]).make(40)
    send(events + events[:20], post, drain, new)

    def ask(**body):
        answer = client.post(
            f"/api/v1/sites/{new.site.pk}/query", json.dumps(body), content_type="application/json",
            headers={"Authorization": f"Bearer {api_key}"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.content
        return answer.json()

    return World(request.param, events, ask)


def differences(label, found, wanted):
    return [
        (label, name, value, wanted[name])
        for name, value in zip(METRICS, found, strict=True)
        if not close(value, wanted[name])
    ]


def test_figures(world):
    wrong = []
    for days in (0, 1, 30):
        wrong += differences(days, world.query(days)["totals"], figures(*world.within(days)))
    events, sessions = world.within(4)
    for row in world.query(4, interval="day")["results"]:
        day = pd.Timestamp(row["dimensions"][0]).date()
        wanted = figures(events[events.day == day], sessions[sessions.day == day])
        wrong += differences(day, row["metrics"], wanted)
    events, sessions = world.within(30)
    for name in ("utm_source", "entry_page", "exit_page", "country"):
        of_event = events.session.map(sessions[name])
        rows = world.query(30, dimensions=[name])["results"]
        assert {row["dimensions"][0] for row in rows} == set(sessions[name])
        for row in rows:
            value = row["dimensions"][0]
            wanted = figures(events[of_event == value], sessions[sessions[name] == value])
            wrong += differences((name, value), row["metrics"], wanted)
    assert wrong == []


def test_filters(world):
    events, sessions = world.within(30)
    entered = events.session.map(sessions.entry_page)
    wrong = []
    for filters, fits in (
        ([["not", ["or", [["is", "country", ["DE"]], ["is", "browser", ["Firefox"]]]]]], (events.country != "DE") & (events.browser != "Firefox")),
        ([["greater", "props.size", [20]], ["is", "props.flag", ["true"]]], (events["size"] > 20) & events.flag),
        ([["is", "entry_page", ["/it's", "/pricing"]]], entered.isin(["/it's", "/pricing"])),
        ([["is", "event_type", ["purchase", "click"]]], events.type.isin(["purchase", "click"])),
    ):  # fmt: skip
        wanted = figures(events[fits], sessions[sessions.index.isin(events[fits].session)])
        wrong += differences(str(filters), world.query(30, filters=filters)["totals"], wanted)
    assert wrong == []
