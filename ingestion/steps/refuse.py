"""Steps that turn an event away: what holds for its whole request, then what the site's owner leaves out."""

from ingestion.drops import Drop, Reason
from ingestion.enrich.urls import clean_url
from ingestion.row import Context, Draft
from ingestion.steps.identity import hash64, secret

SIGNS_OF_TESTS = (Reason.HEADLESS, Reason.AUTOMATION)
SHARES = 10_000  # a visitor falls into one of these; 1 % keeps the first hundred


def is_own_machine(url: str) -> bool:
    hostname = clean_url(url)[0].partition(":")[0]
    return hostname in ("localhost", "127.0.0.1", "[") or hostname.endswith(".localhost")


def drop_refused(draft: Draft, context: Context) -> Drop | None:
    """Opt-outs and bots are told by the request; they refuse each of its events, so that each is counted.

    A driven browser on a developer's own machine is the developer's own test, and is meant to show up.
    """
    if context.refused is None:
        return None
    if context.refused in SIGNS_OF_TESTS and is_own_machine(draft.event.page.url):
        return None
    return Drop(context.refused)


def drop_shielded(draft: Draft, context: Context) -> Drop | None:
    row, site = draft.row, context.site
    if site.hostnames and not context.trusted and not site.hostnames.fullmatch(row.hostname):
        return Drop(Reason.BLOCKED_HOSTNAME, "page.url", row.hostname[:64])
    if site.blocked_paths and site.blocked_paths.fullmatch(row.path):
        return Drop(Reason.BLOCKED_PATH, "page.url", row.path[:64])
    if row.country in site.blocked_countries:
        return Drop(Reason.BLOCKED_COUNTRY, "geo.country", row.country)
    return None


def drop_sampled_out(draft: Draft, context: Context) -> Drop | None:
    """All or nothing of a visitor: whoever is kept at 5 % is among those kept at 10 %, so sessions stay whole."""
    row, sampling = draft.row, context.site.sampling
    if not sampling:
        return None
    percent = sampling.get(row.event_type, sampling.get("*", 100.0))
    if percent >= 100:
        return None
    if hash64(secret(), "sample", row.visitor_id) % SHARES >= percent * SHARES / 100:
        return Drop(Reason.SAMPLED_OUT)
    row.weight = 100 / percent
    return None
