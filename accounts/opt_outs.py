"""Who is not to be tracked, known only by keyed hashes: on one site, or on the whole server."""

from django.db.models import Q

from accounts.models import OptOut, Site

EVERYWHERE = 0


def do_opt_out(site: Site | None, marks: set[str]) -> int:
    """`site`: None for the whole server. How many were not opted out before."""
    return sum(OptOut.objects.get_or_create(site=site, mark=mark)[1] for mark in sorted(marks))


def do_opt_in(site: Site | None, marks: set[str]) -> int:
    return OptOut.objects.filter(site=site, mark__in=marks).delete()[0]


def opted_out() -> dict[int, frozenset[str]]:
    """Site (0: all of them) -> marks, for the ingestion cache."""
    found: dict[int, set[str]] = {}
    for site_id, mark in OptOut.objects.filter(~Q(mark="")).values_list("site_id", "mark"):
        found.setdefault(site_id or EVERYWHERE, set()).add(mark)
    return {site_id: frozenset(marks) for site_id, marks in found.items()}
