"""Panels and addresses, by the front door; their figures are the query core's, which tests/queries checks."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dashboards.headline import change_of
from dashboards.names import compact, display, duration, write
from dashboards.state import parse_clause, write_clause

pytestmark = pytest.mark.django_db
HOSTILE = "<img src=x onerror=alert(1)>\"'{{7*7}}</script>"


@pytest.fixture
def panel(client_in, site):
    def get(name, query=""):
        answer = client_in.get(f"/sites/{site.pk}/executive/{name}?{query}")
        assert answer.status_code == 200
        return answer.content.decode()

    return get


def test_empty_states_say_what_to_do(panel, site, client_in):
    assert "No event has arrived yet" in client_in.get(f"/sites/{site.pk}/executive").content.decode()
    assert "No event has arrived yet" in panel("panels/pages")
    assert "Nothing matches these filters" in panel("panels/pages", "f=is,country,DE")
    assert "Quiet at the moment" in client_in.get(f"/sites/{site.pk}/live/now").content.decode()
    assert "Nobody in the last 24 hours" in client_in.get(f"/sites/{site.pk}/sparkline").content.decode()


def test_a_store_that_is_away_is_told_in_each_panel(panel, monkeypatch):
    from analytics.clickhouse import client

    def away(*args, **options):
        raise client.StoreError("away")

    with monkeypatch.context() as broken:
        broken.setattr(client, "read", away)
        for name in ("panels/headline", "panels/series", "panels/pages", "panels/places", "details/path"):
            text = panel(name)
            assert "could not be loaded" in text and "Try again" in text


def test_figures_and_changes(panel, site, insert_events):
    now = datetime.now(UTC)
    rows = [
        {"timestamp": now - timedelta(hours=1, minutes=i), "visitor_id": i, "person_id": i, "session_id": i}
        for i in range(1, 4)
    ]
    rows += [{"timestamp": now - timedelta(days=28, hours=2), "visitor_id": 9, "person_id": 9, "session_id": 9}]
    insert_events(site, rows)
    text = panel("panels/headline")
    tile = re.search(r"Visitors.*?</a>", text, re.DOTALL)[0]
    assert ">3<" in tile and "delta-up delta-good" in tile and "200%" in tile and "from 1" in tile
    assert "delta" not in re.search(r"Visitors.*?</a>", panel("panels/headline", "compare="), re.DOTALL)[0]


@pytest.mark.parametrize(("current", "told"), [
    ("http://testserver/sites/1/executive?period=7d", "/sites/1/executive?period=7d&open=pages%3Aexit_page"),
    ("http://testserver/share/abc", "/share/abc?open=pages%3Aexit_page"),
    ("http://testserver/x?open=pages:path&open=sources:channel", "/x?open=sources%3Achannel&open=pages%3Aexit_page"),
    ("//evil.example//x", None), ("", None), ("javascript:alert(1)", None), ("http://testserver//evil.example/", None),
])  # fmt: skip
def test_a_tab_stands_in_the_address(client_in, site, current, told):
    asked = {"HX-Request": "true", "HX-Current-URL": current}
    answer = client_in.get(f"/sites/{site.pk}/executive/panels/pages?tab=exit_page", headers=asked)
    assert answer.headers.get("HX-Replace-Url") == told
    assert re.search(r'aria-current="true">Exit<', answer.content.decode())


def test_an_address_opens_tabs(client_in, site):
    base = f"/sites/{site.pk}/executive"
    assert "open=pages%3Aexit_page" in client_in.get(f"{base}?open=pages:exit_page").content.decode()
    for open_, tab, shown in (
        ("pages:exit_page", "", "Exit"), ("pages:exit_page", "&tab=entry_page", "Entry"), ("sources:channel", "", "Top"),
        ("pages:exit_page", "&tab=path", "Top"), ("pages:<script>", "", "Top"), ("pages", "", "Top"),
    ):  # fmt: skip
        text = client_in.get(f"{base}/panels/pages?open={open_}{tab}").content.decode()
        assert re.findall(r'aria-current="true">(\w+)<', text) == [shown], (open_, tab)
    marketing = client_in.get(f"/sites/{site.pk}/marketing/panels/attribution?open=attribution:source").content.decode()
    assert re.findall(r'aria-current="true">(\w+)<', marketing) == ["Source"]


@pytest.mark.parametrize("query", [
    "period=nonsense", "period=custom&from=2026-02-30&to=x", "period=custom", "f=is", "f=is,nonsense,x", "f=drop,path,/",
    "f=is,props.a'b,x", "interval=year", "metric=evil", "compare=never", "sort=x&page=-1", "tab=nope", "f=" + "is,path,a|" * 300,
])  # fmt: skip
def test_addresses_that_were_cut_or_edited_still_show_a_page(panel, client_in, site, query):
    assert client_in.get(f"/sites/{site.pk}/executive?{query}").status_code == 200
    for name in ("panels/headline", "panels/series", "panels/pages", "panels/places", "details/path"):
        panel(name, query)


def test_hostile_text_is_text(panel, client_in, site, insert_events):
    now = datetime.now(UTC)
    text = dict.fromkeys(
        ("path", "title", "source", "utm_campaign", "browser", "city", "os", "country", "referrer"), HOSTILE
    )
    insert_events(site, [{"timestamp": now, "received_at": now, "event_type": kind, "revenue": Decimal(1), **text}
                         for kind in ("page_view", HOSTILE)])  # fmt: skip
    pages = [
        panel(f"panels/{g}", f"tab={t}")
        for g, t in (
            ("pages", "path"),
            ("pages", "exit_page"),
            ("sources", "utm_campaign"),
            ("places", "map"),
            ("places", "city"),
            ("technology", "os"),
        )
    ]
    pages += [panel("details/path"), panel("panels/headline", f"f=is,path,{HOSTILE}")]
    pages += [client_in.get(f"/sites/{site.pk}/live/now").content.decode()]
    pages += [client_in.get(f"/sites/{site.pk}/executive?f=is,path,{HOSTILE}").content.decode()]
    for page in pages:
        assert "<img src=x" not in page


def test_rows_filter_and_release(panel, site, insert_events):
    insert_events(site, [{"timestamp": datetime.now(UTC), "path": "/a|b,c"}])
    address = re.search(r'href="(\?[^"]*)"', panel("panels/pages").split("bar-label")[1])[1].replace("&amp;", "&")
    chosen = panel("panels/pages", address[1:])
    assert "aria-current" in chosen.split("bar-label")[1] and "/a|b,c" in chosen
    assert re.search(r'href="(\?[^"]*)"', chosen.split("bar-label")[1])[1] == "?"


def test_live_is_what_happens_now(client_in, site, insert_events):
    """People of the last five minutes; an imported history arrives now, but is not live."""
    now = datetime.now(UTC)
    insert_events(site, [
        {"timestamp": now - timedelta(minutes=ago), "received_at": now - timedelta(minutes=min(ago, 9)), "person_id": n, "path": f"/{n}"}
        for n, ago in enumerate([0, 1, 4, 8, 600], 1)
    ])  # fmt: skip
    page = client_in.get(f"/sites/{site.pk}/live/now").content.decode()
    assert '<p class="live-number">3</p>' in page and "4 people and 4 page views" in page
    assert re.findall(r"Viewed <b>(/\d)</b>", page) == ["/1", "/2", "/3", "/4"]


def test_clauses_go_there_and_back():
    for clause in (("is", "path", ("/a|b", "c,d")), ("contains", "title", ("ä\\",)), ("set", "country", ("",))):
        assert parse_clause(write_clause(clause)) == clause


def test_numbers_read_well():
    assert [compact(n) for n in (0, 999, 1000, 1234, 99_949, 123_456, 1_500_000)] == [
        "0",
        "999",
        "1k",
        "1.2k",
        "99.9k",
        "123k",
        "1.5M",
    ]
    assert [duration(s) for s in (0, 59.6, 61, 3700)] == ["0s", "1m 00s", "1m 01s", "1h 01m"]
    assert [write("bounce_rate", v) for v in (None, 0, 3.21, 45.6)] == ["–", "0%", "3.2%", "46%"]
    assert display("country", "DE") == "Germany" and display("language", "pt-BR") == "Portuguese (Brazil)"
    assert change_of("bounce_rate", 30.0, 40.0) == ("10 pts", "down", "good")
    assert change_of("conversion_rate", 3.5, 3.1) == ("0.4 pts", "up", "good"), "as many decimals as the figure"
    assert change_of("conversion_rate", 3.52, 3.5)[:2] == ("0 pts", "same")
    assert change_of("visitors", 5, 0) == ("new", "up", "good") and change_of("visitors", 0, 0) == ("", "", "")


@pytest.mark.parametrize(
    ("money", "text"), [(174.6, "174.60"), (8.0, "8"), (999.99, "1k"), (12.345, "12.35"), (14_000.5, "14k"), (0.0, "0")]
)
def test_money_has_two_decimals_or_none(money, text):
    assert write("revenue", money, "EUR") == f"EUR {text}"
