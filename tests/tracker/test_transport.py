"""Batches, retries with the same ids, the offline queue, and the last request of a page."""

import pytest

from tests.tracker.conftest import document, eventually

pytestmark = pytest.mark.browser


def sent_names(host):
    return [event["event_type"] for post in host.posts for event in post.body["events"]]


def test_events_travel_together(host, visit):
    page = visit("/")
    page.evaluate("for (let i = 0; i < 5; i++) footfall('event', 'e' + i)")
    host.wait_for("e4")
    assert [len(post.body["events"]) for post in host.posts] == [1, 5]


def test_twenty_events_do_not_wait(host, visit):
    page = visit("/")
    page.evaluate("for (let i = 0; i < 20; i++) footfall('event', 'e' + i)")
    host.wait_for("e19", seconds=0.7)
    assert [len(post.body["events"]) for post in host.posts] == [1, 20]


@pytest.mark.parametrize("status", [503, 500, 429])
def test_a_failure_is_retried_with_the_same_ids(host, page, status):
    host.answers = [(status, {})]
    page.goto(host.origin)
    host.wait_for("page_view")
    eventually(lambda: len(host.posts) == 2)
    first, second = host.posts
    assert first.body["events"] == second.body["events"]
    assert 0.9 < second.at - first.at < 2.5
    page.evaluate("footfall('event', 'after')")
    host.wait_for("after")
    assert len(host.posts) == 3, "what was accepted is not sent again"


def test_waits_grow(host, page):
    host.answers = [(503, {})] * 2
    page.goto(host.origin)
    eventually(lambda: len(host.posts) == 3)
    first, second, third = (post.at for post in host.posts)
    assert third - second > 1.9 > 0.9 < second - first


def test_retry_after_is_honoured(host, page):
    host.answers = [(429, {"Retry-After": "3"})]
    page.goto(host.origin)
    eventually(lambda: len(host.posts) == 1)
    page.evaluate("for (let i = 0; i < 30; i++) footfall('event', 'e' + i)")
    eventually(lambda: len(host.posts) == 2)
    assert 2.9 < host.posts[1].at - host.posts[0].at < 4.5
    assert len(host.posts[1].body["events"]) == 31


def test_a_refused_batch_is_dropped(host, page):
    host.answers = [(400, {})]
    page.goto(host.origin)
    host.wait_for("page_view")
    page.evaluate("footfall('event', 'next')")
    host.wait_for("next")
    assert sent_names(host) == ["page_view", "next"]


def test_offline_events_arrive_when_the_network_is_back(host, visit, context):
    page = visit("/")
    context.set_offline(True)
    page.evaluate("for (let i = 0; i < 25; i++) footfall('event', 'e' + i)")
    page.wait_for_timeout(400)
    assert len(host.posts) == 1
    context.set_offline(False)
    host.wait_for("e24", seconds=2)
    assert len(host.events()) == len(sent_names(host)) == 26


def test_the_offline_queue_is_bounded(host, visit, context):
    page = visit("/")
    context.set_offline(True)
    page.evaluate("for (let i = 0; i < 1100; i++) footfall('event', 'e' + i)")
    page.wait_for_timeout(100)
    context.set_offline(False)
    host.wait_for("e1099", seconds=20)
    assert len(host.events()) == 1001, "the page view that was sent, and the last 1000"
    assert host.events("e100")
    assert not host.events("e99")


def test_leaving_sends_by_beacon(host, page):
    page.add_init_script("""
      const send = navigator.sendBeacon;
      navigator.sendBeacon = function (url, body) { sessionStorage.beacons = (+sessionStorage.beacons || 0) + 1;
        return send.call(this, url, body); };
    """)
    page.goto(host.origin)
    host.wait_for("page_view")
    page.evaluate("footfall('event', 'last')")
    page.click("#two")
    host.wait_for("page_exit")
    page.wait_for_url("**/two")
    assert host.events("last")
    assert page.evaluate("+sessionStorage.beacons") == 1
    assert all(post.content_type.startswith("text/plain") for post in host.posts)


def test_a_refused_beacon_goes_by_fetch(host, page):
    page.add_init_script("navigator.sendBeacon = () => false")
    page.goto(host.origin)
    host.wait_for("page_view")
    page.click("#two")
    host.wait_for("page_exit")


def test_a_page_without_fetch_uses_beacons(host, page):
    page.add_init_script("window.fetch = () => { throw new Error('no') }")
    page.goto(host.origin)
    host.wait_for("page_view")


def test_what_is_large_is_split(host, visit):
    page = visit("/")
    page.evaluate("for (let i = 0; i < 15; i++) footfall('event', 'big', { text: 'ä'.repeat(5000) })")
    host.wait_for("big", 15)
    sizes = [len(post.body["events"]) for post in host.posts]
    assert len(sizes) >= 4
    assert max(sizes) <= 5


def test_hiding_the_tab_sends_at_once(host, visit, attention):
    page = visit("/")
    page.evaluate("footfall('event', 'seen')")
    attention(False, False)
    host.wait_for("page_exit", seconds=0.7)
    assert host.kinds() == ["page_view", "seen", "page_exit"]


def test_hidden_while_the_server_is_down(host, visit, attention, context):
    context.add_init_script(
        "const send = fetch; window.fetch = async (...what) => { const answer = await send(...what);"
        " setTimeout(() => { window.answered = answer.status }); return answer }"
    )
    page = visit("/")
    host.answers = [(503, {})]
    page.evaluate("footfall('event', 'seen')")
    eventually(lambda: page.evaluate("window.answered == 503"))  # the page knows, not only the server
    attention(False, False)
    host.wait_for("page_exit")
    assert len(host.posts[2].body["events"]) == 2, "kept for the retry, not thrown at a server that is down"


def test_unsent_events_survive_the_tab_with_consent(host, visit, context, page):
    visit("/")
    page.evaluate("footfall('consent', 'granted')")
    context.set_offline(True)
    page.evaluate("footfall('event', 'unsent')")
    page.goto("about:blank")
    context.set_offline(False)
    assert not host.events("unsent")
    visit("/two")
    host.wait_for("unsent")
    host.wait_for("page_exit")
    assert page.evaluate("Object.keys(localStorage)") == ["footfall.device"]


def test_another_origin_needs_no_preflight(host, visit):
    host.pages["/"] = document(host, "One")
    page = visit("/")
    page.evaluate("footfall('event', 'more', { a: 1 })")
    host.wait_for("more")
    assert host.preflights == 0
