"""GA4's default channel groups: the first rule that fits, in the published order.

https://support.google.com/analytics/answer/9756891 gives the rules; AI Assistant joined them in May 2026. Its lists of
search, social, video and shopping sites are represented by known_sources.py. Case does not matter anywhere.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ingestion.enrich.known_sources import ALIASES, KINDS

DIRECT = "Direct / None"
NO_MEDIUM = "(none)"
PAID = re.compile(r"^(.*cp.*|ppc|retargeting|paid.*)$")
SHOPPING = re.compile(r"^(.*(([^a-df-z]|^)shop|shopping).*)$")
VIDEO = re.compile(r"^(.*video.*)$")
EMAIL = frozenset({"email", "e-mail", "e_mail", "e mail"})
DISPLAY = frozenset({"display", "banner", "expandable", "interstitial", "cpm"})
SOCIAL = frozenset({"social", "social-network", "social-media", "sm", "social network", "social media"})


@dataclass(frozen=True, slots=True)
class Visit:
    source: str
    medium: str
    campaign: str
    kind: str  # of the source: search, social, video, shopping, ai, email or ""
    paid: bool
    shopping: bool


Rule = Callable[[Visit], bool]
RULES: tuple[tuple[str, Rule], ...] = (
    ("Direct", lambda v: v.source in (DIRECT.lower(), "(direct)") and v.medium in ("(not set)", NO_MEDIUM)),
    ("Cross-network", lambda v: "cross-network" in v.campaign),
    ("Paid Shopping", lambda v: v.shopping and v.paid),
    ("Paid Search", lambda v: v.kind == "search" and v.paid),
    ("Paid Social", lambda v: v.kind == "social" and v.paid),
    ("Paid Video", lambda v: v.kind == "video" and v.paid),
    ("Display", lambda v: v.medium in DISPLAY),
    ("Paid Other", lambda v: v.paid),
    ("Organic Shopping", lambda v: v.shopping),
    ("Organic Social", lambda v: v.kind == "social" or v.medium in SOCIAL),
    ("Organic Video", lambda v: v.kind == "video" or VIDEO.match(v.medium) is not None),
    ("Organic Search", lambda v: v.kind == "search" or v.medium == "organic"),
    ("AI Assistant", lambda v: v.kind == "ai" or v.medium == "ai-assistant"),
    ("Email", lambda v: v.source in EMAIL or v.medium in EMAIL),
    ("Affiliates", lambda v: v.medium == "affiliate"),
    ("Referral", lambda v: v.medium in ("referral", "app", "link")),
    ("Audio", lambda v: v.medium == "audio"),
    ("SMS", lambda v: "sms" in (v.source, v.medium)),
    (
        "Mobile Push Notifications",
        lambda v: v.medium.endswith("push") or "mobile" in v.medium or "notification" in v.medium
        or v.source == "firebase",
    ),
)  # fmt: skip
UNASSIGNED = "Unassigned"
CHANNELS = (*(name for name, _ in RULES), UNASSIGNED)


def kind_of(source: str) -> str:
    """search, social, video, shopping, ai, email or "" of a source by its name or by a value of utm_source."""
    known = ALIASES.get(source.lower())
    return known.kind if known else KINDS.get(source, "")


@lru_cache(maxsize=8192)
def get_channel(source: str, medium: str, campaign: str = "") -> str:
    source, medium, campaign = source.lower(), medium.lower(), campaign.lower()
    kind = kind_of(source)
    shopping = kind == "shopping" or SHOPPING.match(campaign) is not None
    visit = Visit(source, medium, campaign, kind, PAID.match(medium) is not None, shopping)
    return next((name for name, rule in RULES if rule(visit)), UNASSIGNED)
