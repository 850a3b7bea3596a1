"""Random histories sent through the front door, and what semantics.md makes of them, by pandas alone."""

import random
import uuid
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

PASSIVE = {"page_exit", "scroll", "error", "identify", "page_performance"}
PATHS = ["/", "/pricing", "/blog/a", "/blog/b/c", "/product/1", "/product/22", "/it's", "/ünï"]
KINDS = [
    *["page_view"] * 6,
    "click",
    "click",
    "signup",
    "page_exit",
    "page_exit",
    "scroll",
    "error",
    "purchase",
    "refund",
]
TAGS = [
    {},
    {},
    {"utm_source": "google", "utm_medium": "cpc"},
    {"utm_source": "news", "utm_medium": "email", "utm_campaign": "x'y"},
]
MINUTE = 60_000


class Maker:
    """One visitor after another; `events` in the order of their time, as they are to be sent."""

    def __init__(self, seed: int, zone: str, middle: datetime, days: int = 12) -> None:
        self.rng, self.zone, self.middle, self.days = random.Random(seed), ZoneInfo(zone), middle, days
        self.events: list[dict[str, Any]] = []
        self.index = 0
        self.orders: list[str] = []

    def make(self, people: int = 60) -> list[dict[str, Any]]:
        for person in range(people):
            self.person(person)
        self.rng.shuffle(self.events)
        return self.events

    def person(self, number: int) -> None:
        rng = self.rng
        self.orders = []
        known = rng.random() < 0.6
        user = f"user-{number}" if rng.random() < 0.5 else ""
        place = {"country": rng.choice(["DE", "US", "NP", ""]), "browser": rng.choice(["Firefox", "Chrome"])}
        for visit in range(rng.choice([1, 1, 2, 3, 6])):
            device = {"device_id": f"d{number}-{rng.randint(0, 1)}"} if known else {}
            visitor = device.get("device_id") or f"s{number}-{visit}"
            self.visit(visitor, device, user, place)

    def begin(self) -> int:
        rng = self.rng
        day = (self.middle + timedelta(days=rng.uniform(-self.days / 2, self.days / 2))).astimezone(self.zone)
        chance = rng.random()
        if chance < 0.25:  # over midnight
            day = day.replace(hour=23, minute=rng.randint(30, 59), second=0, microsecond=0)
        elif chance < 0.4:  # where the clocks change
            at = self.middle.astimezone(self.zone).date()
            day = datetime(at.year, at.month, at.day, rng.randint(0, 3), rng.randint(0, 59), tzinfo=self.zone)
        return int(day.timestamp() * 1000)

    def visit(self, visitor: str, device: dict[str, str], user: str, place: dict[str, str]) -> None:
        rng = self.rng
        time = self.begin()
        long = rng.random() < 0.04
        count = 80 if long else rng.choice([1, 1, 1, 2, 3, 4, 6, 9])
        identified = rng.choice([0, 1, 2, 99]) if user else 99
        segment, variant = rng.choice(["", "vip", "new"]), rng.choice(["", "a", "b"])
        for step in range(count):
            kind = "page_view" if step == 0 and rng.random() < 0.9 else rng.choice(KINDS)
            if user and step == identified and rng.random() < 0.5:
                kind = "identify"
            self.event(kind, time, visitor, device, user if step >= identified else "", place, segment, variant, step)
            gap = rng.choice([0, 1, 1000, 20_000, 5 * MINUTE, 30 * MINUTE, 30 * MINUTE + 1, 29 * MINUTE, 70 * MINUTE])
            time += rng.choice([20 * MINUTE, 25 * MINUTE, 30 * MINUTE]) if long else gap

    def event(self, kind, time, visitor, device, user, place, segment, variant, step) -> None:
        rng = self.rng
        self.index += 1
        properties: dict[str, Any] = {
            "plan": rng.choice(["free", "pro", "a b"]),
            "size": rng.randint(1, 30),
            "flag": rng.random() < 0.5,
        }
        if kind == "page_exit":
            properties |= {"engaged_ms": rng.randint(0, 90_000), "scroll_depth": rng.randint(0, 100)}
        if kind == "scroll":
            properties |= {"scroll_depth": rng.randint(0, 100)}
        if kind == "purchase":
            order = rng.choice(self.orders) if self.orders and rng.random() < 0.2 else f"o{self.index}"
            self.orders.append(order)
            cents = sum(map(ord, order)) * 7 % 9999
            properties |= {"order_id": order, "revenue": f"{cents / 100:.2f}", "currency": "EUR"}
        if kind == "refund":
            properties |= {
                "revenue": f"{rng.randint(1, 500) / 100:.2f}",
                "currency": "EUR",
                "order_id": f"r{self.index}",
            }
        tags = rng.choice(TAGS) if kind == "page_view" else {}
        path = rng.choice(PATHS)
        raw = {
            "event_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "event_type": kind,
            "event_timestamp": time,
            "session": {"event_index": self.index},
            "page": {"url": f"https://shop.example{path}", **tags},
            "event_properties": properties,
            "geo": {"country": place["country"], "region": "", "city": ""},
            "device": {**device, "browser": place["browser"], "device_type": "desktop"},
            "user": {},
        }
        if not device:
            raw["session"]["session_id"] = visitor
        if user:
            raw["user"]["user_id"] = user
        if segment:
            raw["user"]["user_segment"] = segment
        if variant:
            raw["ab_test_variants"] = {"exp": variant}
        self.events.append(raw)


