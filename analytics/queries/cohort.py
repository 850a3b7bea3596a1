"""The people of a cohort, written down: one row a person and version."""

import logging
from collections.abc import Callable

from analytics.clickhouse import client
from analytics.queries.conditions import Bound
from analytics.queries.dimensions import BadQuery
from analytics.queries.people import Scope, events_of, params_of
from analytics.queries.store import fill, with_properties

log = logging.getLogger(__name__)


def do_write(scope: Scope, cohort_id: int, version: int) -> int:
    """The known people of the scope, as this version; how many."""
    bound = Bound()
    sql = fill("cohort", events=events_of(scope, bound, "is_known"))
    params = params_of(scope, bound) | {"cohort": cohort_id, "version": version}
    client.command(with_properties(sql), params)
    counted = "SELECT count() FROM cohort_people WHERE site_id = {site:UInt32} AND cohort_id = {cohort:UInt32}"
    return int(
        client.read(f"{counted} AND version = {{version:UInt32}}", params, f"site={scope.site_id} report=cohort")[0][0]
    )


def do_forget(site_id: int, cohort_id: int, before: int = 2**32 - 1) -> None:
    """The versions up to `before`, so that a page that is just being made still finds the latest one."""
    client.command(
        "ALTER TABLE cohort_people DELETE WHERE site_id = {site:UInt32} AND cohort_id = {cohort:UInt32}"
        " AND version < {version:UInt32}",
        {"site": site_id, "cohort": cohort_id, "version": before},
    )


def attempt(what: str, work: Callable[[], object]) -> None:
    try:
        work()
    except (BadQuery, client.StoreError) as error:
        log.warning("The %s could not be calculated: %s", what, error)
