"""Telling bots from browsers. Reasons are the names of drops.py; "" means a human, as far as can be told."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from is_bot import Bots

HEADLESS = re.compile(r"headless|phantomjs|slimerjs|electron.*nightmare|jsdom|puppeteer|playwright", re.IGNORECASE)
_bots = Bots()


# A program that posts events does so on purpose; crawlers run our script in a browser.
LIBRARY = re.compile(
    r"(python|curl|wget|httpx|aiohttp|go-http-client|okhttp|node|axios|undici|got|java|apache-httpclient|ruby|php|guzzle|dart)"
    r"[ /\-_.\w]*(/|$)",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def is_bot_agent(user_agent: str) -> bool:
    """Crawlers, monitors and HTTP libraries by the isbot list; 0.3 ms when new, hence the cache."""
    return bool(_bots.is_bot(user_agent))


@lru_cache(maxsize=8192)
def is_headless(user_agent: str) -> bool:
    return HEADLESS.search(user_agent) is not None


BROWSER = re.compile(r"mozilla/5\.0 .*(chrome|firefox|safari|edg)/", re.IGNORECASE)
SIGNS = {  # what a browser sends with every fetch and beacon, and how much it says that it is missing
    "HTTP_ACCEPT": 20,
    "HTTP_ACCEPT_LANGUAGE": 25,
    "HTTP_ACCEPT_ENCODING": 20,
    "HTTP_ORIGIN": 15,
}
BUSY, RUSH, THRESHOLD = 300, 60, 100


def suspicion(environ: Mapping[str, Any], rate: int) -> str:
    """Signs that only together tell a bot: missing headers, at more events a minute than anybody clicks.

    Neither alone decides: privacy extensions leave headers out, and an office shares one address.
    """
    if rate < BUSY:
        return ""
    score = RUSH + sum(points for header, points in SIGNS.items() if not environ.get(header))
    if not BROWSER.search(str(environ.get("HTTP_USER_AGENT", ""))):
        score += 20
    return "suspicious" if score >= THRESHOLD else ""


def bot_reason(user_agent: str, automation: bool = False, accept_language: str | None = None) -> str:
    """Why browser traffic is a bot's, or "".

    accept_language decides nothing: bots that run a real browser send it, and privacy extensions leave it out.
    """
    user_agent = user_agent.strip()[:512]
    if not user_agent:
        return "no_user_agent"
    if is_headless(user_agent):
        return "headless"
    if is_bot_agent(user_agent) and not LIBRARY.match(user_agent):
        return "bot_user_agent"
    return "automation" if automation else ""
