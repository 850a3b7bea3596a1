"""The country of a time zone, from the tables of the tzdata package."""

from functools import cache
from importlib.resources import files


@cache
def _countries() -> dict[str, str]:
    """zone.tab names one country for each of its zones; old names lead there by the links of tzdata.zi."""
    folder = files("tzdata") / "zoneinfo"
    rows = (folder / "zone.tab").read_text("utf-8").splitlines()
    countries = {zone: code for code, _, zone, *_ in (row.split("\t") for row in rows if not row.startswith("#"))}
    links = [row.split() for row in (folder / "tzdata.zi").read_text("utf-8").splitlines() if row.startswith("L ")]
    for _ in range(2):  # a link may lead to a link
        for _, target, name in links:
            if name not in countries and target in countries and "/" in name:
                countries[name] = countries[target]
    return countries


def country_of_timezone(zone: str) -> str:
    """ISO 3166-1 code: "DE" of "Europe/Berlin"; "" of UTC, of fixed offsets and of what is no zone."""
    return _countries().get(zone, "")
