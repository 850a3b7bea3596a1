"""Pictures of every page, filled and empty, light and dark, desktop and phone: `make screenshots`. Says what is wrong on them."""

import json
import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

from tests.browser import chromium
from tests.conftest import eventually
from tests.running import PASSWORD, Footfall
from tests.screenshots.pages import Visit, log_in, paths_of

OUT, EVENTS = Path("build/screenshots"), os.environ.get("EVENTS", "60000")
ADMIN_KEY = """
from accounts.models import User
from accounts.actions import do_create_api_key
user = User.objects.get()
print(do_create_api_key(user, user.teams.get(), "screenshots", ("admin",)))
"""
ONLY = os.environ.get("ONLY", "").split(",") if os.environ.get("ONLY") else []


def fill(footfall: Footfall, site: dict[str, object]) -> None:
    """What a site has after a while: goals, a segment, a cohort, annotations, spend."""
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


def main() -> int:
    OUT.mkdir(parents=True, exist_ok=True)
    footfall, wrong = Footfall(Path(tempfile.mkdtemp()) / "data"), 0
    try:
        full, empty = footfall.create_site(), footfall.create_site("empty.example")
        footfall.manage("seeddemo", "--site", str(full["id"]), "--events", EVENTS, "--days", "90")
        eventually(lambda: footfall.sql("SELECT count() FROM events")[0][0] > int(EVENTS) * 0.9, 120)
        fill(footfall, full)
        with chromium() as browser:
            for width in (1440, 390):
                for scheme in ("light", "dark"):
                    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
                    visit = Visit(context.new_page())
                    log_in(visit.page, footfall.url, "alice@example.com", PASSWORD)
                    for site, kind in ((full, "full"), (empty, "empty")):
                        for name, path in paths_of(site["id"]).items():
                            if ONLY and name not in ONLY:
                                continue
                            visit.open(footfall.url + path)
                            for problem in visit.check(axe=width == 1440):
                                wrong += 1
                                print(f"{kind} {name} {width} {scheme}: {problem}")
                            visit.page.screenshot(path=OUT / f"{name}-{kind}-{width}-{scheme}.png", full_page=True)
                    context.close()
    finally:
        footfall.stop()
    print(f"Pictures are in {OUT}/; {wrong} problems.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
