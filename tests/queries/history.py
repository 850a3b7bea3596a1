"""Random histories with known sessions, and the same figures by pandas, which knows nothing of our SQL."""

import json
import random
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

PATHS = ["/", "/a", "/b", "/pricing", "/it's"]
SOURCES = ["Direct / None", "Google", "news"]
COUNTRIES = ["DE", "US", "NP", ""]


def make_history(seed: int, middle: datetime, days: int = 12, sessions: int = 220) -> list[dict[str, Any]]:
    """Rows for `insert_events`, around `middle`."""
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for number in range(1, sessions + 1):
        start = middle + timedelta(seconds=rng.uniform(-days / 2, days / 2) * 86_400)
        visitor = rng.randint(1, sessions // 2)
        stable = {
            "session_id": number, "session_start": start, "visitor_id": visitor, "person_id": visitor,
            "source": rng.choice(SOURCES), "country": rng.choice(COUNTRIES), "device_type": rng.choice(["desktop", "mobile"]),
        }  # fmt: skip
        rows += make_session(rng, start, stable)
    return rows


def make_session(rng: random.Random, start: datetime, stable: dict[str, Any]) -> list[dict[str, Any]]:
    rows, time, entry = [], start, ""
    identified_from = rng.choice([None, None, 1])
    for index in range(rng.choice([1, 1, 2, 3, 5])):
        kind = (
            "page_view"
            if index == 0
            else rng.choice(["page_view", "page_view", "page_exit", "click", "error", "purchase"])
        )
        row = stable | {
            "timestamp": time, "received_at": time, "event_type": kind, "event_index": index, "path": rng.choice(PATHS),
            "interactive": kind in ("page_view", "click", "purchase"), "event_id": uuid.uuid4(),
        }  # fmt: skip
        entry = entry or row["path"]
        row["entry_page"] = entry
        if kind == "page_exit":
            row |= {"engaged_ms": rng.randint(0, 60_000), "scroll_depth": rng.randint(0, 100)}
        if kind == "purchase":
            row |= {"revenue": Decimal(rng.randint(100, 9999)) / 100, "order_id": f"{stable['session_id']}-{index}"}
        if identified_from is not None and index >= identified_from:
            row |= {"user_id": f"u{stable['visitor_id'] % 20}", "person_id": 10_000 + stable["visitor_id"] % 20}
        row["properties"] = json.dumps({"plan": rng.choice(["free", "pro"])})
        rows.append(row)
        time += timedelta(seconds=rng.uniform(1, 900))
    return rows


def frame_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    for column, empty in (
        ("user_id", ""),
        ("engaged_ms", 0),
        ("scroll_depth", 0),
        ("order_id", ""),
        ("revenue", Decimal(0)),
    ):
        frame[column] = frame[column].astype(object).where(frame[column].notna(), empty) if column in frame else empty
    frame["time"] = frame.timestamp.map(lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000))
    frame["plan"] = frame.properties.map(lambda text: json.loads(text)["plan"])
    known = frame[frame.user_id != ""].groupby("session_id").person_id.max()
    frame["person"] = [
        person if user else known.get(session, person)
        for person, user, session in zip(frame.person_id, frame.user_id, frame.session_id, strict=True)
    ]
    return frame


def sessions_of(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.sort_values(["time", "event_index"])
    views = frame[frame.event_type == "page_view"].groupby("session_id")
    groups = frame.groupby("session_id")
    return pd.DataFrame(
        {
            "start": groups.time.min(), "end": groups.time.max(), "source": groups.source.max(),
            "country": groups.country.max(), "interactions": groups.interactive.sum(), "pageviews": views.size(),
            "errors": groups.event_type.agg(lambda kinds: (kinds == "error").sum()),
            "entry_page": views.path.first(), "exit_page": views.path.last(),
        }
    )  # fmt: skip


def orders_people(frame: pd.DataFrame) -> int:
    return int(frame[frame.event_type == "purchase"].person.nunique())


def expect(frame: pd.DataFrame, sessions: pd.DataFrame) -> dict[str, float]:
    """Every metric over the given events and sessions, in plain words."""
    views = frame[frame.event_type == "page_view"]
    exits = frame[frame.event_type == "page_exit"]
    orders = frame[frame.event_type == "purchase"].drop_duplicates("order_id")
    bounced = sessions[(sessions.pageviews == 1) & (sessions.interactions == 1)]
    length = (sessions.end - sessions.start).dt.total_seconds()
    visits = len(views[["session_id", "path"]].drop_duplicates())
    return {
        "visitors": frame.person.nunique(), "pageviews": len(views), "events": len(frame), "sessions": len(sessions),
        "bounce_rate": 100 * len(bounced) / len(sessions) if len(sessions) else None,
        "session_duration": length.mean() if len(sessions) else None,
        "session_duration_median": length.median() if len(sessions) else None,
        "views_per_session": sessions.pageviews.sum() / len(sessions) if len(sessions) else None,
        "time_on_page": frame.engaged_ms.sum() / 1000 / visits if visits else None,
        "scroll_depth": exits.groupby(["session_id", "path"]).scroll_depth.max().mean() if len(exits) else None,
        "revenue": float(sum(orders.revenue, Decimal(0))),
        "average_order_value": float(sum(orders.revenue, Decimal(0))) / len(orders) if len(orders) else None,
        "conversions": len(orders),
        "conversion_rate": 100 * orders_people(frame) / frame.person.nunique() if len(frame) else None,
        "errors": int((frame.event_type == "error").sum()),
        "error_rate": 100 * (sessions.errors > 0).sum() / len(sessions) if len(sessions) else None,
    }  # fmt: skip


MIDDLES = {
    "UTC": datetime(2026, 5, 10, 12, tzinfo=UTC),
    "America/New_York": datetime(2026, 3, 8, 12, tzinfo=UTC),  # clocks go forward
    "Europe/Berlin": datetime(2025, 10, 26, 12, tzinfo=UTC),  # clocks go back
    "Asia/Kathmandu": datetime(2026, 5, 10, 12, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2026, 4, 4, 12, tzinfo=UTC),  # clocks go back by half an hour
}
