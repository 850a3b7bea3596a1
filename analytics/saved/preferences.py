from accounts.models import Site
from analytics.queries.engagement import PARTS, Formula
from analytics.queries.paths import Rule
from analytics.saved.models import DEFAULT_ENGAGEMENT, Preferences


def get_preferences(site: Site) -> Preferences:
    """Saved ones, or the defaults without writing them."""
    return Preferences.objects.filter(site=site).first() or Preferences(site=site)


def get_formula(site: Site) -> Formula:
    chosen = DEFAULT_ENGAGEMENT | get_preferences(site).engagement
    return Formula(
        tuple(float(chosen[name][0]) for name in PARTS), tuple(float(chosen[name][1]) for name in PARTS),
        tuple(chosen["core"]), tuple(chosen["feature_events"]),
    )  # fmt: skip


def get_cleaning(site: Site) -> tuple[Rule, ...]:
    """How paths are shown: [pattern, to] each."""
    return tuple(Rule(pattern, to) for pattern, to in get_preferences(site).cleaning)
