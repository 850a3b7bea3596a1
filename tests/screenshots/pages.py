"""Every page of the product, and what must hold on each of them: no axe violation, no error in the console under the strict
policy, nothing to scroll sideways, and a weight that a phone can carry."""

from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe

DASHBOARDS = ("executive", "product", "marketing", "live", "health", "health/queries")
SETTINGS = (
    "", "/tracking", "/filters", "/events", "/events/new", "/goals", "/defined-events", "/segments", "/annotations", "/spend", "/reports",
    "/formulas", "/links", "/access",
    "/privacy", "/privacy/retention", "/privacy/masking", "/privacy/opt-outs",
    "/privacy/collected", "/privacy/consent", "/privacy/consent/text", "/privacy/log", "/privacy/history",
)  # fmt: skip
# Pages as they look with something chosen.
ASKED = {
    "executive-filtered": "/executive?f=is,country,DE&f=is,device_type,mobile&period=7d",
    "executive-nothing": "/executive?f=is,country,ZZ",
    "executive-today": "/executive?period=today",
    "product-asked": "/product?step=page_view&step=purchase&breakdown=device_type&without=search&began=page_view&again=purchase"
    "&every=week&series=page_view&series=purchase&formula=100*B/A",
    "marketing-year": "/marketing?period=365d&model=linear",
    "settings-privacy-preset": "/settings/privacy/consent?preset=gdpr",
    "links-shared": "/settings/links?page=executive&period=90d",
}
# Of no site.
AROUND = {
    "sites": "/sites/", "new-site": "/sites/new", "account": "/account", "factors": "/account/factors", "factor-app": "/account/factors/app",
    "api-docs": "/api/docs/", "team": "/team/1", "audit": "/team/1/audit",
}  # fmt: skip
VIOLATIONS = {"resultTypes": ["violations"]}  # not every node that is as it should be: a third of the work
PUBLIC = {
    "login": "/login",
    "forgot": "/password/forgot",
    "setup": "/setup",
    "proof": "/consent",
}  # for who is not logged in
# A blurred ground that is larger than what it belongs to lies over the page: nothing else tells, not even axe.
BLURRED = """[...document.querySelectorAll("header, section, nav, dialog, footer")].filter(one => ["::before", "::after"].some(part => {
    const style = getComputedStyle(one, part);
    return style.content !== "none" && style.backdropFilter !== "none" && parseFloat(style.height) > one.offsetHeight + 2;
})).map(one => "blurs the page: " + one.className)"""
MOST_WEIGHT = 600 * 1024  # bytes over the wire, charts included, with an empty cache


def paths_of(site_id: int, request: int | None = None) -> dict[str, str]:
    """Name -> path of every page of a site; `request` is one of a person's."""
    base = f"/sites/{site_id}"
    return {
        **{name.replace("/", "-"): f"{base}/{name}" for name in DASHBOARDS}, "installation": f"{base}/installation", "builder": f"{base}/marketing/links",
        **{f"settings{tail.replace('/', '-')}": f"{base}/settings{tail}" for tail in SETTINGS},
        **({"settings-privacy-request": f"{base}/settings/privacy/{request}"} if request else {}),
        **{name: base + path for name, path in ASKED.items()},
    }  # fmt: skip


@dataclass
class Visit:
    """A page as a browser saw it."""

    page: Any
    problems: list[str] = field(default_factory=list)
    weight: int = 0

    def __post_init__(self) -> None:
        self.page.on(
            "console", lambda message: message.type == "error" and self.problems.append(f"console: {message.text}")
        )
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("requestfinished", self._weigh)

    def _weigh(self, request: Any) -> None:
        sizes = request.sizes()
        self.weight += sizes["responseBodySize"] + sizes["responseHeadersSize"]

    def open(self, url: str) -> None:
        self.problems.clear()
        self.weight = 0
        self.page.goto(url)
        self.page.wait_for_load_state("networkidle")
        # Charts draw and skeletons go; what fails says so in its panel.
        for _ in range(300):
            if not self.page.locator("[data-panel] .skeleton").count():
                break
            self.page.wait_for_timeout(100)
        self.page.wait_for_timeout(250)

    def check(self, axe: bool = True) -> list[str]:
        found = list(self.problems)
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("scrolls sideways")
        found += self.page.eval_on_selector_all(
            ".empty-error", "all => all.map(one => 'failed panel: ' + one.innerText)"
        )
        found += self.page.evaluate(BLURRED)
        if axe:
            found += [
                f"axe: {v['id']} {[node['target'] for node in v['nodes']][:3]}"
                for v in Axe().run(self.page, options=VIOLATIONS).response["violations"]
            ]
        return found


def log_in(page: Any, url: str, email: str, password: str) -> None:
    page.goto(f"{url}/login")
    page.fill("[name=email]", email)
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sites/**")
