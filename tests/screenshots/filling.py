"""What a site has after a while: goals, segments, a cohort, annotations, spend; made through the API."""

import json
from datetime import UTC, datetime, timedelta
from urllib.request import Request, urlopen

from tests.running import Footfall

ADMIN_KEY = """
from accounts.models import User
from accounts.actions import do_create_api_key
user = User.objects.get()
print(do_create_api_key(user, user.teams.get(), "screenshots", ("admin",)))
"""

CONSENT = """
from accounts.models import Collection, Site
from analytics.privacy import history
from analytics.privacy.presets import PRESETS, do_apply
site = Site.objects.get(pk={site})
with history.noted(site, "alice@example.com"):
    do_apply(site, PRESETS["gdpr"])
with history.noted(site, "alice@example.com"):
    Collection.objects.filter(site=site).update(query_params=["page", "lang"])
history.do_write_text(site, {{"en": "May we count your visits, and recognise you when you come back?",
    "de": "Dürfen wir Ihre Besuche zählen und Sie wiedererkennen?"}}, "alice@example.com")
"""


def fill(footfall: Footfall, site: dict[str, object]) -> int:
    """What a site has after a while: goals, a segment, a cohort, annotations, spend, answers about consent, and somebody's request,
    whose number is the result."""
    key = footfall.manage("shell", "-c", ADMIN_KEY).strip().splitlines()[-1]
    today = datetime.now(UTC).date()
    for kind, body in (
        ("goals", {"name": "Bought", "kind": "event", "target": "purchase"}), ("goals", {"name": "Saw the prices", "kind": "page", "target": "/pricing*"}),
        ("goals", {"name": "Read to the end", "kind": "scroll", "threshold": 90}),
        ("segments", {"name": "Phones", "filters": [["is", "device_type", ["mobile"]]]}),
        ("segments", {"name": "Buyers", "filters": [["did", {"event": "purchase"}]]}),
        ("segments", {"name": "Regulars in November", "kind": "static", "filters": [["did", {"times": 10}]]}),
        ("annotations", {"text": "Version 2.0", "moment": f"{today - timedelta(days=9)}T10:00:00Z"}),
        ("annotations", {"text": "Newsletter", "moment": f"{today - timedelta(days=4)}T08:00:00Z", "link": "https://shop.example/news"}),
        ("defined-events", {"name": "Sign-up button", "selector": "button.signup, a[text*='Sign']"}),
        *(("spend", {"day": str(today - timedelta(days=n)), "campaign": name, "amount": amount}) for n in range(1, 20) for name, amount in (("brew-log-launch", 12.5), ("weekly-letter", 8))),
    ):  # fmt: skip
        request = Request(
            f"{footfall.url}/api/v1/sites/{site['id']}/{kind}", json.dumps(body).encode(), method="POST",
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )  # fmt: skip
        urlopen(request).read()
    footfall.manage("shell", "-c", CONSENT.format(site=site["id"]))
    footfall.post(site, [answer(n) for n in range(400)], str(site["ingest_secret"]))
    asked = {"kind": "erasure", "named_by": "device", "value": "device-of-somebody"}
    return int(footfall.request(f"/api/v1/sites/{site['id']}/privacy-requests", asked, key)["id"])


def answer(number: int) -> dict[str, object]:
    """One of the last 30 days."""
    what = ("granted", "granted", "denied", "granted", "denied", "withdrawn")[number % 6]
    at = datetime.now(UTC) - timedelta(days=number * number % 29, minutes=number * 3)
    told: dict[str, object] = {"answer": what, "version": 2, "text": 1, "language": "de" if number % 3 else "en"}
    if what != "denied":
        told |= {"consent_id": f"consent-of-somebody-{number:04}", "categories": ["statistics"]}
    return {
        "event_type": "consent", "page": {"url": "https://shop.example/"}, "event_timestamp": at.isoformat(), "event_properties": told
    }  # fmt: skip
