import pytest

from ingestion.enrich.channels import CHANNELS, get_channel
from ingestion.enrich.known_sources import HOSTS
from ingestion.enrich.sources import Acquisition, get_acquisition, known_host, registrable_domain

SITE = "https://shop.example.com/landing"
OWN = ("example.com", "example-shop.de")

# query, referrer -> source, medium, channel
VISITS = [
    ("", "", "Direct / None", "(none)", "Direct"),
    ("", "https://www.google.com/", "Google", "organic", "Organic Search"),
    ("", "https://www.google.co.uk/search?q=secret", "Google", "organic", "Organic Search"),
    ("", "https://docs.google.com/document/d/1", "docs.google.com", "referral", "Referral"),
    ("", "https://mail.google.com/", "Gmail", "email", "Email"),
    ("", "https://news.google.com/", "Google News", "organic", "Organic Search"),
    ("", "https://cn.bing.com/", "Bing", "organic", "Organic Search"),
    ("", "https://duckduckgo.com/", "DuckDuckGo", "organic", "Organic Search"),
    ("", "https://r.search.yahoo.com/x", "Yahoo", "organic", "Organic Search"),
    ("", "https://yandex.ru/", "Yandex", "organic", "Organic Search"),
    ("", "https://l.facebook.com/l.php?u=x", "Facebook", "referral", "Organic Social"),
    ("", "https://t.co/abc", "X", "referral", "Organic Social"),
    ("", "https://out.reddit.com/", "Reddit", "referral", "Organic Social"),
    ("", "https://uk.pinterest.com/", "Pinterest", "referral", "Organic Social"),
    ("", "https://news.ycombinator.com/item?id=1", "Hacker News", "referral", "Organic Social"),
    ("", "https://m.youtube.com/watch", "YouTube", "referral", "Organic Video"),
    ("", "https://www.amazon.de/dp/1", "Amazon", "referral", "Organic Shopping"),
    ("", "https://chatgpt.com/", "ChatGPT", "ai-assistant", "AI Assistant"),
    ("", "https://www.perplexity.ai/search/x", "Perplexity", "ai-assistant", "AI Assistant"),
    ("", "https://gemini.google.com/app", "Gemini", "ai-assistant", "AI Assistant"),
    ("", "android-app://com.google.android.gm/", "Gmail", "email", "Email"),
    ("", "android-app://com.google.android.googlequicksearchbox/", "Google", "organic", "Organic Search"),
    ("", "android-app://com.unknown.reader", "com.unknown.reader", "referral", "Referral"),
    ("", "https://www.nytimes.com/2026/a.html", "nytimes.com", "referral", "Referral"),
    ("", "https://10.0.0.1/x", "10.0.0.1", "referral", "Referral"),
    ("", "https://www.example.com/other", "Direct / None", "(none)", "Direct"),
    ("", "https://example-shop.de/", "Direct / None", "(none)", "Direct"),
    ("", "no address", "Direct / None", "(none)", "Direct"),
    ("", "http://[broken", "Direct / None", "(none)", "Direct"),
    ("utm_source=chatgpt.com", "", "ChatGPT", "ai-assistant", "AI Assistant"),
    ("utm_source=newsletter&utm_medium=email", "", "newsletter", "email", "Email"),
    ("utm_source=newsletter", "", "newsletter", "(not set)", "Unassigned"),
    ("utm_medium=email", "", "(not set)", "email", "Email"),
    ("utm_source=fb&utm_medium=paid_social", "", "Facebook", "paid_social", "Paid Social"),
    ("utm_source=Google&utm_medium=CPC", "https://t.co/", "Google", "cpc", "Paid Search"),
    ("utm_source=google&utm_medium=cpc&utm_campaign=Shopping-DE", "", "Google", "cpc", "Paid Shopping"),
    ("utm_source=google&utm_medium=cpc&utm_campaign=x%20cross-network", "", "Google", "cpc", "Cross-network"),
    ("utm_source=partner&utm_medium=affiliate", "", "partner", "affiliate", "Affiliates"),
    ("utm_source=x&utm_medium=social", "", "X", "social", "Organic Social"),
    ("utm_source=adnet&utm_medium=banner", "", "adnet", "banner", "Display"),
    ("utm_source=adnet&utm_medium=cpc", "", "adnet", "cpc", "Paid Other"),
    ("utm_source=app&utm_medium=web-push", "", "app", "web-push", "Mobile Push Notifications"),
    ("ref=producthunt", "", "Product Hunt", "referral", "Organic Social"),
    ("ref=https://blog.acme.org/x", "", "blog.acme.org", "referral", "Referral"),
    ("source=partner-9", "", "partner-9", "referral", "Referral"),
    ("ref=header", "https://www.example.com/", "Direct / None", "(none)", "Direct"),
    ("gclid=1", "", "Google", "cpc", "Paid Search"),
    ("wbraid=1", "https://www.google.com/", "Google", "cpc", "Paid Search"),
    ("gclid=1", "https://www.youtube.com/", "YouTube", "cpc", "Paid Video"),
    ("gclid=1", "https://some.news/", "Google", "cpc", "Paid Search"),
    ("msclkid=1", "", "Bing", "cpc", "Paid Search"),
    ("fbclid=1", "https://l.instagram.com/", "Instagram", "cpc", "Paid Social"),
    ("fbclid=1", "", "Facebook", "cpc", "Paid Social"),
    ("ttclid=1", "", "TikTok", "cpc", "Paid Video"),
    ("twclid=1", "", "X", "cpc", "Paid Social"),
    ("li_fat_id=1", "", "LinkedIn", "cpc", "Paid Social"),
    ("utm_source=google&gclid=1", "", "Google", "cpc", "Paid Search"),
    ("utm_source=mary%40example.com", "", "Direct / None", "(none)", "Direct"),
]


