"""When people come and from where: the rhythm of days and weeks, growth, campaigns and one busy day."""

from bisect import bisect
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ingestion.demo.chance import Pick, weights
from ingestion.demo.people import PLACES, Place

HOUR = 3_600_000
# Share of a day's visits by local hour, and of a week's by weekday from Monday.
DAY_CURVE = (9, 6, 4, 3, 3, 5, 11, 22, 33, 40, 43, 42, 41, 42, 41, 39, 38, 40, 46, 54, 58, 52, 36, 20)
WEEK_CURVE = (1.06, 1.08, 1.05, 1.0, 0.93, 0.86, 1.02)
GROWTH = 0.45  # more at the end than at the beginning
SPIKE_AT, SPIKE_PAGE = 0.57, "/blog/grinder-physics"


class Arrival(NamedTuple):
    name: str
    weight: float
    referrer: str
    query: str
    landing: Pick[str]
    window: tuple[float, float] = (0.0, 1.0)  # when it is on, as shares of the whole range


def arrival(name: str, weight: float, landing: str, referrer: str = "", query: str = "") -> Arrival:
    return Arrival(name, weight, referrer, query, Pick(weights(landing)))


SHOPPERS = "product 60, listing 25, home 15"
READERS = "article 72, product 12, home 10, guide 6"
EVERYDAY = (
    arrival("direct", 24, "home 56, product 11, listing 9, article 8, pricing 11, about 5"),
    arrival("google", 29, "article 44, product 24, home 18, guide 9, listing 5", "https://www.google.com/"),
    arrival("bing", 3, "product 40, home 40, article 20", "https://www.bing.com/"),
    arrival("duckduckgo", 3, "article 50, home 50", "https://duckduckgo.com/"),
    arrival("ecosia", 0.8, "article 60, home 40", "https://www.ecosia.org/"),
    arrival("yahoo", 0.7, "home 1", "https://search.yahoo.com/"),
    arrival("chatgpt", 2.4, READERS, "https://chatgpt.com/", "utm_source=chatgpt.com"),
    arrival("perplexity", 0.9, READERS, "https://www.perplexity.ai/"),
    arrival("claude", 0.5, READERS, "https://claude.ai/"),
    arrival("instagram", 4, SHOPPERS, "https://l.instagram.com/"),
    arrival("facebook", 2.6, READERS, "https://m.facebook.com/"),
    arrival("pinterest", 1.7, SHOPPERS, "https://www.pinterest.com/"),
    arrival("x", 1.6, READERS, "https://t.co/"),
    arrival("reddit", 2.4, READERS, "https://www.reddit.com/r/coffee/"),
    arrival("linkedin", 0.6, "about 50, article 50", "https://www.linkedin.com/"),
    arrival("youtube", 2.2, SHOPPERS, "https://www.youtube.com/"),
    arrival("tiktok", 1.3, SHOPPERS, "https://www.tiktok.com/"),
    arrival("review", 1.6, "product 80, home 20", "https://www.homebarista.example/reviews/grinders"),
    arrival("magazine", 1.1, READERS, "https://dailygrind.example/best-beans"),
    arrival("gmail", 0.6, "product 50, home 50", "android-app://com.google.android.gm/"),
    arrival("brand-ads", 3.6, "home 55, product 45", "https://www.google.com/",
            "utm_source=google&utm_medium=cpc&utm_campaign=brand&utm_term=tidewater+coffee&gclid=demo"),
    arrival("affiliate", 1.0, SHOPPERS, "https://www.homebarista.example/",
            "utm_source=homebarista&utm_medium=affiliate&utm_campaign=partners"),
)  # fmt: skip
NEWSLETTER = arrival("newsletter", 9, "article 45, product 40, home 15", "",
                     "utm_source=newsletter&utm_medium=email&utm_campaign=weekly-letter")  # fmt: skip
