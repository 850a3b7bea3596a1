"""Pictures of every page, filled and empty, light and dark, desktop and phone: `make screenshots`. Says what is wrong on them."""

import os
import sys
import tempfile
from pathlib import Path

from tests.browser import chromium
from tests.conftest import eventually
from tests.running import PASSWORD, Footfall
from tests.screenshots.filling import fill
from tests.screenshots.pages import AROUND, PUBLIC, Visit, log_in, paths_of

OUT, EVENTS = Path("build/screenshots"), os.environ.get("EVENTS", "60000")
ONLY = os.environ.get("ONLY", "").split(",") if os.environ.get("ONLY") else []


def pictures(visit: Visit, base: str, wanted: list[tuple[str, str, str]], look: str) -> int:
    """How many things are wrong on these (kind, name, path)."""
    wrong = 0
    for kind, name, path in wanted:
        if ONLY and name not in ONLY:
            continue
        visit.open(base + path)
        for problem in visit.check(axe=look.startswith("1440")):
            wrong += 1
            print(f"{kind} {name} {look}: {problem}")
        visit.page.screenshot(path=OUT / f"{name}-{kind}-{look}.png", full_page=True)
    return wrong


def main() -> int:
    OUT.mkdir(parents=True, exist_ok=True)
    footfall, wrong = Footfall(Path(tempfile.mkdtemp()) / "data"), 0
    try:
        full, empty = footfall.create_site(), footfall.create_site("empty.example")
        footfall.manage("seeddemo", "--site", str(full["id"]), "--events", EVENTS, "--days", "90")
        eventually(lambda: footfall.sql("SELECT count() FROM events")[0][0] > int(EVENTS) * 0.9, 120)
        request = fill(footfall, full)
        with chromium() as browser:
            for width in (1440, 390):
                for scheme in ("light", "dark"):
                    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
                    visit = Visit(context.new_page())
                    wanted = [("public", name, path) for name, path in PUBLIC.items()]
                    wrong += pictures(visit, footfall.url, wanted, f"{width}-{scheme}")
                    log_in(visit.page, footfall.url, "alice@example.com", PASSWORD)
                    wanted = [("own", name, path) for name, path in AROUND.items()]
                    wrong += pictures(visit, footfall.url, wanted, f"{width}-{scheme}")
                    for kind, paths in (("full", paths_of(full["id"], request)), ("empty", paths_of(empty["id"]))):
                        wanted = [(kind, name, path) for name, path in paths.items()]
                        wrong += pictures(visit, footfall.url, wanted, f"{width}-{scheme}")
                    context.close()
    finally:
        footfall.stop()
    print(f"Pictures are in {OUT}/; {wrong} problems.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
