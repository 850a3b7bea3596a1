"""Money in currencies without an exchange rate, as a sentence beside the figures that it is not in."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from accounts.models import Site
from analytics.queries import calendar, unconverted
from analytics.queries.currency import Unconverted
from analytics.queries.people import Scope
from analytics.saved.spend import get_unconverted_spend
from dashboards.state import State


def written(sums: Iterable[tuple[str, Decimal]]) -> str:
    return ", ".join(f"{currency} {amount:,.2f}" for currency, amount in sums)


def begin_text(state: State) -> Callable[[], str]:
    """Asked for at once, while the panel asks for what it shows."""
    sums = unconverted.begin(Scope(state.site.pk, state.dates, state.filters))
    return lambda: text_of(sums())


def text_of(found: list[Unconverted]) -> str:
    return f"Not in these figures, for want of an exchange rate: {written(sums_of(found))}." if found else ""


def spend_text_of(state: State) -> str:
    found = get_unconverted_spend(state.site, state.dates)
    return f"Spend without an exchange rate, not counted: {written(found.items())}." if found else ""


def year_of(site: Site) -> list[str]:
    """Of the last year, by kind."""
    period = calendar.get_period("365d", ZoneInfo(site.timezone), datetime.now(UTC))
    revenue, spend = unconverted.run(Scope(site.pk, period)), get_unconverted_spend(site, period)
    parts = (("Revenue", sums_of(revenue)), ("Spend", list(spend.items())))
    return [f"{title}: {written(sums)}" for title, sums in parts if sums]


def sums_of(found: list[Unconverted]) -> list[tuple[str, Decimal]]:
    return [(one.currency, one.revenue) for one in found]
