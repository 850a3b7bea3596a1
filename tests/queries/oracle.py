"""Random histories for the front door, and who, which session and which sale each event is by semantics.md alone."""

import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.conftest import event

GAP, LONGEST = timedelta(minutes=30), timedelta(hours=24)
SHOP = "https://shop.example"
# How somebody comes: what is added to the address, the referrer, and the channel that GA4 gives it.
WAYS = [
    ("", "", "Direct"), ("", "", "Direct"), ("", f"{SHOP}/basket", "Direct"), ("", "https://www.google.com/", "Organic Search"),
    ("?utm_source=news&utm_medium=email&utm_campaign=may", "", "Email"), ("?gclid=abc", "", "Paid Search"),
    ("?utm_source=google&utm_medium=cpc&utm_campaign=brand", "https://www.google.com/", "Paid Search"),
    ("?utm_source=facebook&utm_medium=paid_social&utm_campaign=summer", "", "Paid Social"),
    ("", "https://blog.example.org/post", "Referral"), ("?fbclid=x", "https://l.facebook.com/", "Paid Social"),
]  # fmt: skip


@dataclass
class Seen:
    at: datetime
    kind: str
    device: str
    user: str = ""
    way: int | None = None
    path: str = "/"
    index: int = 0
    money: Decimal = Decimal(0)
    currency: str = "EUR"
    order: str = ""
    variant: str = ""
    country: str = "DE"
    number: int = 0
    person: str = ""
    session: int = 0
    more: dict[str, Any] = field(default_factory=dict)

    def sent(self) -> dict[str, Any]:
        query, referrer, _ = WAYS[self.way] if self.way is not None else ("", f"{SHOP}/", "")
        money = {"revenue": str(self.money), "currency": self.currency} if self.kind in ("purchase", "refund") else {}
        user = {"user_id": self.user} if self.user else {}
        user |= {"ab_test_variants": {"checkout": self.variant}} if self.variant else {}
        return event(
            SHOP + self.path + query, self.kind, referrer=referrer, event_timestamp=self.at.isoformat(),
            session={"event_index": self.index}, device={"device_id": self.device}, geo={"country": self.country}, user=user,
            event_properties=money | ({"order_id": self.order} if self.order else {}) | self.more,
        )  # fmt: skip


def make_history(seed: int, start: datetime, days: int, people: int = 90) -> list[Seen]:
    rng, rows = random.Random(seed), []
    for person in range(people):
        user = f"u{person}" if rng.random() < 0.6 else ""
        devices = [f"d{person}-{n}" for n in range(rng.choice([1, 1, 2, 3]) if user else 1)]
        country = rng.choice(["DE", "US", "FR"])
        for device in devices:
            at, known = start + timedelta(seconds=rng.uniform(0, days * 60_000)), False
            for _ in range(rng.randint(1, 7)):
                known = known or rng.random() < 0.6
                made, at = make_visit(rng, at, device, user if known else "")
                rows += [replace(one, country=country) for one in made]
                at += timedelta(hours=rng.choice([0.6, 5, 24, 24 * 4, 24 * 11]), milliseconds=rng.randint(0, 10**7))
    rows = [row for row in rows if row.at < start + timedelta(days=days)]
    again = [r for r in rows if r.order and r.kind == "purchase"]
    for row in again:
        if rng.random() < 0.3:
            later = timedelta(minutes=1) if rng.random() < 0.5 else timedelta(minutes=20)
            rows.append(replace(row, at=row.at + later, index=row.index + 50))
    rows += [
        replace(r, at=r.at + timedelta(minutes=2), index=r.index + 60, kind="refund", money=r.money / 2)
        for r in again
        if rng.random() < 0.2
    ]
    rng.shuffle(rows)
    return [replace(row, number=n) for n, row in enumerate(rows)]


def make_visit(rng: random.Random, at: datetime, device: str, user: str) -> tuple[list[Seen], datetime]:
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    rows = [Seen(at, "page_view", device, way=rng.randrange(len(WAYS)))]
    named_from = rng.choice([0, 1, 2])
    for index in range(1, rng.choice([1, 2, 4, 6])):
        at += timedelta(milliseconds=rng.choice([0, 0, 1000, 60_000, 700_000]))
        kind = rng.choice(["page_view", "click", "signup", "purchase", "purchase"])
        row = Seen(at, kind, device, path=rng.choice(["/", "/a", "/b"]), index=index)
        if kind == "purchase":
            row.money = Decimal(rng.randint(1, 30_000)) / 100
            row.order = rng.choice(["", f"{device}-{at.timestamp()}-{index}"])
        rows.append(row)
    return [replace(r, user=user if n >= named_from else "") for n, r in enumerate(rows)], at


def settle(rows: list[Seen]) -> list[Seen]:
    """In order of time, with session and person."""
    rows = sorted(rows, key=lambda r: (r.at, r.index))
    last: dict[str, Seen] = {}
    began: dict[int, datetime] = {}
    named: dict[int, str] = {}
    for row in rows:
        before = last.get(row.device)
        fresh = before is None or row.at - before.at > GAP or row.at - began[before.session] > LONGEST
        row.session = len(began) + 1 if fresh or before is None else before.session
        began.setdefault(row.session, row.at)
        last[row.device] = row
        if row.user:
            named[row.session] = row.user
    for row in rows:
        row.person = row.user or named.get(row.session, row.device)
    return rows


def sales_of(rows: list[Seen], kind: str = "purchase") -> list[Seen]:
    """Each order id once: its first; what has none counts by itself."""
    once: dict[Any, Seen] = {}
    for row in rows:
        if row.kind == kind:
            once.setdefault(row.order or row.number, row)
    return list(once.values())


def touches_of(rows: list[Seen]) -> dict[str, list[tuple[datetime, str, str]]]:
    """Of each person: when a session began, its channel and campaign. What came from the site itself is none."""
    first: dict[int, Seen] = {}
    began: dict[int, datetime] = {}
    for row in rows:
        began.setdefault(row.session, row.at)
        if row.kind == "page_view":
            first.setdefault(row.session, row)
    found = defaultdict(list)
    for session, row in first.items():
        query, referrer, channel = WAYS[row.way] if row.way is not None else ("", "", "")
        if referrer.startswith(SHOP):
            continue
        found[row.person].append((began[session], channel, query.partition("utm_campaign=")[2]))
    return found


def day(n: int, year: int = 2026, month: int = 3) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC) + timedelta(days=n)
