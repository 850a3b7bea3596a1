"""Searches on the site. The words are hashed in the browser; a word that is guessed can be looked up."""

import hashlib
from typing import Any

from analytics.queries import search_terms as core
from analytics.queries.people import Scope
from dashboards.names import compact, percent
from dashboards.panel import panel
from dashboards.sheet import Field, Sheet, name, num, show
from dashboards.state import State

EMPTY = (
    "No search in this period",
    "Searches are found by the parameters named in the site's settings (q, s, query …).",
)


def hash_of(state: State, word: str) -> str:
    """As static/tracker/capture/search.ts does it."""
    text = state.site.collection.search_salt + " ".join(word.lower().split())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@panel("dashboards/panels/sheet.html")
def view(state: State, **_: str) -> dict[str, Any]:
    word = state.value("word")
    found = core.run(Scope(state.site.pk, state.dates, state.filters), state.most(1000), "marketing.search")
    looked = hash_of(state, word) if word else ""
    shown = [one for one in found if one.query_hash == looked] if word else found[: state.most(25)]
    rows = [
        [
            name(
                f"“{word}”" if word else f"{one.query_hash[:6]}…" + (f" ({one.length} letters)" if one.length else "")
            ),
            num(compact(one.searches), raw=one.searches),
            num(compact(one.people), raw=one.people),
            num(percent(100 * one.without_result / one.searches)),
            num(compact(one.clicked), raw=one.clicked),
        ]
        for one in shown
    ]
    sheet = Sheet(
        "Searches on the site",
        ["Searched for", "Searches", "People", "Without a result", "Opened a result"],
        rows,
        fields=[Field("word", "Look up a word", word, hint="running shoes")] if not state.is_guest else [],
        note=(
            "What people search for is hashed before it leaves their browser: you see how often,"
            " and can ask for words that you guess."
        ),
        empty=(f"Nobody searched for “{word}”", "Words count as they were typed, without regard to capitals.")
        if word and found
        else EMPTY,
    )
    return show(state, sheet)
