import pytest

from ingestion.enrich.urls import CleanUrl, clean_referrer, clean_url


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://WWW.Example.com", CleanUrl("www.example.com", "/", "https://www.example.com/")),
        ("http://a.org:8080/A%20b/?x=1", CleanUrl("a.org", "/A%20b/", "http://a.org:8080/A%20b/")),
        ("https://u:p@a.org/x#part", CleanUrl("a.org", "/x", "https://a.org/x")),
        ("https://a.org/#/settings?token=1", CleanUrl("a.org", "/#/settings", "https://a.org/#/settings")),
        ("https://a.org/app#!/x", CleanUrl("a.org", "/app#!/x", "https://a.org/app#!/x")),
        (
            "https://a.org/?utm_source=x&token=1&page=2&gclid=3&q=secret&utm_term=a+b",
            CleanUrl("a.org", "/", "https://a.org/?utm_source=x&page=2&utm_term=a+b"),
        ),
        ("https://a.org/?ref=me%40b.org&source=me@b.org", CleanUrl("a.org", "/", "https://a.org/")),
        ("https://[2001:db8::1]:8443/x", CleanUrl("[2001:db8::1]", "/x", "https://[2001:db8::1]:8443/x")),
        ("https://a.org./", CleanUrl("a.org", "/", "https://a.org/")),
        ("/relative", CleanUrl("", "", "")),
        ("javascript:alert(1)", CleanUrl("", "", "")),
        ("https://[broken", CleanUrl("", "", "")),
        ("https://", CleanUrl("", "", "")),
        ("", CleanUrl("", "", "")),
    ],
)
def test_clean_url(url: str, clean: CleanUrl) -> None:
    assert clean_url(url) == clean


def test_lengths_are_capped() -> None:
    hostname, path, url = clean_url("https://a.org/" + "x" * 5000)
    assert (hostname, len(path), len(url)) == ("a.org", 1024, 2048)


@pytest.mark.parametrize(
    ("referrer", "clean"),
    [
        ("https://u:p@A.org/x?q=secret#y", "https://a.org/x"),
        ("android-app://com.google.android.gm/", "android-app://com.google.android.gm/"),
        ("javascript://a.org/%0aalert(1)", ""),
        ("about:blank", ""),
        ("", ""),
    ],
)
def test_clean_referrer(referrer: str, clean: str) -> None:
    assert clean_referrer(referrer) == clean
