"""Who comes: people with a place, a device, and a habit of coming back."""

from random import Random
from typing import Any, NamedTuple

from ingestion.demo.chance import Pick

Part = dict[str, Any]
IDLE_MS = 31 * 60_000  # longer than a session's gap, so that the next visit is a session of its own
RECENT, KNOWN = 20_000, 100_000  # how many people are remembered at most
CONSENT = 0.34
VARIANTS = ("control", "annual_first")


class Place(NamedTuple):
    country: str
    region: str  # ISO 3166-2, as ingestion/enrich/geo.py gives it
    city: str
    timezone: str
    language: str
    weight: float


PLACES = tuple(
    Place(*row)
    for row in (
        ("DE", "DE-BE", "Berlin", "Europe/Berlin", "de-DE", 9.0),
        ("DE", "DE-HH", "Hamburg", "Europe/Berlin", "de-DE", 5.0),
        ("DE", "DE-BY", "Munich", "Europe/Berlin", "de-DE", 6.0),
        ("DE", "DE-NW", "Cologne", "Europe/Berlin", "de-DE", 5.0),
        ("AT", "AT-9", "Vienna", "Europe/Vienna", "de-AT", 3.0),
        ("CH", "CH-ZH", "Zurich", "Europe/Zurich", "de-CH", 3.0),
        ("GB", "GB-ENG", "London", "Europe/London", "en-GB", 8.0),
        ("GB", "GB-SCT", "Edinburgh", "Europe/London", "en-GB", 1.6),
        ("FR", "FR-IDF", "Paris", "Europe/Paris", "fr-FR", 4.5),
        ("NL", "NL-NH", "Amsterdam", "Europe/Amsterdam", "nl-NL", 4.0),
        ("BE", "BE-BRU", "Brussels", "Europe/Brussels", "fr-BE", 1.4),
        ("ES", "ES-MD", "Madrid", "Europe/Madrid", "es-ES", 2.6),
        ("IT", "IT-25", "Milan", "Europe/Rome", "it-IT", 3.2),
        ("SE", "SE-AB", "Stockholm", "Europe/Stockholm", "sv-SE", 2.2),
        ("DK", "DK-84", "Copenhagen", "Europe/Copenhagen", "da-DK", 1.9),
        ("NO", "NO-03", "Oslo", "Europe/Oslo", "nb-NO", 1.5),
        ("PL", "PL-14", "Warsaw", "Europe/Warsaw", "pl-PL", 2.0),
        ("PT", "PT-11", "Lisbon", "Europe/Lisbon", "pt-PT", 1.0),
        ("US", "US-NY", "New York", "America/New_York", "en-US", 6.5),
        ("US", "US-CA", "San Francisco", "America/Los_Angeles", "en-US", 5.5),
        ("US", "US-WA", "Seattle", "America/Los_Angeles", "en-US", 2.8),
        ("US", "US-IL", "Chicago", "America/Chicago", "en-US", 2.8),
        ("US", "US-TX", "Austin", "America/Chicago", "en-US", 2.4),
        ("CA", "CA-ON", "Toronto", "America/Toronto", "en-CA", 2.4),
        ("CA", "CA-QC", "Montreal", "America/Toronto", "fr-CA", 1.0),
        ("BR", "BR-SP", "São Paulo", "America/Sao_Paulo", "pt-BR", 1.6),
        ("MX", "MX-CMX", "Mexico City", "America/Mexico_City", "es-MX", 0.9),
        ("AU", "AU-VIC", "Melbourne", "Australia/Melbourne", "en-AU", 2.4),
        ("AU", "AU-NSW", "Sydney", "Australia/Sydney", "en-AU", 1.8),
        ("JP", "JP-13", "Tokyo", "Asia/Tokyo", "ja-JP", 1.8),
        ("IN", "IN-KA", "Bengaluru", "Asia/Kolkata", "en-IN", 1.6),
        ("NP", "NP-P3", "Kathmandu", "Asia/Kathmandu", "ne-NP", 0.2),
        ("SG", "", "Singapore", "Asia/Singapore", "en-SG", 0.8),
        ("ZA", "ZA-WC", "Cape Town", "Africa/Johannesburg", "en-ZA", 0.7),
    )
)
FAR = frozenset({"BR", "MX", "AU", "JP", "IN", "NP", "SG", "ZA"})  # far from the site's servers

