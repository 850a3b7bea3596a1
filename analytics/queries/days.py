"""What a site has, day by day: from it follows whether anything changed in a span, who is known and what was sampled."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any

Row = tuple[Any, ...]  # a day (UTC), the newest arrival, events, identified and sampled ones


class Days:
    """Sums from the first day on, so that any span takes two looks."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.days = [row[0] for row in rows]
        self.newest = list(accumulate((row[1] for row in rows), max))
        self.events = [0, *accumulate(row[2] for row in rows)]
        self.identified = [0, *accumulate(row[3] for row in rows)]
        self.sampled = [0, *accumulate(row[4] for row in rows)]

    def stamp(self, end: date) -> tuple[datetime | None, int]:
        """What changes when anything does that a statement up to `end` can see: sessions go on for a day after it."""
        until = bisect_right(self.days, end + timedelta(days=2))
        return (self.newest[until - 1] if until else None, self.events[until])

    def state(self, start: date, end: date) -> tuple[int, int, datetime | None]:
        """Events with a user and events that stand for more, of the span and a day around it; the newest arrival of all."""
        first = bisect_right(self.days, start - timedelta(days=2))
        until = bisect_right(self.days, end + timedelta(days=1))
        known, more = self.identified[until] - self.identified[first], self.sampled[until] - self.sampled[first]
        return known, more, self.newest[-1] if self.newest else None
