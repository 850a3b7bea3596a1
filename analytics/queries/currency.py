"""Money of other currencies in the site's own (semantics.md, Money). Events keep what was paid; it is converted when it is
asked for, by the rate of its day, so that a rate that is entered or mended later holds for the past, too. What has no rate
counts as nothing and is told apart."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from analytics.queries.conditions import Bound
from analytics.queries.metrics import ORDERS, PURCHASE, REFUND, once_per_order


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of `currency` is worth `rate` of the site's from `start` (seconds since 1970) to the next rate's."""

    currency: str
    start: int
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Rates:
    currency: str = ""  # the site's; "" takes every amount as it is
    rates: tuple[Rate, ...] = ()  # by currency and start

    def convert(self, amount: Decimal, currency: str, moment: int) -> Decimal | None:
        if currency in ("", self.currency):
            return amount
        fit = [one.rate for one in self.rates if one.currency == currency and one.start <= moment]
        return amount * fit[-1] if fit else None


@dataclass(frozen=True, slots=True)
class Unconverted:
    currency: str
    revenue: Decimal
    orders: int


class Source:
    """Where a site's rates come from: analytics.saved says so when Django is ready."""

    get: Callable[[int], Rates] = staticmethod(lambda site_id: Rates())


def money_of(site_id: int, bound: Bound) -> str:
    """The revenue of a row of events `e`, in the site's currency."""
    known = Source.get(site_id)
    if not known.currency:
        return "e.revenue"
    own = f"e.currency IN ('', {bound.add(known.currency, 'String')})"
    if not known.rates:
        return f"if({own}, e.revenue, toDecimal64(0, 4))"
    names = bound.add([one.currency for one in known.rates], "Array(String)")
    starts = bound.add([one.start for one in known.rates], "Array(Int64)")
    rates = bound.add(["0", *(f"{one.rate:f}" for one in known.rates)], "Array(String)")
    place = f"arrayLastIndex((c, s) -> c = e.currency AND s <= toUnixTimestamp(e.timestamp), {names}, {starts})"
    rate = f"arrayMap(r -> toDecimal128(r, 10), {rates})[{place} + 1]"
    converted = f"accurateCastOrDefault(round(toDecimal128(e.revenue, 4) * {rate}, 4), 'Decimal(18, 4)')"
    return f"if({own}, e.revenue, {converted})"


UNCONVERTED = f"{once_per_order(PURCHASE, 'paid')} - {once_per_order(REFUND, 'paid')}, {ORDERS}"
