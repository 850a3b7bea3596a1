"""What the site's owner decided about consent, obeyed by the script; consent managers; leaving oneself out."""

import pytest

from tests.tracker.conftest import SNIPPET
from tests.tracker.test_privacy import SIGNALS, STORED

pytestmark = pytest.mark.browser
HELD = SNIPPET.replace(" data-site", ' data-consent="required" data-site')


def test_required_holds_everything_until_granted(host, capture, page):
    host.config = {"consent": "required"}
    host.pages["/"] = host.pages["/"].replace(' data-site="KEY"', ' data-site="KEY" data-consent="required"')
    page.goto(host.origin)
    page.evaluate("footfall('event', 'early')")
    page.wait_for_timeout(1300)
    assert host.posts == []
    page.evaluate("footfall('consent', 'granted')")
    host.wait_for("early")
    assert host.kinds() == ["page_view", "early"] and host.posts[0].body["consent"] == "granted"
    page.goto(host.origin + "/two")
    host.wait_for("page_view", 2)
    page.evaluate("footfall('consent', 'denied'); footfall('event', 'after')")
    page.wait_for_timeout(1300)
    assert "after" not in host.kinds() and page.evaluate("Object.keys(localStorage)") == []


def test_required_and_denied_sends_nothing_ever(host, page):
    host.config = {"consent": "required"}
    host.pages["/"] = host.pages["/"].replace(' data-site="KEY"', ' data-site="KEY" data-consent="required"')
    page.goto(host.origin)
    page.evaluate("footfall('consent', 'denied'); footfall('event', 'no')")
    page.goto("about:blank")
    page.wait_for_timeout(300)
    assert host.posts == []


def test_anonymous_names_nobody_until_granted(host, capture):
    page = capture(consent="anonymous")
    page.evaluate("footfall('identify', 'u1'); footfall('event', 'a')")
    host.wait_for("a")
    assert "u1" not in str(host.posts) and page.evaluate("localStorage.length") == 0
    page.evaluate("footfall('consent', 'granted'); footfall('event', 'b')")
    [named] = host.wait_for("b")
    assert named["user"] == {"user_id": "u1"} and named["device"]["device_id"]


def test_full_keeps_a_device_id_until_told_otherwise(host, capture, page):
    page = capture(consent="full")
    page.evaluate("footfall('event', 'a')")
    assert host.wait_for("a")[0]["device"]["device_id"]
    page.evaluate("footfall('consent', 'denied')")
    page.goto(host.origin + "/two")
    page.evaluate("footfall('event', 'b')")
    assert "device_id" not in host.wait_for("b")[0]["device"]
    assert page.evaluate("Object.keys(localStorage)") == ["footfall.denied"]
    page.evaluate("footfall('consent', 'granted')")
    assert page.evaluate("Object.keys(localStorage)") == ["footfall.device"]


@pytest.mark.parametrize("way", ["signal", "call"])
def test_full_keeps_nothing_of_who_is_left_out(host, page, way):
    host.config = {"consent": "full", "honour_gpc": True}
    host.files["/early.js"] = "window.footfall = { q: [['opt-out']] }" if way == "call" else SIGNALS["gpc"]
    host.pages["/"] = host.pages["/"].replace("<script", '<script src="/early.js"></script><script', 1)
    page.goto(host.origin)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("Object.keys(localStorage)") == (["footfall.ignore"] if way == "call" else [])


def test_tcf(host, capture, page):
    page.add_init_script("window.__tcfapi = (command, version, callback) => { window.tell = callback }")
    page = capture("bridges", bridges=["tcf"])
    tell = "(consents) => tell({ eventStatus: 'useractioncomplete', gdprApplies: true, purpose: { consents } }, true)"
    page.evaluate(tell, {"1": True})
    assert page.evaluate("localStorage.length") == 0, "storage alone is not measurement"
    page.evaluate(tell, {"1": True, "8": True})
    assert page.evaluate("Object.keys(localStorage)") == ["footfall.device"]
    page.evaluate(tell, {"1": False, "8": True})
    assert page.evaluate(STORED)["local"] == []


def test_google_consent_mode(host, capture, page):
    page.add_init_script("window.dataLayer = []; window.gtag = function () { dataLayer.push(arguments) };"
                         "gtag('consent', 'default', { analytics_storage: 'denied' })")  # fmt: skip
    page = capture("bridges", bridges=["gcm"])
    assert page.evaluate("localStorage.length") == 0
    page.evaluate("gtag('consent', 'update', { analytics_storage: 'granted' })")
    assert page.evaluate("Object.keys(localStorage)") == ["footfall.device"]
    page.evaluate("gtag('consent', 'update', { analytics_storage: 'denied' })")
    assert page.evaluate("Object.keys(localStorage)") == []


def test_a_bridge_that_is_not_wanted_does_nothing(host, capture, page):
    page.add_init_script("window.dataLayer = [['consent', 'update', { analytics_storage: 'granted' }]]")
    page = capture("bridges", bridges=["tcf"])
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize("way", ["link", "call"])
def test_leave_me_out(host, visit, page, way):
    if way == "link":
        page.goto(host.origin + "/#footfall-opt-out")
    else:
        visit("/")
        page.evaluate("footfall('opt-out'); footfall('event', 'no')")
        page.wait_for_timeout(1200)
    sent = len(host.posts)
    page.goto(host.origin + "/two")
    page.evaluate("footfall('event', 'no'); footfall('consent', 'granted')")
    page.wait_for_timeout(300)
    page.goto(host.origin + "/")
    assert len(host.posts) <= sent + (way == "call") and "no" not in host.kinds()
    assert page.evaluate("Object.keys(localStorage)") == ["footfall.ignore"]
    page.goto("about:blank")
    page.goto(host.origin + "/#footfall-opt-in")
    host.wait_for("page_view", 1 + (way == "call"))
    assert page.evaluate("localStorage.length") == 0


def test_any_address_for_the_three(host, page):
    """A first-party proxy may serve script, configuration and endpoint under any path and name."""
    host.files["/assets/x1.js"] = (host.files or {}).get("x", "") or __import__("tests.tracker.conftest", fromlist=["DIST"]).DIST.joinpath(
        "js/footfall.js").read_text()  # fmt: skip
    host.files["/assets/x2.js"] = 'footfall("configure",{"modules":[]});footfall("event","configured")'
    host.pages[
        "/"
    ] = f"""<!doctype html><script defer src="{host.tracker}/assets/x1.js" data-site="KEY" data-api="{host.origin}/in"
      data-config="{host.tracker}/assets/x2.js"></script>"""
    page.goto(host.origin)
    host.wait_for("configured")
    assert {post.path for post in host.posts} == {"/in"} and "/js/config/KEY.js" not in host.gets
