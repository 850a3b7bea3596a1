"""Engaged time and scroll depth: what the page_exit events of a page view add up to."""

import pytest

from tests.tracker.conftest import document

pytestmark = pytest.mark.browser

SLACK = 200  # ms


@pytest.fixture
def long_page(host):
    host.files["/long.css"] = "html, body { margin: 0 } #tall { height: 4000px } #tall.taller { height: 8000px }"
    host.pages["/long"] = document(host, "Long", '<link rel="stylesheet" href="/long.css"><div id="tall"></div>')


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
    attended, lasted = page.evaluate("[attended(), performance.now()]")
    page.wait_for_timeout(500)  # another tab
    attention(True, True)
    page.wait_for_timeout(300)
    attended_in_all, lasted_in_all = page.evaluate(
        "history.pushState({}, '', '/next'); [attended(), performance.now()]"
    )
    first, second = exits(host, 2)
    assert first["exit_type"] == "close"
    assert second["exit_type"] == "navigation"
    # The page's own clock runs from before the tracker was there.
    assert attended - SLACK < first["engaged_ms"] <= attended
    assert second["engaged_ms"] == pytest.approx(attended_in_all - attended, abs=20), "only what is new"
    assert lasted - SLACK < first["time_on_page"] <= lasted
    assert lasted_in_all - SLACK < second["time_on_page"] <= lasted_in_all, "since the page was opened"


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
    first, second = exits(host, 2)
    assert first["engaged_ms"] >= 400
    assert second["engaged_ms"] < 100 + SLACK
    assert second["time_on_page"] < 100 + SLACK


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
