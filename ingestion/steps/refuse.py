from ingestion.drops import Drop, Reason
from ingestion.enrich.urls import clean_url
from ingestion.row import Context, Draft

SIGNS_OF_TESTS = (Reason.HEADLESS, Reason.AUTOMATION)


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
