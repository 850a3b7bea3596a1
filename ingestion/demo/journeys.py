"""One visit: pages looked at one after the other, and where each leads. What is done on them is in actions.py."""

from collections.abc import Callable
from random import Random
from typing import Any

from ingestion.demo.catalog import Catalog, Page, Product
from ingestion.demo.chance import Pick, Spread, event_id, weights
from ingestion.demo.people import FAR, Part, Person
from ingestion.demo.traffic import SPIKE_PAGE, Arrival

Event = dict[str, Any]
MOST_PAGES = 25
SLOW_PAGE = "/collections/machines"
# Where a page leads when nothing on it leads elsewhere; "" leaves the site.
NEXT = {
    kind: Pick([(name.strip("-"), weight) for name, weight in weights(text)])
    for kind, text in {
        "home": "- 40, listing 20, product 13, blog 8, pricing 10, search 5, about 3, login 1",
        "listing": "- 26, product 60, listing 8, search 3, home 3",
        "product": "- 48, product 20, listing 16, article 4, search 4, home 8",
        "cart": "- 50, product 25, listing 25",
        "checkout": "- 78, cart 22",
        "thanks": "- 84, home 6, article 10",
        "blog": "- 30, article 66, home 4",
        "article": "- 66, article 14, product 10, blog 4, guide 2, pricing 2, home 2",
        "pricing": "- 62, home 14, about 8, article 6, guide 10",
        "signup": "- 70, pricing 30",
        "guide": "- 60, article 20, product 20",
        "search": "- 40, product 44, search 10, listing 6",
        "about": "- 60, home 25, pricing 15",
        "login": "- 60, home 40",
        "app": "- 24, app 76",
    }.items()
}
ENGAGING = frozenset({"article", "guide", "pricing", "product"})
STEADY_ERRORS = (
    ("ResizeObserver", "ResizeObserver loop completed with undelivered notifications.", "", 0.004),
    ("Error", "Script error.", "", 0.003),
    ("TypeError", "Failed to fetch", "at loadReviews (/assets/product.js:212:17)", 0.003),
    ("ChunkLoadError", "Loading chunk 417 failed.", "at require.e (/assets/runtime.js:1:2210)", 0.0015),
)


class Tables:
    """What all visits draw from."""

    def __init__(self, rng: Random, catalog: Catalog, actions: dict[str, "Action"]) -> None:
        self.rng, self.catalog, self.actions = rng, catalog, actions
        self.long_read = Spread(rng, 48, 0.9, 780)
        self.short_read = Spread(rng, 15, 0.9, 600)
        self.lcp = {name: Spread(rng, median, 0.42, 30_000) for name, median in DEVICE_LCP.items()}
        self.ttfb = Spread(rng, 260, 0.55, 8_000)
        self.inp = {name: Spread(rng, median, 0.7, 4_000) for name, median in DEVICE_INP.items()}
        self.cls = Spread(rng, 0.028, 1.1, 1.5)
        self.api = Spread(rng, 95, 0.7, 9_000)
        self.orders = 100_000
        self.shop = f"T{rng.getrandbits(24):06X}"

    def order_id(self) -> str:
        self.orders += 1
        return f"{self.shop}-{self.orders}"


DEVICE_LCP = {"desktop": 1350.0, "mobile": 1950.0, "tablet": 1700.0, "tv": 3200.0}
DEVICE_INP = {"desktop": 70.0, "mobile": 130.0, "tablet": 110.0, "tv": 300.0}


