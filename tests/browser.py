"""Chromium, as people have it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = "/usr/bin/chromium-headless-shell"  # without the windows' side, which takes more than the pages themselves
FLAGS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --disable-quic"
    " --no-first-run --disable-blink-features=AutomationControlled"
).split()
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # By a flag and not by context: beacons of a page that closes go out with the browser's own agent
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, f"--user-agent={AGENT}"])
        yield browser
        browser.close()


def watched(page: Any) -> list[str]:
    """Errors of the console, of the page, and of its security policy, as they come."""
    problems: list[str] = []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: problems.append(str(e)))
    return problems
