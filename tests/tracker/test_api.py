"""window.footfall, and the clicks that need no call."""

import pytest

from tests.tracker.conftest import SNIPPET, document

pytestmark = pytest.mark.browser


def test_custom_event(host, visit):
    page = visit("/")
    page.evaluate("const plan = { name: 'pro', seats: 3 }; footfall('event', 'signup', plan); plan.seats = 4")
    [event] = host.wait_for("signup")
    assert event["event_properties"] == {"name": "pro", "seats": 3}
    assert event["page"]["url"] == host.origin + "/"


def test_identify(host, visit):
    page = visit("/")
    page.evaluate("footfall('identify', 42, { plan: 'pro' }); footfall('event', 'known')")
    page.evaluate("footfall('identify', null); footfall('event', 'unknown')")
    host.wait_for("unknown")
    assert host.kinds() == ["page_view", "identify", "known", "unknown"]
    view, identify, known, unknown = host.events()
    assert "user" not in view
    assert identify["event_properties"] == {"traits": {"plan": "pro"}}
    assert identify["user"] == known["user"] == {"user_id": "42"}
    assert "user" not in unknown


def test_calls_made_before_the_script(host, visit):
    host.files["/queue.js"] = """
      window.footfall = window.footfall || function () { (footfall.q = footfall.q || []).push(arguments) };
      footfall("identify", "u1");
      footfall("event", "early", { a: 1 });
    """
    host.pages["/"] = document(host, "One", snippet='<script src="/queue.js"></script>' + SNIPPET)
    visit("/")
    [event] = host.wait_for("early")
    assert host.kinds() == ["page_view", "identify", "early"]
    assert event["event_properties"] == {"a": 1}
    assert event["user"] == {"user_id": "u1"}


def test_wrong_calls_harm_nothing(host, visit):
    page = visit("/")
    page.evaluate("""
      const cycle = {}; cycle.self = cycle;
      footfall(); footfall("nothing"); footfall("toString"); footfall("event", "cycle", cycle);
      footfall("event", "big", { n: 10n }); footfall("event", "fine", null);
    """)
    [event] = host.wait_for("fine")
    assert event["event_properties"] == {}
    assert host.kinds() == ["page_view", "fine"]


def test_the_snippet_twice_counts_once(host, visit):
    host.pages["/"] = document(host, "One", snippet=SNIPPET + SNIPPET)
    page = visit("/")
    page.evaluate("footfall('event', 'done')")
    host.wait_for("done")
    assert host.kinds() == ["page_view", "done"]


def test_without_a_key_nothing_happens(host, page):
    host.pages["/"] = document(host, "One", snippet='<script defer src="{origin}/js/footfall.js"></script>')
    page.goto(host.origin)
    page.wait_for_timeout(200)
    assert host.posts == []


def test_one_global(host, visit, page):
    host.pages["/bare"] = document(host, "Bare", snippet="")
    page.goto(host.origin + "/bare")
    before = set(page.evaluate("Object.getOwnPropertyNames(window)"))
    visit("/")
    assert set(page.evaluate("Object.getOwnPropertyNames(window)")) - before == {"footfall"}


LINKS = """
  <a id="out" href="http://127.0.0.1:{port}/two?x=1"><b id="inner">out</b></a>
  <a id="stopped" href="http://127.0.0.1:{port}/two">stopped</a>
  <a id="file" href="/files/Price%20list.PDF?v=2">file</a>
  <a id="named" download href="/export">export</a>
  <a id="mail" href="mailto:a@b.example">mail</a>
  <svg width="20" height="20"><a id="svg" href="/two"><rect width="20" height="20"/></a></svg>
"""


@pytest.fixture
def links(host, visit):
    host.config = {"modules": ["links"]}
    host.pages["/"] = document(host, "Links", LINKS.replace("{port}", str(host.port)))
    page = visit("/")
    # Chromium would follow them; the page keeps itself open, as those that open dialogs do.
    page.evaluate("addEventListener('click', (event) => event.preventDefault())")
    return page


@pytest.mark.parametrize("modifier", [[], ["Control"], ["Shift"]])
def test_outbound_click(host, links, modifier):
    links.click("#inner", modifiers=modifier)
    [event] = host.wait_for("outbound_click")
    assert event["event_properties"] == {"href": f"http://127.0.0.1:{host.port}/two?x=1"}


def test_middle_click_and_right_click(host, links):
    links.click("#out", button="right")
    links.click("#out", button="middle")
    links.evaluate("footfall('event', 'done')")
    host.wait_for("done")
    assert host.kinds().count("outbound_click") == 1


def test_a_click_that_the_page_stops_counts(host, links):
    links.evaluate("document.getElementById('stopped').addEventListener('click', (event) => event.stopPropagation())")
    links.evaluate("document.getElementById('stopped').addEventListener('click', (event) => event.preventDefault())")
    links.click("#stopped")
    host.wait_for("outbound_click")


def test_the_outbound_click_survives_the_navigation(host, visit):
    host.config = {"modules": ["links"]}
    host.pages["/"] = document(host, "Links", LINKS.replace("{port}", str(host.port)))
    page = visit("/")
    page.click("#out")
    page.wait_for_url("http://127.0.0.1:*/**")
    host.wait_for("outbound_click")
    [leave] = host.wait_for("page_exit")
    assert leave["event_properties"]["exit_type"] == "navigation"


def test_file_download(host, links):
    links.click("#file")
    links.click("#named")
    first, second = host.wait_for("file_download", 2)
    assert first["event_properties"] == {"file_name": "Price%20list.PDF", "file_type": "pdf"}
    assert second["event_properties"] == {"file_name": "export", "file_type": ""}


def test_other_links_are_silent(host, links):
    for link in ("#mail", "#svg"):
        links.click(link)
    links.evaluate("footfall('event', 'done')")
    host.wait_for("done")
    assert host.kinds() == ["page_view", "done"]
