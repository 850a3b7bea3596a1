"""The figures of a site's period as mails and PDF reports show them: the same queries as the dashboards'."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pycountry

from accounts.models import Site
from analytics.queries import calendar, goals
from analytics.queries import query as core
from analytics.queries.calendar import Period
from analytics.queries.dimensions import DIMENSIONS
from analytics.queries.filters import Filter
from analytics.queries.goals import Achieved
from analytics.queries.metrics import METRICS
from analytics.queries.people import Scope
from analytics.queries.query import Query
from analytics.saved.resolve import goal_selector

SHOWN = ("visitors", "sessions", "pageviews", "bounce_rate", "session_duration", "revenue")
LISTS = {"path": "Pages", "source": "Sources", "country": "Countries", "device_type": "Devices"}
LESS_IS_GOOD = ("bounce_rate",)
ROWS = 8


@dataclass(frozen=True, slots=True)
class Figure:
    """`change`: as in "+12%"; `judged`: good, bad or "" where neither is."""

    label: str
    value: str
    before: str
    change: str
    judged: str


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: int
    width: int  # percent of the largest

    @property
    def rest(self) -> int:
        return 100 - self.width


@dataclass(frozen=True, slots=True)
class Point:
    """Of the chart: `label` as ISO, of the site's wall clock."""

    label: str
    value: int
    before: int | None
    partial: bool


@dataclass(frozen=True, slots=True)
class Digest:
    site: Site
    period: Period
    compared: Period | None
    interval: str
    visitors: int
    figures: list[Figure]
    points: list[Point]
    lists: list[tuple[str, list[Bar]]]
    goals: list[Achieved]

    @property
    def most_now(self) -> int:
        return max([point.value for point in self.points], default=0)

    @property
    def most(self) -> int:
        return max([max(p.value, p.before or 0) for p in self.points], default=0)


@dataclass(frozen=True, slots=True)
class Asked:
    site: Site
    period: Period
    filters: tuple[Filter, ...] = ()
    compared: Period | None = None
    lists: Sequence[str] = tuple(LISTS)

    def query(self, metrics: Sequence[str], dimensions: Sequence[str] = (), **more: Any) -> Query:
        return Query(self.site.pk, self.period, tuple(metrics), tuple(dimensions), self.filters, **more)


def get_digest(asked: Asked, now: datetime, tag: str) -> Digest:
    site = asked.site
    result = core.run(asked.query(SHOWN, compare=asked.compared), now, tag)
    before = result.comparison_totals or [None] * len(SHOWN)
    interval = "hour" if asked.period.days == 1 else calendar.default_interval(asked.period)
    achieved = goals.run(
        Scope(site.pk, asked.period, asked.filters), [goal_selector(goal) for goal in site.goals.all()[:20]], now, tag
    )
    return Digest(
        site, asked.period, asked.compared, interval, result.totals[0],
        [figure_of(name, value, old, site.currency) for name, value, old in zip(SHOWN, result.totals, before, strict=True)],
        points_of(asked, interval, now, tag),
        [(title_of(name), bars_of(asked, name, now, tag)) for name in asked.lists], achieved,
    )  # fmt: skip


def title_of(dimension: str) -> str:
    return LISTS.get(dimension) or DIMENSIONS[dimension].label


def points_of(asked: Asked, interval: str, now: datetime, tag: str) -> list[Point]:
    rows = core.run(asked.query(("visitors",), (interval,), compare=asked.compared), now, tag).rows
    return [
        Point(row.dimensions[0], row.metrics[0] or 0, row.comparison[0] if row.comparison else None, row.partial)
        for row in rows
    ]


def bars_of(asked: Asked, dimension: str, now: datetime, tag: str) -> list[Bar]:
    rows = core.run(asked.query(("visitors",), (dimension,), limit=ROWS), now, tag).rows
    most = max([row.metrics[0] for row in rows] + [1])
    return [
        Bar(label_of(dimension, row.dimensions[0]), row.metrics[0], round(100 * row.metrics[0] / most)) for row in rows
    ]


def label_of(dimension: str, value: str) -> str:
    if dimension == "country":
        found = pycountry.countries.get(alpha_2=value)
        return str(getattr(found, "common_name", found.name)) if found else value or "Unknown"
    if dimension == "device_type" and value:
        return "TV" if value == "tv" else value.capitalize()
    return value or "(none)"


def figure_of(name: str, value: Any, before: Any, currency: str) -> Figure:
    change, judged = changed(name, value, before)
    return Figure(METRICS[name].label, written(name, value, currency), written(name, before, currency), change, judged)


def changed(name: str, value: Any, before: Any) -> tuple[str, str]:
    """Rates change by points, everything else by percent."""
    if value is None or not before:
        return "", ""
    points = METRICS[name].unit == "percent"
    step = float(value) - float(before) if points else 100 * (float(value) / float(before) - 1)
    if abs(step) < 0.5:
        return "unchanged", ""
    good = (step < 0) == (name in LESS_IS_GOOD)
    unit = "%" if not points else " point" if round(abs(step)) == 1 else " points"
    return f"{step:+,.0f}{unit}".replace("-", "\N{MINUS SIGN}"), "good" if good else "bad"


def written(name: str, value: Any, currency: str) -> str:
    if value is None:
        return "–"
    unit = METRICS[name].unit
    if unit == "money":
        return f"{currency} {value:,.2f}"
    if unit == "seconds":
        return f"{int(value) // 60}m {int(value) % 60:02}s"
    return f"{value:.1f}%" if unit == "percent" else f"{value:,}"


def words(period: Period) -> str:
    if period.days == 1:
        return f"on {period.first:%A}, {period.first.day} {period.first:%B}"
    return f"from {period.first.day} {period.first:%B} to {period.last.day} {period.last:%B %Y}"


def told(label: str, interval: str) -> str:
    """As an axis has it: 14:00, 3 Nov, Nov 2026."""
    at = datetime.fromisoformat(label)
    if interval == "hour":
        return f"{at:%H:%M}"
    return f"{at:%b %Y}" if interval == "month" else f"{at.day} {at:%b}"