def send(events: list[dict[str, Any]], post: Any, drain: Any, new_site: Any, parts: int = 1) -> None:
    """In `parts` requests' worth of batches; a batch is drained before the next is sent."""
    size = -(-len(events) // parts)
    for start in range(0, len(events), size):
        part = events[start : start + size]
        for at in range(0, len(part), 500):
            answer = post(
                {"site": new_site.site.site_key, "events": part[at : at + 500]}, secret=new_site.ingest_secret
            )
            assert answer.status == 202 and not answer.json()["rejected"], answer.body
        drain()


def frame_of(events: list[dict[str, Any]], zone: str, gap: int = 30 * MINUTE) -> pd.DataFrame:
    """One row an event, with its session and its person."""
    rows, seen = [], set()
    for raw in events:
        if raw["event_id"] in seen:
            continue
        seen.add(raw["event_id"])
        session, user, device, page = raw.get("session", {}), raw.get("user", {}), raw.get("device", {}), raw["page"]
        props = raw.get("event_properties", {})
        rows.append({
            "id": raw["event_id"], "time": raw["event_timestamp"], "index": session.get("event_index", 0), "type": raw["event_type"],
            "visitor": device.get("device_id") or session.get("session_id") or user.get("user_id"),
            "device": device.get("device_id", ""), "user": user.get("user_id", ""), "path": page["url"].removeprefix("https://shop.example"),
            "utm_source": page.get("utm_source", ""), "utm_medium": page.get("utm_medium", ""), "utm_campaign": page.get("utm_campaign", ""),
            "country": raw.get("geo", {}).get("country", ""), "browser": device.get("browser", ""), "segment": user.get("user_segment", ""),
            "variant": raw.get("ab_test_variants", {}).get("exp", ""), "props": props, "plan": props.get("plan", ""), "size": props.get("size"), "flag": props.get("flag"),
            "engaged": props.get("engaged_ms", 0) if raw["event_type"] == "page_exit" else 0, "depth": props.get("scroll_depth", 0),
            "order": props.get("order_id", ""), "revenue": float(props.get("revenue", 0)),
        })  # fmt: skip
    frame = pd.DataFrame(rows).sort_values(["visitor", "time", "index"]).reset_index(drop=True)
    number, last, first, visitor, ids = 0, 0, 0, None, []
    for row in frame.itertuples():
        if row.visitor != visitor or row.time - last > gap or row.time - first > 24 * 60 * MINUTE:
            number, first = number + 1, row.time
        visitor, last = row.visitor, row.time
        ids.append(number)
    frame["session"] = ids
    users = frame[frame.user != ""].groupby("session").user.first()
    frame["owner"] = [u or users.get(s, "") for u, s in zip(frame.user, frame.session, strict=True)]
    frame["person"] = [f"u:{o}" if o else v for o, v in zip(frame.owner, frame.visitor, strict=True)]
    frame["known"] = (frame.owner != "") | (frame.device != "")
    frame["passive"] = frame.type.isin(PASSIVE)
    frame["local"] = pd.to_datetime(frame.time, unit="ms", utc=True).dt.tz_convert(zone)
    frame["day"] = frame.local.dt.date
    frame = frame.sort_values(["time", "index"]).reset_index(drop=True)
    orders = frame[(frame.type == "purchase") & (frame.order != "")]
    frame["repeated"] = frame.id.isin(orders[orders.duplicated("order")].id)  # once, where it came first
    return frame


def sessions_of(frame: pd.DataFrame) -> pd.DataFrame:
    groups = frame.groupby("session")
    views = frame[frame.type == "page_view"].groupby("session")
    first = views[["path", "utm_source", "utm_medium", "utm_campaign"]].nth(0)
    first.index = views.session.nth(0)
    table = pd.DataFrame({
        "start": groups.time.min(), "end": groups.time.max(), "day": groups.day.first(), "country": groups.country.first(),
        "browser": groups.browser.first(), "person": groups.person.first(), "views": views.size(),
        "interactions": groups.passive.agg(lambda s: int((~s).sum())), "errors": groups.type.agg(lambda s: int((s == "error").sum())),
        "exit_page": views.path.last(), "entry_page": first.path, "utm_source": first.utm_source,
        "utm_medium": first.utm_medium, "utm_campaign": first.utm_campaign,
    })  # fmt: skip
    table["views"] = table.views.fillna(0)
    for name in ("exit_page", "entry_page", "utm_source", "utm_medium", "utm_campaign"):
        table[name] = table[name].fillna("")
    return table


def figures(events: pd.DataFrame, sessions: pd.DataFrame) -> dict[str, float | None]:
    """Of the events and the sessions in scope."""
    n = len(sessions)
    views = events[events.type == "page_view"]
    bought = events[(events.type == "purchase") & ~events.repeated]
    length = (sessions.end - sessions.start) / 1000
    visits = len(views[["session", "path"]].drop_duplicates())
    deep = events[events.type.isin(["page_exit", "scroll"])]
    visitors = events.person.nunique()
    sold = bought.revenue.sum()
    return {
        "visitors": visitors, "users": events[events.owner != ""].owner.nunique(), "sessions": n, "pageviews": len(views),
        "events": len(events), "bounce_rate": 100 * ((sessions.views == 1) & (sessions.interactions == 1)).sum() / n if n else None,
        "session_duration": length.mean() if n else None, "views_per_session": sessions.views.sum() / n if n else None,
        "time_on_page": events.engaged.sum() / 1000 / visits if visits else None,
        "scroll_depth": deep.groupby(["session", "path"]).depth.max().mean() if len(deep) else None,
        "conversions": len(bought), "conversion_rate": 100 * bought.person.nunique() / visitors if visitors else None,
        "revenue": sold - events[events.type == "refund"].revenue.sum(),
        "average_order_value": sold / len(bought) if len(bought) else None,
        "errors": (events.type == "error").sum(), "error_rate": 100 * (sessions.errors > 0).sum() / n if n else None,
    }  # fmt: skip


def close(found: Any, wanted: Any) -> bool:
    if found is None or wanted is None or wanted != wanted:
        return (found is None) == (wanted is None or wanted != wanted)
    return abs(found - wanted) <= 6e-5 + 1e-9 * abs(wanted)
