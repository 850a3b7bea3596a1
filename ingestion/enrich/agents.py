"""Browser, operating system and kind of device of a user-agent string, by the names that people know."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ingestion.enrich.bots import is_bot_agent

if TYPE_CHECKING:
    from ua_parser import Parser


@dataclass(frozen=True, slots=True)
class Agent:
    browser: str = ""
    browser_version: str = ""  # major, and minor where it is not 0
    os: str = ""
    os_version: str = ""  # "10+" where the browser hides which version after 10 it is
    device_type: str = ""  # desktop, mobile, tablet, tv, console, bot or ""
    is_mobile: bool = False


BROWSERS = {
    "Other": "",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari (in-app)",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "Android WebView",
    "HeadlessChrome": "Chrome Headless",
    "Edge Mobile": "Edge",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Firefox (Focus)": "Firefox Focus",
    "Opera Mobile": "Opera",
    "Opera Mini": "Opera Mini",
    "Opera Touch": "Opera",
    "Opera GX": "Opera",
    "IE": "Internet Explorer",
    "IE Mobile": "Internet Explorer",
    "DuckDuckGo Mobile": "DuckDuckGo",
    "Yandex Browser": "Yandex",
    "UC Browser": "UC Browser",
    "Google": "Google app",
}
# Brands of the Sec-CH-UA header whose user agent says Chrome and nothing else.
BRANDS = {
    "Brave": "Brave",
    "DuckDuckGo": "DuckDuckGo",
    "Vivaldi": "Vivaldi",
    "Opera": "Opera",
    "Microsoft Edge": "Edge",
}
SYSTEMS = {"Other": "", "Mac OS X": "macOS", "Web0S": "webOS", "ATV OS X": "tvOS", "Chromecast": "Chromecast"}
LINUXES = frozenset(
    "Ubuntu,Kubuntu,Debian,Fedora,Mint,Linux Mint,SUSE,openSUSE,Slackware,Gentoo,CentOS,Mageia,PCLinuxOS,Mandriva,Arch,"
    "Arch Linux,Red Hat,RedHat,Raspbian".split(",")
)
# Versions that browsers froze for everybody's privacy: they mean this one or any later one.
FROZEN = {("Windows", "10"): "10+", ("macOS", "10.15"): "10.15+"}
FROZEN_ANDROID = re.compile(r"Android 10; K\)")
NO_VERSION = frozenset({"Linux", "Chrome OS", "webOS"})

DEVICES = (
    ("console", re.compile(r"playstation|xbox|nintendo", re.I)),
    (
        "tv",
        re.compile(
            r"smart-?tv|googletv|apple ?tv|hbbtv|web0s|netcast|\baft[a-z]{1,4}\b|bravia|roku|crkey|viera"
            r"|android ?tv|\btv\b|tvos",
            re.I,
        ),
    ),
    ("tablet", re.compile(r"ipad|tablet(?! pc)|kindle|playbook|silk(?!.*mobile)|android(?!.*mobi)", re.I)),
    ("mobile", re.compile(r"mobi|iphone|ipod|android|windows phone|blackberry|opera mini|kaios|symbian", re.I)),
    ("desktop", re.compile(r"windows|macintosh|mac os x|x11|cros|linux", re.I)),
)


@lru_cache(1)
def get_parser() -> "Parser":
    """A third of a second, which only the processes spend that read user agents."""
    from ua_parser import Parser, load_builtins
    from ua_parser.regex import Resolver

    return Parser(Resolver(load_builtins()))


def short_version(found: Any) -> str:
    if found is None or not found.major:
        return ""
    return f"{found.major}.{found.minor}" if found.minor and found.minor != "0" else str(found.major)


def device_type_of(user_agent: str) -> str:
    if is_bot_agent(user_agent):
        return "bot"
    return next((name for name, pattern in DEVICES if pattern.search(user_agent)), "")


def system_of(found: Any, user_agent: str) -> tuple[str, str]:
    if found is None:
        return "", ""
    name = "Linux" if found.family in LINUXES else SYSTEMS.get(found.family, found.family)
    if name in NO_VERSION:
        return name, ""
    if name == "Android" and FROZEN_ANDROID.search(user_agent):
        return name, "10+"
    version = short_version(found)
    return name, FROZEN.get((name, version), version)


@lru_cache(maxsize=8192)
def _parse(user_agent: str, brands: str) -> Agent:
    from ua_parser import Domain

    found = get_parser()(user_agent, Domain.USER_AGENT | Domain.OS)
    family = found.user_agent.family if found.user_agent else ""
    browser = BROWSERS.get(family, family)
    if browser == "Chrome" and brands:
        browser = next((name for brand, name in BRANDS.items() if f'"{brand}"' in brands), browser)
    os, os_version = system_of(found.os, user_agent)
    device = device_type_of(user_agent)
    version = short_version(found.user_agent) if browser else ""
    return Agent(browser[:32], version[:16], os[:32], os_version[:16], device, device in ("mobile", "tablet"))


def parse_agent(user_agent: str, brands: str = "") -> Agent:
    """`brands` is the Sec-CH-UA header, where one is sent: it tells Brave and Vivaldi from Chrome."""
    return _parse(user_agent[:512], brands[:256]) if user_agent else Agent()
