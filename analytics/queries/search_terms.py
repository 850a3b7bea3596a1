"""Searches on the site: by the hash of what was searched for, as nothing else leaves the browser."""

from dataclasses import dataclass

from analytics.queries.conditions import Bound
from analytics.queries.people import Scope, events_of, params_of
from analytics.queries.store import cached, fill


@dataclass(frozen=True, slots=True)
class Term:
    """`without_result`: searches of which it is known that they found nothing. `clicked`: sessions that opened a result."""

    query_hash: str
    length: int
    searches: int
    people: int
    without_result: int
    clicked: int


def run(scope: Scope, limit: int = 50, tag: str = "search") -> list[Term]:
    bound = Bound({"most": limit})
    kinds = frozenset({"search", "search_result_click"})
    sql = fill("search_terms", events=events_of(scope, bound, kinds=kinds))
    return [Term(*row) for row in cached(sql, params_of(scope, bound), tag)]
