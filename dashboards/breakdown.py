"""Panels of bar lists: pages, sources, places, technology. Each row filters by its value."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from analytics.queries import query as core
from analytics.queries.dimensions import DIMENSIONS, BadQuery
from analytics.queries.metrics import METRICS
from analytics.queries.query import Query
from dashboards.charts import world
from dashboards.groups import DRILLS, GROUPS
from dashboards.names import compact, country_iso3, display, exact, write
from dashboards.panel import Table, panel
from dashboards.state import MOST_ROWS, State

TABS = {
    "path": "Top", "entry_page": "Entry", "exit_page": "Exit", "source": "Sources", "channel": "Channels",
    "utm_campaign": "Campaigns", "utm_source": "UTM source", "utm_medium": "UTM medium", "utm_term": "UTM term",
    "utm_content": "UTM content", "event_type": "Events", "referrer": "Referrers",
    "map": "Map", "country": "Countries", "region": "Regions", "city": "Cities", "device_type": "Devices",
    "browser": "Browsers", "os": "Systems", "screen_resolution": "Screens", "language": "Languages",
}  # fmt: skip
COLUMNS = ("visitors", "sessions", "pageviews", "bounce_rate", "session_duration")
PAGE_COLUMNS = ("visitors", "pageviews", "bounce_rate", "time_on_page", "scroll_depth")
HIDDEN_WHEN_EMPTY = (
    "utm_campaign",
    "utm_source",
    "utm_medium",
    "utm_term",
    "utm_content",
    "referrer",
)  # most visits have none
SHOWN = 9
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: str
    exact: str
    share: str
    width: float
    address: str
    chosen: bool
    link: str = ""


def bars(state: State, dimension: str) -> tuple[list[Bar], bool]:
    """The first rows by visitors, their share of all visitors, and whether there are more."""
    metric = "sessions" if dimension == "exit_page" else "visitors"
    result = core.run(state.query((metric,), (dimension,), limit=SHOWN), state.now, f"executive.{dimension}")
    rows = [row for row in result.rows if row.dimensions[0] or dimension not in HIDDEN_WHEN_EMPTY]
    most = max((row.metrics[0] for row in rows), default=0)
    total = result.totals[0] or 1
    made = []
    for row in rows:
        value, number = row.dimensions[0], row.metrics[0]
        share = 100 * number / total
        made.append(
            Bar(
                display(dimension, value), compact(number), f"{number:,} {METRICS[metric].label.lower()}",
                f"{share:.0f}%" if share >= 1 else "<1%", round(100 * number / most, 2) if most else 0,
                state.toggled(dimension, value), state.is_chosen(dimension, value),
            )
        )  # fmt: skip
    return made, result.has_more


def chosen_tab(state: State, group: str, tab: str) -> str:
    """A filter by a browser opens its versions; otherwise the tab asked for, or the first."""
    tabs = GROUPS[group][1]
    tab = tab if tab in tabs else tabs[0]
    chosen = {c[1] for c in state.clauses if c[0] == "is" and len(c[2]) == 1}
    while tab in DRILLS and ("country" if tab == "map" else tab) in chosen:
        tab = DRILLS[tab]
    return tab


def countries(state: State) -> list[tuple[str, str, int, str]]:
    found = core.get_rows(state.query(("visitors",), ("country",), limit=300), state.now, "executive.map")
    codes = [(row.dimensions[0], row.metrics[0]) for row in found if row.dimensions[0]]
    return [(country_iso3(c), display("country", c), number, state.toggled("country", c)) for c, number in codes]


def whole_list(state: State, dimension: str) -> Table:
    """Every row, with the columns of the details: for a file."""
    columns = columns_of(dimension)
    query = Query(
        state.site.pk, state.dates, columns, (dimension,), state.filters,
        order_by=((columns[0], "desc"), (dimension, "asc")), limit=MOST_ROWS,
    )  # fmt: skip
    rows = core.run(query, state.now, f"details.{dimension}").rows
    return [DIMENSIONS[dimension].label, *columns], [
        [display(dimension, row.dimensions[0]), *row.metrics] for row in rows
    ]


def columns_of(dimension: str) -> tuple[str, ...]:
    return PAGE_COLUMNS if dimension == "path" else COLUMNS if dimension != "exit_page" else COLUMNS[1:]


@panel("dashboards/panels/breakdown.html")
def view(state: State, group: str, tab: str = "", **_: str) -> dict[str, Any]:
    if group not in GROUPS:
        raise BadQuery("panel", f"expected one of {', '.join(GROUPS)}")
    title, tabs = GROUPS[group]
    shown = chosen_tab(state, group, tab)
    base: dict[str, Any] = {
        "title": title,
        "group": group,
        "tab": shown,
        "tabs": [(name, TABS[name], name == (tab if tab in tabs else tabs[0])) for name in tabs],
        "column": "Sessions" if shown == "exit_page" else "Visitors",
        "query": state.address()[1:],
        "file": shown.replace("_", "-"),
        "table": lambda: whole_list(state, "country" if shown == "map" else shown),
    }
    if shown == "map":
        found = countries(state)
        base["api"] = ("query", {"metrics": ["visitors"], "dimensions": ["country"], "limit": 300})
        return base | {
            "figure": world.figure([c[:3] for c in found]) if found else None,
            "countries": found,
            "links": {code: address for code, _, _, address in found},
        }
    rows, has_more = bars(state, shown)
    base["api"] = ("query", {"metrics": [base["column"].lower()], "dimensions": [shown], "limit": 1000})
    return base | {"bars": rows, "has_more": has_more, "label": DIMENSIONS[shown].label}


@panel("dashboards/panels/details.html")
def details(state: State, dimension: str, sort: str = "", page: str = "", **_: str) -> dict[str, Any]:
    """The whole list of a dimension, sortable, a page at a time."""
    if dimension not in DIMENSIONS:
        raise BadQuery("dimension", "this list does not exist")
    if state.whole:
        return {"file": dimension.replace("_", "-"), "table": whole_list(state, dimension)}
    columns = columns_of(dimension)
    column, _colon, asked = sort.partition(":")
    name, way = (column if column in columns else columns[0]), ("asc" if asked == "asc" else "desc")
    number = int(page) if page.isdigit() and 0 < int(page) < 1000 else 1
    query = Query(
        state.site.pk, state.dates, columns, (dimension,), state.filters,
        order_by=((name, way), (dimension, "asc")), limit=PER_PAGE, offset=(number - 1) * PER_PAGE,
    )  # fmt: skip
    result = core.run(query, state.now, f"details.{dimension}")
    heads = [
        (column, METRICS[column].label, f"{column}:{'asc' if column == name and way == 'desc' else 'desc'}",
         {"asc": "ascending", "desc": "descending"}[way] if column == name else "")
        for column in columns
    ]  # fmt: skip
    return {
        "label": DIMENSIONS[dimension].label,
        "dimension": dimension,
        "heads": heads,
        "rows": [
            (
                display(dimension, row.dimensions[0]), state.toggled(dimension, row.dimensions[0]),
                [(write(c, v), exact(c, v), METRICS[c].label) for c, v in zip(columns, row.metrics, strict=True)],
            )
            for row in result.rows
        ],
        "sort": f"{name}:{way}",
        "number": number,
        "has_more": result.has_more,
        "query": state.address()[1:],
        "csv": f"{reverse('details', args=[state.site.pk, dimension])}{state.address()}&format=csv",
    }  # fmt: skip
