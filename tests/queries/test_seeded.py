"""The demo's figures, from the API and from its raw rows by pandas, which cuts the sessions anew by the gap."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from django.test import Client

from accounts.actions import do_create_site
from tests.queries.history import MIDDLES

pytestmark = pytest.mark.django_db
METRICS = ["visitors", "pageviews", "events", "sessions", "bounce_rate", "session_duration", "views_per_session"]


def frame_of(client):
    rows = client.read(
        "SELECT timestamp, event_index, event_type, interactive, path, visitor_id, person_id, user_id, session_id FROM events",
        {}, "test",
    )  # fmt: skip
    names = ["time", "index", "kind", "interactive", "path", "visitor", "person", "user", "session"]
    frame = pd.DataFrame(rows, columns=names).sort_values(["visitor", "time", "index"], kind="stable")
    gap = frame.groupby("visitor").time.diff() > pd.Timedelta(minutes=30)
    first = frame.visitor != frame.visitor.shift()
    frame["cut"] = (gap | first).cumsum()
    known = frame[frame.user != ""].groupby("cut").person.max()
    frame["who"] = [  # in Python: pandas would make floats of 64-bit numbers
        person if user else known.get(cut, person)
        for person, user, cut in zip(frame.person, frame.user, frame.cut, strict=True)
    ]
    return frame


@pytest.mark.parametrize("zone", list(MIDDLES))
def test_days_of_the_demo(owner, api_key, zone):
    from analytics.clickhouse import client
    from ingestion.demo import seed

    site = do_create_site(owner.teams.get(), "demo.example", zone).site
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    seed(site.pk, 4000, 12, 7, until)
    frame = frame_of(client)
    assert len(frame) > 3900
    assert (frame.groupby("cut").session.nunique() == 1).all() and (frame.groupby("session").cut.nunique() == 1).all()

    tz = ZoneInfo(zone)
    last = until.astimezone(tz).date() - timedelta(days=1)
    days = [last - timedelta(days=n) for n in range(6, -1, -1)]
    answer = Client().post(
        f"/api/v1/sites/{site.pk}/query",
        {"metrics": METRICS, "dimensions": ["day"], "date_range": [days[0].isoformat(), last.isoformat()]},
        content_type="application/json", headers={"Authorization": f"Bearer {api_key}"},
    ).json()  # fmt: skip
    frame["day"] = frame.time.dt.tz_convert(tz).dt.date
    starts = frame.groupby("cut").agg(
        day=("day", "first"), start=("time", "min"), end=("time", "max"), interactions=("interactive", "sum"),
        views=("kind", lambda kinds: (kinds == "page_view").sum()),
    )  # fmt: skip
    assert [row["dimensions"][0] for row in answer["results"]] == [day.isoformat() for day in days]
    for row, day in zip(answer["results"], days, strict=True):
        events, sessions = frame[frame.day == day], starts[starts.day == day]
        bounced = ((sessions.views == 1) & (sessions.interactions == 1)).sum()
        wanted = [
            events.who.nunique(), (events.kind == "page_view").sum(), len(events), len(sessions), 100 * bounced / len(sessions),
            (sessions.end - sessions.start).dt.total_seconds().mean(), sessions.views.sum() / len(sessions),
        ]  # fmt: skip
        assert row["metrics"] == pytest.approx(wanted, abs=1e-3), (day, dict(zip(METRICS, row["metrics"], strict=True)))
