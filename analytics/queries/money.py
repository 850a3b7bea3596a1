"""What campaigns cost and bring: CAC, ROAS and ROI (semantics.md, Attribution, CAC, LTV, ROI)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from analytics.queries import attribution
from analytics.queries.attribution import PURCHASE, Attribution, Credit
from analytics.queries.people import Scope, Selector


@dataclass(frozen=True, slots=True)
class Campaign:
    """`roas` and `roi` are ratios (2.5 = 250 %); `cac` is money; None where there is nothing to divide by."""

    name: str
    sessions: int
    spend: Decimal
    conversions: float
    revenue: Decimal
    new_customers: float
    cac: Decimal | None
    roas: float | None
    roi: float | None


def run(
    scope: Scope,
    spend: Mapping[str, Decimal],
    model: str = "last_touch",
    goal: Selector = PURCHASE,
    by: str = "utm_campaign",
) -> tuple[list[Campaign], Campaign]:
    """Each campaign with spend or credit, and all of them together. `spend`: by utm_campaign, in the site's currency."""
    every = Attribution(scope, goal, by)
    credited_soon = attribution.begin_credits(every, model, "money.credits")
    sessions = attribution.begin_sessions(every, "money.sessions")()
    credited, made = credited_soon(), []
    for name in {*credited, *spend, *sessions}:
        credit, new = credited.get(name, (Credit(0.0, Decimal(0)), 0.0))
        cost = spend.get(name, Decimal(0))
        made.append(campaign(name, sessions.get(name, 0), cost, credit.conversions, credit.revenue, new))
    made.sort(key=lambda c: (-c.spend, -c.revenue, -c.sessions, c.name))
    total = campaign(
        "", sum(sessions.values()), sum((c.spend for c in made), Decimal(0)),
        sum(credit.conversions for credit, _ in credited.values()), sum((c.revenue for c in made), Decimal(0)),
        sum(new for _, new in credited.values()),
    )  # fmt: skip
    return made, total


def campaign(
    name: str, sessions: int, spend: Decimal, conversions: float, revenue: Decimal, new_customers: float
) -> Campaign:
    return Campaign(
        name, sessions, spend, round(conversions, 4), revenue, round(new_customers, 4),
        (spend / Decimal(str(new_customers))).quantize(Decimal("0.01")) if new_customers > 0 and spend else None,
        round(float(revenue / spend), 4) if spend else None,
        round(float((revenue - spend) / spend), 4) if spend else None,
    )  # fmt: skip
