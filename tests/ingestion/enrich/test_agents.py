import pytest

from ingestion.enrich.agents import Agent, parse_agent
from ingestion.enrich.bots import bot_reason

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
SAFARI = f"{MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Safari/605.1.15"

AGENTS = [
    (SAFARI, Agent("Safari", "17.4", "macOS", "10.15+", "desktop", False)),
    (WINDOWS, Agent("Chrome", "126", "Windows", "10+", "desktop", False)),
    (f"{WINDOWS} Edg/126.0.0.0", Agent("Edge", "126", "Windows", "10+", "desktop", False)),
    (f"{WINDOWS} OPR/111.0.0.0", Agent("Opera", "111", "Windows", "10+", "desktop", False)),
    (f"{IPHONE} Version/17.4.1 Mobile/15E148 Safari/604.1", Agent("Safari", "17.4", "iOS", "17.4", "mobile", True)),
    (f"{IPHONE} FxiOS/127.0 Mobile/15E148 Safari/605.1.15", Agent("Firefox", "127", "iOS", "17.4", "mobile", True)),
    (f"{IPHONE} Mobile/15E148 Instagram 335.0.0.0", Agent("Instagram", "335", "iOS", "17.4", "mobile", True)),
    (
        "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1",
        Agent("Chrome", "126", "iOS", "16.6", "tablet", True),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36",
        Agent("Chrome", "126", "Android", "10+", "mobile", True),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 13; SM-X700) {WEBKIT} Chrome/126.0.0.0 Safari/537.36",
        Agent("Chrome", "126", "Android", "13", "tablet", True),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 13; SM-S918B) {WEBKIT} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
        Agent("Samsung Internet", "25", "Android", "13", "mobile", True),
    ),
    (
        f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/126.0.0.0 Safari/537.36",
        Agent("Chrome", "126", "Chrome OS", "", "desktop", False),
    ),
    (
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0",
        Agent("Firefox", "126", "Linux", "", "desktop", False),
    ),
    (
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        Agent("Internet Explorer", "11", "Windows", "7", "desktop", False),
    ),
    (
        f"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) {WEBKIT} 76.0.3809.146/6.0 TV Safari/537.36",
        Agent("Safari", "", "Tizen", "6", "tv", False),
    ),
    (
        "Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/13.0 Safari/605.1.15",
        Agent("Safari", "13", "", "", "console", False),
    ),
    ("", Agent()),
]


@pytest.mark.parametrize(("user_agent", "agent"), AGENTS)
def test_agent(user_agent: str, agent: Agent) -> None:
    assert parse_agent(user_agent) == agent


def test_brands_tell_brave_from_chrome() -> None:
    assert parse_agent(WINDOWS, '"Chromium";v="126", "Brave";v="126"').browser == "Brave"
    assert parse_agent(WINDOWS, '"Chromium";v="126", "Google Chrome";v="126"').browser == "Chrome"


@pytest.mark.parametrize("user_agent", ["x" * 100_000, "\x00", "Mozilla/5.0 (", "😀", "a" * 511 + "é"])
def test_no_user_agent_breaks_it(user_agent: str) -> None:
    assert isinstance(parse_agent(user_agent), Agent)
    assert isinstance(bot_reason(user_agent), str)


@pytest.mark.parametrize("user_agent", [agent for agent, _ in AGENTS if agent])
def test_browsers_are_no_bots(user_agent: str) -> None:
    assert bot_reason(user_agent) == ""


@pytest.mark.parametrize(
    ("user_agent", "reason"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot_user_agent"),
        (f"Mozilla/5.0 {WEBKIT[:-1]}; compatible; GPTBot/1.2; +https://openai.com/gptbot)", "bot_user_agent"),
        ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "bot_user_agent"),
        ("curl/8.5.0", ""),
        ("python-requests/2.32.3", ""),
        ("Go-http-client/2.0", ""),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/126.0.0.0 Safari/537.36", "headless"),
        ("Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1", "headless"),
        ("", "no_user_agent"),
        ("  ", "no_user_agent"),
    ],
)
def test_bots(user_agent: str, reason: str) -> None:
    assert bot_reason(user_agent) == reason


def test_a_browser_that_says_it_is_automated() -> None:
    assert bot_reason(SAFARI, automation=True) == "automation"


def test_bots_are_a_kind_of_device() -> None:
    assert parse_agent("curl/8.5.0").device_type == "bot"