@pytest.mark.parametrize(("query", "referrer", "source", "medium", "channel"), VISITS)
def test_acquisition(query: str, referrer: str, source: str, medium: str, channel: str) -> None:
    found = get_acquisition(f"{SITE}?{query}" if query else SITE, referrer, OWN)
    assert (found.source, found.medium, found.channel) == (source, medium, channel)


def test_all_of_one_visit() -> None:
    query = "utm_source=fb&utm_medium=Paid&utm_campaign=May&utm_term=a+b&utm_content=c%20d&fbclid=secret"
    assert get_acquisition(f"{SITE}?{query}", "https://u:p@m.facebook.com/groups/1?token=x#y") == Acquisition(
        "https://m.facebook.com/groups/1",
        "Facebook",
        "paid",
        "Paid Social",
        "fb",
        "Paid",
        "May",
        "a b",
        "c d",
        "fbclid",
    )


def test_parameters_sent_beside_the_url() -> None:
    found = get_acquisition(f"{SITE}?utm_campaign=url", "", OWN, ("google", "cpc", "beside"))
    assert (found.source, found.channel, found.utm_source, found.utm_campaign) == (
        "Google",
        "Paid Search",
        "google",
        "url",
    )


def test_the_referrer_is_cut() -> None:
    assert len(get_acquisition(SITE, "https://a.org/" + "x" * 5000).referrer) == 500


def test_every_known_host_is_found() -> None:
    for host, known in HOSTS.items():
        assert known_host(host.lstrip("=").replace(".*", ".com")) == known, host


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("a.b.example.co.uk", "example.co.uk"),
        ("alice.github.io", "alice.github.io"),
        ("www.demo.example", "demo.example"),
        ("localhost", "localhost"),
        ("10.1.2.3", "10.1.2.3"),
    ],
)
def test_registrable_domain(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain


# GA4's own rules, one by one and where two of them meet.
@pytest.mark.parametrize(
    ("source", "medium", "campaign", "channel"),
    [
        ("(direct)", "(none)", "", "Direct"),
        ("(direct)", "(not set)", "", "Direct"),
        ("google", "cpc", "cross-network", "Cross-network"),
        ("amazon", "ppc", "", "Paid Shopping"),
        ("adnet", "retargeting", "shop-window", "Paid Shopping"),
        ("google", "cpm", "", "Paid Search"),
        ("bing", "paidsearch", "", "Paid Search"),
        ("facebook", "ppc", "", "Paid Social"),
        ("youtube", "cpv", "", "Paid Video"),
        ("youtube", "paid", "", "Paid Video"),
        ("adnet", "cpm", "", "Display"),
        ("adnet", "ecpc", "", "Paid Other"),
        ("x", "referral", "workshop", "Organic Social"),
        ("mag", "referral", "shopping", "Organic Shopping"),
        ("mag", "referral", "bishop", "Referral"),
        ("mag", "referral", "eshop", "Organic Shopping"),
        ("mag", "sm", "", "Organic Social"),
        ("mag", "online-video", "", "Organic Video"),
        ("mag", "organic", "", "Organic Search"),
        ("mag", "ai-assistant", "", "AI Assistant"),
        ("e-mail", "x", "", "Email"),
        ("mag", "E_Mail", "", "Email"),
        ("mag", "link", "", "Referral"),
        ("spotify", "audio", "", "Audio"),
        ("sms", "x", "", "SMS"),
        ("firebase", "x", "", "Mobile Push Notifications"),
        ("mag", "in-app notification", "", "Mobile Push Notifications"),
        ("mag", "qr", "", "Unassigned"),
    ],
)
def test_channel(source: str, medium: str, campaign: str, channel: str) -> None:
    assert get_channel(source, medium, campaign) == channel
    assert channel in CHANNELS


def test_the_published_order() -> None:
    assert CHANNELS[:4] == ("Direct", "Cross-network", "Paid Shopping", "Paid Search")
    assert CHANNELS[-1] == "Unassigned"
    assert len(CHANNELS) == 20
