"""Which bar lists there are, and on which page."""

GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "pages": ("Pages", ("path", "entry_page", "exit_page")),
    "sources": ("Sources", ("source", "channel", "utm_campaign", "utm_source", "utm_medium", "referrer")),
    "places": ("Places", ("map", "country", "region", "city")),
    "channels": ("Channels", ("channel", "source", "referrer")),
    "campaigns": ("Campaigns", ("utm_campaign", "utm_source", "utm_medium", "utm_term", "utm_content")),
    "landing": ("Landing pages", ("entry_page",)),
    "events": ("Events", ("event_type",)),
    "technology": ("Technology", ("device_type", "browser", "os", "screen_resolution", "language")),
}
# A click on a browser shows its versions, on a country its regions: the panel goes one step down.
DRILLS = {
    "browser": "browser_version",
    "os": "os_version",
    "map": "region",
    "country": "region",
    "region": "city",
    "utm_campaign": "utm_content",
}
SHOWN_ON = {
    "executive": ("pages", "sources", "places", "technology"),
    "product": ("events", "pages"),
    "marketing": ("channels", "campaigns", "landing", "places"),
}


def first_tab(panel: str) -> str:
    return {"attribution": "channel", "vitals": "path"}.get(panel) or GROUPS.get(panel, ("", ("",)))[1][0]


def is_on(page: str, path: str) -> bool:
    """Whether a path below the site's is part of a page: its panels, the lists it shows, and the form of its filters."""
    if path in (page, "filter") or path.startswith(f"{page}/"):
        return True
    shown = {name: GROUPS[name][1] for name in SHOWN_ON[page]}
    tabs = {tab for names in shown.values() for tab in names}
    kind, _, name = path.removeprefix("executive/").partition("/")
    return (kind == "panels" and name in shown) or (kind == "details" and name in tabs | {DRILLS.get(t) for t in tabs})
