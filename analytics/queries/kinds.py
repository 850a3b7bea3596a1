"""Which table to read, by the event types that can matter."""

from collections.abc import Iterable

from analytics.queries.filters import Filter, Leaf

SALES = frozenset({"purchase", "refund"})
# The types that the table `rare_events` has once more, by type (0008_by_type.sql).
RARE = frozenset("error api_error search search_result_click purchase refund rage_click dead_click".split())


def table_of(kinds: frozenset[str]) -> str:
    """`kinds`: all event types that are asked for; empty: any."""
    return "rare_events" if kinds and kinds <= RARE else "events"


def kinds_of(filters: Iterable[Filter]) -> frozenset[str]:
    """The event types that the filters, all together, let through; empty: they do not say."""
    for item in filters:
        if isinstance(item, Leaf) and item.dimension == "event_type" and item.operator == "is":
            return frozenset(item.values)
    return frozenset()