class Journey:
    """Collects the events of one visit; `now` only moves forward."""

    def __init__(self, tables: Tables, person: Person, now: int, share: float) -> None:
        self.tables, self.rng, self.catalog = tables, tables.rng, tables.catalog
        self.person, self.now, self.share = person, now, share
        self.events: list[Event] = []
        self.cart: list[tuple[Product, int]] = []
        self.variants: dict[str, str] | None = None
        self.signed_up = False
        # The cookieless identity of a day, as the server's own rotates with its salt.
        self.identity = None if person.known_device else f"s-{person.key}-{now // 86_400_000}"
        self.page: Page
        self.wire_page: Part = {}
        self.opened = now
        self.acted = False

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def emit(self, kind: str, properties: Part | None = None) -> None:
        person = self.person
        session: Part = {"event_index": len(self.events)}
        if self.identity:
            session["session_id"] = self.identity
        event: Event = {
            "event_id": event_id(self.rng, self.now),
            "event_type": kind,
            "event_timestamp": self.now,
            "session": session,
            "device": person.device,
            "page": self.wire_page,
            "geo": person.geo,
        }
        if person.user:
            event["user"] = person.user
        if self.variants:
            event["ab_test_variants"] = self.variants
        if properties:
            event["event_properties"] = properties
        self.events.append(event)

    def wait(self, least: float, most: float) -> None:
        """Seconds until the next thing is done."""
        self.now += int((least + (most - least) * self.rng.random()) * 1000)

    def act(self, kind: str, properties: Part | None = None) -> None:
        self.acted = True
        self.emit(kind, properties)

    def run(self, arrival: Arrival, app: bool) -> list[Event]:
        kind = "app" if app else arrival.landing(self.rng)
        page = self.catalog.articles[SPIKE_PAGE] if kind == "spike" else self.catalog.pick(kind, self.rng)
        url = f"{page.url}?{arrival.query}" if arrival.query else page.url
        self.open(page, url, arrival.referrer)
        for number in range(MOST_PAGES):
            following = self.stay()
            self.leave(bool(following) and number < MOST_PAGES - 1)
            if not following or number == MOST_PAGES - 1:
                break
            before, page = self.page, self.catalog.pick(following, self.rng)
            self.now += 40 + int(self.rng.random() * 300)
            self.open(page, page.url, before.url)
        return self.events

    def open(self, page: Page, url: str, referrer: str) -> None:
        former = getattr(self, "page", None)
        self.page, self.opened, self.acted = page, self.now, False
        self.wire_page = {"url": url, "title": page.title, "referrer": referrer}
        if page.kind == "pricing":
            self.variants = {"pricing_layout": self.person.variant}
        if page.kind == "app" and former is not None and former.kind == "app":
            self.emit("route_change", {"from_route": former.path, "to_route": page.path, "navigation_type": "push"})
        self.emit("page_view")
        for name, message, stack, share in STEADY_ERRORS:
            if self.chance(share):
                self.emit("error", {"error_type": name, "error_message": message, "error_stack": stack})

    def stay(self) -> str:
        """What happens on the page; returns the kind of page that follows, or ""."""
        self.wait(1.0, 5.0)
        action = self.tables.actions.get(self.page.kind)
        following = action(self) if action else ""
        if self.chance(0.14):
            self.click()
        return following or NEXT[self.page.kind](self.rng)

    def leave(self, onwards: bool) -> None:
        tables, rng = self.tables, self.rng
        reading = (tables.long_read if self.page.kind in ENGAGING else tables.short_read)(rng)
        self.now = max(self.now + 300, self.opened + int(reading * 1000))
        if self.chance(0.35):
            self.vitals()
        if self.chance(0.06):
            return  # browsers do lose the last word now and then
        stayed = self.now - self.opened
        depth = min(100, int(22 + 78 * rng.random() ** (0.6 if stayed > 20_000 else 1.5)))
        self.emit(
            "page_exit",
            {
                "time_on_page": stayed,
                "engaged_ms": int(stayed * (0.55 + 0.4 * rng.random())),
                "scroll_depth": depth,
                "exit_type": "navigation" if onwards else "close",
            },
        )

    def vitals(self) -> None:
        tables, rng, device = self.tables, self.rng, self.person.device["device_type"]
        slow = (1.9 if self.page.path == SLOW_PAGE else 1.0) * (1.4 if self.person.place.country in FAR else 1.0)
        ttfb = tables.ttfb(rng) * slow
        lcp = tables.lcp[device](rng) * slow + ttfb * 0.6
        metrics: Part = {
            "time_to_first_byte": round(ttfb),
            "first_contentful_paint": round(ttfb + (lcp - ttfb) * 0.6) if lcp > ttfb else round(ttfb + 40),
            "largest_contentful_paint": round(max(lcp, ttfb + 60)),
            "cumulative_layout_shift": round(tables.cls(rng), 4),
            "dom_interactive": round(ttfb + lcp * 0.5),
            "load_complete": round(ttfb + lcp * 1.3),
        }
        if self.acted:
            metrics["interaction_to_next_paint"] = round(tables.inp[device](rng))
        self.emit("page_performance", {"metrics": metrics})

    def click(self) -> None:
        rng = self.rng
        width, height = (int(part) for part in self.person.device["viewport_size"].split("x"))
        x, y = int(width * rng.random() ** 0.8), int(height * rng.random())
        element = {
            "id": f"{self.page.kind}-cta",
            "tag": "a" if y % 2 else "button",
            "class": "cta",
            "text": "Read more",
        }
        element["path"] = f"body>main>section.{self.page.kind}>{element['tag']}#{element['id']}.cta"
        position = {"x": x, "y": y + int(1200 * rng.random()), "viewport_x": x, "viewport_y": y}
        self.act("click", {"element": element, "position": position})


Action = Callable[[Journey], str]
