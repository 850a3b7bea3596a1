from ingestion.drops import Drop
from ingestion.row import Context, Draft


def drop_refused(draft: Draft, context: Context) -> Drop | None:
    """Opt-outs and bots are told by the request; they refuse each of its events, so that each is counted."""
    return Drop(context.refused) if context.refused else None
