"""How values and numbers are written for people."""

from decimal import Decimal
from functools import lru_cache
from typing import Any

import pycountry

from analytics.queries.metrics import METRICS

NONE = "(none)"
UNKNOWN = "Unknown"
DEVICES = {"desktop": "Desktop", "mobile": "Mobile", "tablet": "Tablet", "tv": "TV", "console": "Console"}


@lru_cache(maxsize=512)
def country_name(code: str) -> str:
    found = pycountry.countries.get(alpha_2=code)
    return str(getattr(found, "common_name", found.name)) if found else code or UNKNOWN


@lru_cache(maxsize=512)
def country_iso3(code: str) -> str:
    found = pycountry.countries.get(alpha_2=code)
    return str(found.alpha_3) if found else ""


@lru_cache(maxsize=4096)
def region_name(code: str) -> str:
    subdivisions: Any = pycountry.subdivisions
    found = subdivisions.get(code=code) if "-" in code else None
    return str(found.name) if found else code or UNKNOWN


@lru_cache(maxsize=1024)
def language_name(tag: str) -> str:
    base, _, place = tag.partition("-")
    found = pycountry.languages.get(alpha_2=base.lower())
    if not found:
        return tag or UNKNOWN
    name = str(found.name).split(" (")[0]
    return f"{name} ({country_name(place.upper())})" if len(place) == 2 else name


def display(dimension: str, value: str) -> str:
    """The name of a value: countries and languages by name, an empty one by what it means."""
    named = {"country": country_name, "region": region_name, "language": language_name}
    if dimension in named:
        return named[dimension](value)
    if dimension == "device_type":
        return DEVICES.get(value, value or UNKNOWN)
    if value:
        return value
    return NONE if dimension.startswith(("utm_", "props.", "referrer", "source", "channel", "medium")) else UNKNOWN


def compact(number: float) -> str:
    """1234 -> 1.2k. Below a thousand exact; one decimal under ten of a unit."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size * 0.99995:
            scaled = number / size
            return f"{scaled:.1f}".removesuffix(".0") + unit if abs(scaled) < 100 else f"{scaled:.0f}{unit}"
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"


def amount(money: float) -> str:
    """Money has two decimals or none."""
    short = abs(money) >= 999.95 or money.is_integer()
    return compact(money) if short else f"{money:,.2f}"


def percent(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}%" if value >= 10 or value == 0 else f"{value:.1f}%"


def figure_text(value: float | None) -> str:
    """A number of which nothing more is known."""
    if value is None:
        return "–"
    return compact(value) if abs(value) >= 1000 or float(value).is_integer() else f"{value:,.2f}"


def duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}m {rest:02d}s" if minutes < 60 else f"{minutes // 60}h {minutes % 60:02d}m"


def write(metric: str, value: Any, currency: str = "") -> str:
    if value is None:
        return "–"
    unit = METRICS[metric].unit
    if unit == "percent":
        return percent(float(value))
    if unit == "seconds":
        return duration(float(value))
    if unit == "milliseconds":
        return f"{value:,.0f} ms"
    if unit == "money":
        return f"{currency} {amount(float(value))}".strip()
    return f"{value:.2f}" if unit == "number" else compact(float(value))


def exact(metric: str, value: Any, currency: str = "") -> str:
    if value is None:
        return "no data"
    unit = METRICS[metric].unit
    if unit == "money":
        return f"{currency} {Decimal(str(value)):,.2f}".strip()
    return f"{value:,}" if unit == "count" else write(metric, value)
