"""The demo site: Tidewater, who sell coffee gear, write about it, and run a brewing app."""

from random import Random
from typing import NamedTuple

from ingestion.demo.chance import Pick


class Product(NamedTuple):
    slug: str
    name: str
    category: str
    cents: int
    weight: float


class Page(NamedTuple):
    kind: str
    path: str
    title: str
    url: str
    product: Product | None = None


BRAND = "Tidewater Coffee"
PRODUCTS = (
    Product("harbour-espresso", "Harbour Espresso 1 kg", "beans", 2690, 16),
    Product("lighthouse-filter", "Lighthouse Filter 250 g", "beans", 1190, 14),
    Product("night-tide-decaf", "Night Tide Decaf 250 g", "beans", 1250, 6),
    Product("cold-brew-pack", "Cold Brew Pack", "beans", 990, 6),
    Product("dripper-02", "Ceramic Dripper 02", "brewers", 2450, 10),
    Product("gooseneck-kettle", "Gooseneck Kettle", "brewers", 7900, 9),
    Product("press-1l", "Double-wall Press 1 l", "brewers", 4990, 6),
    Product("scale-pro", "Brew Scale Pro", "brewers", 6450, 7),
    Product("grinder-m40", "Hand Grinder M40", "machines", 13900, 11),
    Product("grinder-e64", "Electric Grinder E64", "machines", 39900, 6),
    Product("espresso-one", "Espresso One", "machines", 64900, 5),
    Product("gift-card", "Gift Card", "gifts", 5000, 4),
)
CATEGORIES = (
    ("beans", "Coffee Beans", 40),
    ("brewers", "Brewers", 28),
    ("machines", "Machines", 24),
    ("gifts", "Gifts", 8),
)
ARTICLES = (
    ("pour-over-guide", "The Only Pour-over Guide You Need", 24),
    ("grinder-physics", "The Physics of a Good Grind", 14),
    ("water-hardness", "Why Your Water Ruins Your Coffee", 16),
    ("espresso-at-home", "Espresso at Home for Under 300", 15),
    ("cold-brew-ratio", "Cold Brew: Ratio and Time", 12),
    ("milk-foam", "Milk Foam Without a Machine", 9),
    ("storing-beans", "How to Store Coffee Beans", 10),
)
SINGLE = (
    ("home", "/", f"{BRAND}: gear and beans for better coffee"),
    ("cart", "/cart", "Your cart"),
    ("checkout", "/checkout", "Checkout"),
    ("thanks", "/checkout/thanks", "Thank you for your order"),
    ("blog", "/blog", "Journal"),
    ("pricing", "/pricing", "Brew Log plans and pricing"),
    ("signup", "/signup", "Create your account"),
    ("guide", "/guides/brewing", "Brewing guides to print"),
    ("search", "/search", "Search"),
    ("about", "/about", "About us"),
    ("login", "/login", "Log in"),
)
APP = (
    ("/app", "Brew Log", 22),
    ("/app/brews", "Brews", 34),
    ("/app/recipes", "Recipes", 22),
    ("/app/beans", "My beans", 14),
    ("/app/settings", "Settings", 8),
)


class Catalog:
    """The pages of the site on one domain, picked by kind."""

    def __init__(self, domain: str) -> None:
        self.root = f"https://{domain}"
        page, suffix = self._page, f" · {BRAND}"
        self._picks = {
            kind: Pick([(page(kind, path, title if kind == "home" else title + suffix), 1)])
            for kind, path, title in SINGLE
        }
        self._picks["listing"] = Pick(
            (page("listing", f"/collections/{slug}", name + suffix), weight) for slug, name, weight in CATEGORIES
        )
        self._picks["product"] = Pick(
            (page("product", f"/products/{p.slug}", p.name + suffix, p), p.weight) for p in PRODUCTS
        )
        self._picks["article"] = Pick(
            (page("article", f"/blog/{slug}", name + suffix), weight) for slug, name, weight in ARTICLES
        )
        self._picks["app"] = Pick((page("app", path, f"{name} · Brew Log"), weight) for path, name, weight in APP)
        self.articles = {item.path: item for item in self._picks["article"].items}

    def _page(self, kind: str, path: str, title: str, product: Product | None = None) -> Page:
        return Page(kind, path, title, self.root + path, product)

    def pick(self, kind: str, rng: Random) -> Page:
        return self._picks[kind](rng)


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