SALE, CLUB = (0.28, 0.40), (0.66, 0.84)
CAMPAIGNS = tuple(
    item._replace(window=window)
    for window, item in (
        (SALE, arrival("sale-meta-a", 5, SHOPPERS, "https://m.facebook.com/",
            "utm_source=facebook&utm_medium=paid_social&utm_campaign=harvest-sale&utm_content=video&fbclid=demo")),
        (SALE, arrival("sale-meta-b", 4, SHOPPERS, "https://l.instagram.com/",
            "utm_source=instagram&utm_medium=paid_social&utm_campaign=harvest-sale&utm_content=carousel&fbclid=demo")),
        (SALE, arrival("sale-search", 6, SHOPPERS, "https://www.google.com/",
            "utm_source=google&utm_medium=cpc&utm_campaign=harvest-sale&utm_term=coffee+grinder&gclid=demo")),
        (SALE, arrival("sale-mail", 4, SHOPPERS, "",
            "utm_source=newsletter&utm_medium=email&utm_campaign=harvest-sale")),
        (SALE, arrival("sale-banner", 2, SHOPPERS, "https://dailygrind.example/",
            "utm_source=dailygrind&utm_medium=display&utm_campaign=harvest-sale&utm_content=leaderboard")),
        (CLUB, arrival("club-youtube", 3, "pricing 90, home 10", "https://www.youtube.com/",
            "utm_source=youtube&utm_medium=cpv&utm_campaign=brew-log-launch&utm_content=preroll")),
        (CLUB, arrival("club-instagram", 5, "pricing 80, home 20", "https://l.instagram.com/",
            "utm_source=instagram&utm_medium=paid_social&utm_campaign=brew-log-launch&utm_content=story")),
        (CLUB, arrival("club-bing", 2, "pricing 100", "https://www.bing.com/",
            "utm_source=bing&utm_medium=cpc&utm_campaign=brew-log-launch&msclkid=demo")),
    )
)  # fmt: skip
SPIKE = (
    arrival("hackernews", 100, "spike 1", "https://news.ycombinator.com/"),
    arrival("hn-reddit", 22, "spike 1", "https://www.reddit.com/r/espresso/"),
)
BY_NAME = {item.name: item for item in (*EVERYDAY, NEWSLETTER)}
USER_ARRIVALS = Pick(
    [(BY_NAME["direct"], 60.0), (BY_NAME["google"], 18.0), (NEWSLETTER, 14.0), (BY_NAME["gmail"], 8.0)]
)


def extra_of(share: float, day: int, spike_day: int) -> list[tuple[Arrival, float]]:
    """What comes on top of the everyday mix on one day."""
    extra = [(item, item.weight) for item in CAMPAIGNS if item.window[0] <= share < item.window[1]]
    fading = {0: 1.6, 1: 0.35, 2: 0.08}.get(day - spike_day, 0.0)
    return extra + [(item, item.weight * fading) for item in SPIKE if fading]


class Rhythm:
    """The visits of the whole range as a rate per hour; each place wakes and sleeps in its own time zone."""

    def __init__(self, until: datetime, days: int) -> None:
        self.start = until - timedelta(days=days)
        self.start_ms = round(self.start.timestamp() * 1000)
        self.days = days
        self._spike_day = int(days * SPIKE_AT)
        self._zones = {place.timezone: ZoneInfo(place.timezone) for place in PLACES}
        self._places: dict[tuple[int, ...], Pick[Place]] = {}
        self._mixes: list[Pick[Arrival]] = []
        self._picks: list[Pick[Place]] = []
        rates = [rate for day in range(days) for rate in self._day(day)]
        self._bounds = list(accumulate(rates))

    def _day(self, day: int) -> list[float]:
        noon = self.start + timedelta(days=day, hours=12)
        share = day / self.days
        letter = [(NEWSLETTER, NEWSLETTER.weight)] if noon.weekday() == 1 else [(NEWSLETTER, 0.7)]
        everyday = [(item, item.weight) for item in EVERYDAY]
        mix = Pick(everyday + letter + extra_of(share, day, self._spike_day))
        self._mixes.append(mix)
        offsets = [
            int((noon.astimezone(zone).utcoffset() or timedelta()).total_seconds()) for zone in self._zones.values()
        ]
        usual = sum(weight for _, weight in everyday)
        busy = (1 + GROWTH * share) * mix.total / usual
        return [busy * self._hour(noon + timedelta(hours=hour - 12), offsets) for hour in range(24)]

    def _hour(self, moment: datetime, offsets: list[int]) -> float:
        """The rate of one hour; remembers whom that hour brings."""
        middle = int(moment.timestamp()) + 1800
        local = tuple((middle + offset) // 3600 % 168 for offset in offsets)
        if local not in self._places:
            hours = dict(zip(self._zones, local, strict=True))
            self._places[local] = Pick((place, place.weight * activity(hours[place.timezone])) for place in PLACES)
        pick = self._places[local]
        self._picks.append(pick)
        return pick.total

    def moment(self, share: float) -> tuple[int, int]:
        """Of a share of all visits: the millisecond by which so many came, and the number of its hour."""
        target = share * self._bounds[-1]
        hour = min(bisect(self._bounds, target), len(self._bounds) - 1)
        before = self._bounds[hour - 1] if hour else 0.0
        inside = (target - before) / (self._bounds[hour] - before)
        return self.start_ms + hour * HOUR + min(int(inside * HOUR), HOUR - 1), hour

    def place(self, hour: int, rng: Random) -> Place:
        return self._picks[hour](rng)

    def arrival(self, hour: int, rng: Random) -> Arrival:
        return self._mixes[hour // 24](rng)


def activity(hour_of_week: int) -> float:
    """1970 began on a Thursday."""
    return DAY_CURVE[hour_of_week % 24] * WEEK_CURVE[(hour_of_week // 24 + 3) % 7]


def awake(place: Place, now_ms: int, rng: Random) -> bool:
    """Whether a person would be up and about now."""
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(place.timezone))
    return rng.random() * max(DAY_CURVE) < DAY_CURVE[local.hour]
