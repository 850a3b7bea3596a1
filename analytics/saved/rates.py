"""Exchange rates of a site, entered by hand or by the API."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from accounts.access import reporting_of
from accounts.checks import check_currency
from accounts.models import Site
from analytics.queries.currency import Rate, Rates
from analytics.queries.dimensions import BadQuery
from analytics.saved.models import ExchangeRate

MOST = Decimal(10) ** 7


def get_rates(site_id: int) -> Rates:
    currency, zone = reporting_of(site_id)
    rows = ExchangeRate.objects.filter(site=site_id).order_by("currency", "day").values_list("currency", "day", "rate")
    return Rates(currency, tuple(Rate(code, start_of(day, zone), rate) for code, day, rate in rows))


def start_of(day: date, zone: str) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp())


def check_code(code: str, field: str = "currency") -> str:
    """Raises BadQuery."""
    try:
        return check_currency(code)
    except ValueError as error:
        raise BadQuery(field, str(error).partition(": ")[2].rstrip(".")) from None


def check_rate(site: Site, data: dict[str, Any]) -> None:
    """Raises BadQuery; writes the currency's code in capitals."""
    data["currency"] = check_code(data["currency"])
    if data["currency"] == site.currency:
        raise BadQuery("currency", f"{site.currency} is the site's own currency")
    if not 0 < data["rate"] <= MOST:
        raise BadQuery("rate", f"expected a number above 0 and up to {MOST:,}, got {data['rate']}")
