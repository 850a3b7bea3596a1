from accounts.models import Site
from analytics.queries.engagement import PARTS, Formula
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
