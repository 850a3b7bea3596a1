"""Engaged time and scroll depth: what the page_exit events of a page view add up to."""

import datetime as dt

import pytest

from tests.tracker.conftest import document

pytestmark = pytest.mark.browser

CLOSE = 30  # ms, for clocks that are read one after the other


@pytest.fixture
def long_page(host):
    host.files["/long.css"] = "html, body { margin: 0 } #tall { height: 4000px } #tall.taller { height: 8000px }"
    host.pages["/long"] = document(host, "Long", '<link rel="stylesheet" href="/long.css"><div id="tall"></div>')


def moment(event):
    return dt.datetime.fromisoformat(event["event_timestamp"]).timestamp() * 1000


def near(value):
    return pytest.approx(value, abs=CLOSE)


def exits(host, count=1):
    return [event["event_properties"] for event in host.wait_for("page_exit", count)]


def test_time_counts_only_while_visible_and_focused(host, visit, attention):
    page = visit("/")
    page.wait_for_timeout(300)
    attention(True, False)
    page.wait_for_timeout(700)  # another window is in front
    attention(True, True)
    page.wait_for_timeout(300)
    attention(False, False)
    attended = page.evaluate("attended()")
    page.wait_for_timeout(500)  # another tab
    attention(True, True)
    page.wait_for_timeout(300)
    in_all = page.evaluate("history.pushState({}, '', '/next'); attended()")
    first, second = exits(host, 2)
    assert first["exit_type"] == "close"
    assert second["exit_type"] == "navigation"
    view, left, left_again = host.events()[:3]
    before_the_tracker = moment(view) - page.evaluate("watchedSince")
    assert first["engaged_ms"] == near(attended - before_the_tracker)
    assert second["engaged_ms"] == near(in_all - attended), "only what is new"
    assert first["time_on_page"] == near(moment(left) - moment(view))
    assert second["time_on_page"] == near(moment(left_again) - moment(view)), "since the page was opened"


def test_nothing_new_is_not_sent(host, visit, attention):
    page = visit("/")
    page.wait_for_timeout(100)
    attention(False, False)
    attention(True, False)
    attention(False, False)
    page.close(run_before_unload=True)
    host.wait_for("page_exit")
    page.context.new_page().wait_for_timeout(300)
    assert host.kinds() == ["page_view", "page_exit"]


def test_a_page_that_was_never_seen(host, visit, page):
    page.add_init_script("Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })")
    visit("/").goto("about:blank")
    [leave] = exits(host)
    assert leave["engaged_ms"] == 0


def test_engagement_starts_anew_with_a_route(host, visit):
    page = visit("/")
    page.wait_for_timeout(400)
    page.evaluate("history.pushState({}, '', '/a')")
    page.wait_for_timeout(100)
    page.evaluate("history.pushState({}, '', '/b')")
    exits(host, 2)
    assert host.kinds()[:5] == ["page_view", "page_exit", "route_change", "page_view", "page_exit"]
    opened, left, _, opened_again, left_again = host.events()[:5]
    for view, leave in ((opened, left), (opened_again, left_again)):
        assert leave["event_properties"]["time_on_page"] == near(moment(leave) - moment(view))
        assert leave["event_properties"]["engaged_ms"] == near(moment(leave) - moment(view))


def test_a_page_that_fits_is_seen_whole(host, visit):
    visit("/").goto("about:blank")
    assert exits(host)[0]["scroll_depth"] == 100


def test_scroll_depth_is_the_deepest(host, visit, long_page):
    page = visit("/long")
    page.evaluate("scrollTo(0, 1200)")
    page.wait_for_timeout(100)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(100)
    page.goto("about:blank")
    assert exits(host)[0]["scroll_depth"] == 50


def test_scroll_depth_of_a_page_that_grew(host, visit, long_page):
    page = visit("/long")
    page.evaluate("scrollTo(0, 3200)")
    page.wait_for_timeout(100)
    page.evaluate("document.getElementById('tall').className = 'taller'")
    page.goto("about:blank")
    assert exits(host)[0]["scroll_depth"] == 50


def test_scroll_depth_of_a_route_does_not_inherit(host, visit, long_page):
    page = visit("/long")
    page.evaluate("scrollTo(0, 3200)")
    page.wait_for_timeout(100)
    page.evaluate("history.pushState({}, '', '/longer'); scrollTo(0, 0)")
    page.wait_for_timeout(100)
    page.evaluate("history.pushState({}, '', '/longest')")
    assert [leave["scroll_depth"] for leave in exits(host, 2)] == [100, 20]


def test_deeper_later_is_reported(host, visit, attention, long_page):
    page = visit("/long")
    attention(False, False)
    attention(True, False)
    page.evaluate("scrollTo(0, 1200)")
    page.wait_for_timeout(100)
    attention(False, False)
    assert [leave["scroll_depth"] for leave in exits(host, 2)] == [20, 50]
