"""What was paid in currencies without a rate: shown apart, by currency, and never added up."""

from collections.abc import Callable
from decimal import Decimal

from analytics.queries.conditions import Bound
from analytics.queries.currency import UNCONVERTED, Unconverted
from analytics.queries.kinds import SALES
from analytics.queries.people import Scope, events_of, params_of
from analytics.queries.store import fill, soon


def run(scope: Scope, tag: str = "unconverted") -> list[Unconverted]:
    return begin(scope, tag)()


def begin(scope: Scope, tag: str = "unconverted") -> Callable[[], list[Unconverted]]:
    bound = Bound()
    without = "currency != '' AND paid != 0 AND revenue = 0"
    sql = fill(
        "unconverted",
        select=UNCONVERTED,
        events=events_of(scope, bound, without, SALES, once=True),
    )
    rows = soon(sql, params_of(scope, bound), tag)
    return lambda: [Unconverted(currency, Decimal(revenue), orders) for currency, revenue, orders in rows()]
