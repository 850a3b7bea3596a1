"""Who is active, and who comes back."""

from datetime import timedelta
from typing import Any

from analytics.queries import activity
from analytics.queries.calendar import Period
from analytics.queries.retention import get_days_back
from dashboards.names import compact
from dashboards.panel import panel
from dashboards.state import State


@panel("dashboards/panels/people.html")
def view(state: State, **_: str) -> dict[str, Any]:
    found = activity.run(state.site.pk, state.dates, state.now, state.filters)
    if not found.mau:
        return {"tiles": []}
    back = get_days_back(state.site.pk, state.dates, state.now, state.filters)
    day = f"on {found.day.day} {found.day:%b}"
    tiles = [
        ("Daily active", compact(found.dau), f"{found.dau:,}", day),
        ("Weekly active", compact(found.wau), f"{found.wau:,}", "in 7 days"),
        ("Monthly active", compact(found.mau), f"{found.mau:,}", "in 30 days"),
        ("Stickiness", f"{found.stickiness:.0f}%", f"{found.stickiness:.1f}%", "daily / monthly"),
    ]
    for n, share in back.items():
        whom = "of new people"
        if share is None:  # nobody of the period has had the day: the latest who have
            dates = state.dates
            earlier = Period(dates.first - timedelta(days=n + 1), dates.last - timedelta(days=n + 1), dates.zone)
            share = get_days_back(state.site.pk, earlier, state.now, state.filters)[n]
            whom = "not over yet" if share is None else f"of those new by {earlier.last.day} {earlier.last:%b}"
        text = "–" if share is None else f"{share:.0f}%"
        tiles.append((f"Day {n} retention", text, text if share is None else f"{share:.1f}%", whom))
    return {"tiles": tiles, "table": (["figure", "value"], [[label, exact] for label, _, exact, _ in tiles])}