# device_type, os, os_version, browser, browser_version, screen, viewport, weight
DEVICES = (
    ("desktop", "Windows", "10+", "Chrome", "142", "1920x1080", "1903x953", 15),
    ("desktop", "Windows", "10+", "Chrome", "141", "1536x864", "1519x730", 7),
    ("desktop", "Windows", "10+", "Edge", "142", "1920x1080", "1903x943", 6),
    ("desktop", "Windows", "10+", "Firefox", "144", "2560x1440", "2543x1300", 3),
    ("desktop", "macOS", "10.15+", "Safari", "26.1", "1512x982", "1512x860", 8),
    ("desktop", "macOS", "10.15+", "Chrome", "142", "1440x900", "1440x789", 6),
    ("desktop", "macOS", "10.15+", "Firefox", "144", "1728x1117", "1728x990", 1.6),
    ("desktop", "Linux", "", "Firefox", "144", "1920x1080", "1920x967", 1.6),
    ("desktop", "Linux", "", "Chrome", "142", "2560x1440", "2560x1329", 1.2),
    ("desktop", "Chrome OS", "", "Chrome", "142", "1366x768", "1366x641", 0.8),
    ("mobile", "iOS", "26.1", "Safari", "26.1", "393x852", "393x659", 15),
    ("mobile", "iOS", "18.6", "Safari", "18.6", "390x844", "390x664", 6),
    ("mobile", "iOS", "26", "Chrome", "142", "430x932", "430x746", 2.4),
    ("mobile", "iOS", "26.1", "Instagram", "405", "393x852", "393x700", 2.0),
    ("mobile", "Android", "10+", "Chrome", "142", "412x915", "412x785", 13),
    ("mobile", "Android", "10+", "Chrome", "141", "360x800", "360x668", 5),
    ("mobile", "Android", "15", "Samsung Internet", "29", "360x780", "360x640", 3.2),
    ("mobile", "Android", "14", "Firefox", "144", "412x892", "412x760", 1.0),
    ("tablet", "iOS", "26", "Safari", "26", "820x1180", "820x1106", 2.4),
    ("tablet", "Android", "14", "Chrome", "142", "800x1280", "800x1164", 0.9),
    ("tv", "Tizen", "6", "Samsung Internet", "5", "1920x1080", "1920x1080", 0.1),
)
FIELDS = ("device_type", "os", "os_version", "browser", "browser_version", "screen_resolution", "viewport_size")
PROFILES = Pick(
    ({**dict(zip(FIELDS, row, strict=False)), "is_mobile": row[0] in ("mobile", "tablet")}, float(row[7]))
    for row in DEVICES
)


class Person:
    __slots__ = ("device", "free_at", "geo", "key", "known_device", "place", "user", "user_id", "variant")

    def __init__(self, rng: Random, place: Place, geo: Part, known_device: bool) -> None:
        self.key = f"{rng.getrandbits(64):016x}"
        self.place, self.geo = place, geo
        self.device: Part = {**PROFILES(rng), "language": place.language}
        if known_device:
            self.device["device_id"] = f"d-{self.key}"
        self.known_device = known_device
        self.user_id = ""
        self.user: Part | None = None
        self.variant = VARIANTS[rng.random() < 0.5]
        self.free_at = 0

    def sign_up(self, segment: str) -> None:
        self.user_id = f"u-{self.key[:12]}"
        self.user = {"user_id": self.user_id, "is_authenticated": True, "user_segment": segment}


class Population:
    """Everybody who may come back. Bounded, however long the history: the oldest are forgotten."""

    def __init__(self, rng: Random, earlier_users: int) -> None:
        self._rng = rng
        self._geos: dict[Place, Part] = {
            place: {"country": place.country, "region": place.region, "city": place.city, "timezone": place.timezone}
            for place in PLACES
        }
        everywhere = Pick((place, place.weight) for place in PLACES)
        self.users = [self._earlier_user(everywhere(rng)) for _ in range(earlier_users)]
        self.recent: list[Person] = []

    def _earlier_user(self, place: Place) -> Person:
        person = Person(self._rng, place, self._geos[place], known_device=True)
        person.sign_up("pro" if self._rng.random() < 0.3 else "free")
        return person

    def new(self, place: Place) -> Person:
        person = Person(self._rng, place, self._geos[place], self._rng.random() < CONSENT)
        remember(self.recent, person, RECENT)
        return person

    def add_user(self, person: Person) -> None:
        remember(self.users, person, KNOWN)

    def known(self, now: int) -> Person | None:
        """A user who comes back; who joined lately does so more often."""
        return self._pick(self.users, len(self.users) * 0.45, now)

    def seen(self, now: int, per_day: float) -> Person | None:
        """Somebody who was here in the last hours, or on the days before."""
        scale = per_day * (0.25 if self._rng.random() < 0.5 else 4.0)
        return self._pick(self.recent, scale, now)

    def _pick(self, people: list[Person], scale: float, now: int) -> Person | None:
        for _ in range(2):
            back = int(self._rng.expovariate(1.0) * scale) + 1
            if back <= len(people):
                person = people[-back]
                if person.free_at <= now:
                    return person
        return None


def remember(people: list[Person], person: Person, most: int) -> None:
    people.append(person)
    if len(people) > 2 * most:
        del people[:most]
