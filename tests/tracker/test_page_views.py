"""Page views of documents and of a single-page app's routes."""

import re

import pytest

from tests.tracker.conftest import DIST, document

pytestmark = pytest.mark.browser

UUID7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
MILLISECONDS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def test_wire_format(host, visit):
    visit("/?utm_source=mail&a=1")
    [post] = host.posts
    assert post.path == "/api/v1/events"
    assert post.content_type.startswith("text/plain")
    assert host.preflights == 0, "a preflight would double the requests"
    assert post.body["site"] == "KEY"
    assert re.fullmatch(MILLISECONDS, post.body["sent_at"])
    assert "automation" not in post.body
    [event] = post.body["events"]
    assert re.fullmatch(UUID7, event.pop("event_id"))
    assert re.fullmatch(MILLISECONDS, event.pop("event_timestamp"))
    assert 0 < event.pop("event_properties")["load_time"] < 60_000
    assert event == {
        "event_type": "page_view",
        "event_version": "1",
        "session": {"event_index": 0},
        "device": {
            "screen_resolution": event["device"]["screen_resolution"],
            "viewport_size": "1200x800",
            "language": "de-DE",
        },
        "page": {"url": host.origin + "/?utm_source=mail&a=1", "title": "One"},
        "geo": {"timezone": "Europe/Berlin"},
    }
    assert re.fullmatch(r"\d+x\d+", event["device"]["screen_resolution"])


def test_first_page_view_leaves_at_once(host, page):
    page.goto(host.origin, wait_until="load")
    host.wait_for("page_view", seconds=0.7)


def test_automation_is_told(host, context, page):
    page.add_init_script("Object.defineProperty(navigator, 'webdriver', { get: () => true })")
    page.goto(host.origin)
    host.wait_for("page_view")
    assert host.posts[0].body["automation"] is True


def test_documents(host, visit):
    page = visit("/")
    page.click("#two")
    views = host.wait_for("page_view", 2)
    assert [view["page"]["title"] for view in views] == ["One", "Two"]
    assert views[1]["page"]["referrer"] == host.origin + "/"
    assert views[1]["session"]["event_index"] == 0, "the index counts per page load"
    [leave] = host.wait_for("page_exit")
    assert leave["event_properties"]["exit_type"] == "navigation"
    assert leave["page"]["url"] == leave["event_properties"]["exit_url"] == host.origin + "/"


def test_closing_the_tab(host, visit):
    visit("/").close(run_before_unload=False)
    [leave] = host.wait_for("page_exit")
    assert leave["event_properties"]["exit_type"] == "close"


def test_pushed_route(host, visit):
    page = visit("/")
    page.evaluate("history.pushState({}, '', '/list?p=2'); document.title = 'List'")
    host.wait_for("page_view", 2)
    assert host.kinds() == ["page_view", "page_exit", "route_change", "page_view"]
    _, leave, change, view = host.events()
    assert [event["session"]["event_index"] for event in host.events()] == [0, 1, 2, 3]
    assert leave["page"]["url"] == host.origin + "/"
    assert leave["page"]["title"] == "One"
    assert leave["event_properties"]["exit_type"] == "navigation"
    assert change["event_properties"] == {"from_route": "/", "to_route": "/list?p=2", "navigation_type": "push"}
    assert view["page"] == {"url": host.origin + "/list?p=2", "title": "List", "referrer": host.origin + "/"}
    assert "load_time" not in view["event_properties"]


def test_each_kind_of_navigation(host, visit):
    page = visit("/")
    page.evaluate("history.pushState({}, '', '/a')")
    page.evaluate("history.replaceState({}, '', '/b')")
    page.evaluate("history.back()")
    page.wait_for_url("**/")
    page.evaluate("location.hash = '#/deep'")
    page.evaluate("location.hash = '#!/deeper'")
    changes = host.wait_for("route_change", 5)
    assert [change["event_properties"] for change in changes] == [
        {"from_route": "/", "to_route": "/a", "navigation_type": "push"},
        {"from_route": "/a", "to_route": "/b", "navigation_type": "replace"},
        {"from_route": "/b", "to_route": "/", "navigation_type": "pop"},
        {"from_route": "/", "to_route": "/#/deep", "navigation_type": "hash"},
        {"from_route": "/#/deep", "to_route": "/#!/deeper", "navigation_type": "hash"},
    ]
    assert len(host.wait_for("page_view", 6)) == 6


def test_what_is_no_page_view(host, visit):
    page = visit("/")
    page.click("#anchor")
    page.evaluate("history.replaceState({ scroll: 1 }, '')")
    page.evaluate("history.replaceState({}, '', '/?filter=1')")
    page.evaluate("history.pushState({}, '', location.href)")
    page.evaluate("footfall('event', 'last')")
    host.wait_for("last")
    assert host.kinds() == ["page_view", "last"]


def test_back_forward_cache(browser, host):
    context = browser.new_context()
    page = context.new_page()
    page.goto(host.origin)
    host.wait_for("page_view")
    # Playwright switches the cache off, so the browser's own event is played.
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    views = host.wait_for("page_view", 2)
    assert host.kinds() == ["page_view", "page_exit", "page_view"]
    assert "referrer" not in views[1]["page"]
    context.close()


def test_prerendered_page_waits_for_its_visitor(host, page):
    page.add_init_script("""
      window.waiting = true;
      Object.defineProperty(document, "prerendering", { get: () => window.waiting });
    """)
    page.goto(host.origin)
    page.evaluate("window.footfall('event', 'early')")
    page.wait_for_timeout(400)
    assert host.posts == []
    page.evaluate("window.waiting = false; document.dispatchEvent(new Event('prerenderingchange'))")
    host.wait_for("early")
    assert host.kinds() == ["page_view", "early"]


@pytest.mark.parametrize(
    ("source", "attributes", "endpoint"),
    [
        ("/js/footfall.js", "", "/api/v1/events"),
        ("/stats/js/own.js?v=3", "", "/stats/api/v1/events"),
        ("/js/footfall.js", 'data-api="/collect"', "/collect"),
    ],
)
def test_endpoint(host, visit, source, attributes, endpoint):
    host.files["/stats/js/own.js"] = (DIST / "js" / "footfall.js").read_text()
    snippet = f'<script defer src="{source}" data-site="KEY" {attributes}></script>'
    host.pages["/"] = document(host, "One", snippet=snippet)
    visit("/")
    assert host.posts[0].path == endpoint
