"""What is on the device, consent, and the browser's signals."""

import re

import pytest

pytestmark = pytest.mark.browser

STORED = """async () => ({
  cookies: document.cookie, local: Object.keys(localStorage), session: Object.keys(sessionStorage),
  databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
})"""
NOTHING = {"cookies": "", "local": [], "session": [], "databases": 0, "caches": 0}
UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def test_nothing_is_stored_by_default(host, visit, context):
    page = visit("/")
    page.evaluate("footfall('event', 'a'); footfall('identify', 'u1'); history.pushState({}, '', '/x')")
    page.click("#two")
    host.wait_for("page_exit", 2)
    assert page.evaluate(STORED) == NOTHING
    assert context.cookies() == []
    assert not any("device_id" in event["device"] for event in host.events())


def test_offline_stores_nothing_either(host, visit, context):
    page = visit("/")
    context.set_offline(True)
    page.evaluate("footfall('event', 'a'); dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert page.evaluate(STORED.replace("(await caches.keys()).length", "0")) == NOTHING


def test_consent(host, visit):
    page = visit("/")
    page.evaluate("footfall('consent', 'granted'); footfall('event', 'with')")
    page.click("#two")
    host.wait_for("page_view", 2)
    [device] = {event["device"]["device_id"] for event in host.events()[1:]}
    assert re.fullmatch(UUID4, device)
    page.evaluate("footfall('consent', 'granted'); footfall('event', 'again')")
    assert host.wait_for("again")[0]["device"]["device_id"] == device, "one device, one id"

    page.evaluate("footfall('event', 'on its way'); footfall('identify', 'u1'); footfall('consent', 'denied')")
    page.evaluate("footfall('event', 'without')")
    assert page.evaluate(STORED) == NOTHING
    assert host.wait_for("without")[0].get("user") is None
    for kind in ("on its way", "without"):
        assert "device_id" not in host.events(kind)[0]["device"]


def test_withdrawal_removes_kept_events(host, visit, context):
    page = visit("/")
    page.evaluate("footfall('consent', 'granted')")
    context.set_offline(True)
    page.evaluate("footfall('event', 'a'); dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert page.evaluate("Object.keys(localStorage).sort()") == ["footfall.device", "footfall.unsent"]
    page.evaluate("footfall('consent', 'denied')")
    assert page.evaluate("Object.keys(localStorage)") == []


def test_blocked_storage_counts_cookieless(host, visit, page):
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('x', 'SecurityError') } })"
    )
    visit("/")
    page.evaluate("footfall('consent', 'granted'); footfall('event', 'a'); footfall('consent', 'denied')")
    page.evaluate("footfall('event', 'b')")
    host.wait_for("b")
    assert host.kinds() == ["page_view", "a", "b"]


SIGNALS = {
    "dnt": "Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1', configurable: true })",
    "gpc": "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true, configurable: true })",
}


@pytest.mark.parametrize(
    ("signals", "config", "counted"),
    [
        (["dnt"], {"honour_dnt": True, "honour_gpc": False}, False),
        (["dnt"], {"honour_dnt": False, "honour_gpc": True}, True),
        (["gpc"], {"honour_dnt": False, "honour_gpc": True}, False),
        (["gpc"], {"honour_dnt": True, "honour_gpc": False}, True),
        (["dnt", "gpc"], {"honour_dnt": False, "honour_gpc": True}, False),
        (["dnt", "gpc"], {"honour_dnt": False, "honour_gpc": False}, True),
        (["gpc"], {}, False),
        (["gpc"], None, False),
    ],
)
def test_signals(host, page, signals, config, counted):
    for signal in signals:
        page.add_init_script(SIGNALS[signal])
    page.add_init_script("try { localStorage['footfall.device'] = 'old' } catch {}")
    host.config = config
    page.goto(host.origin)
    page.evaluate("window.footfall('event', 'called')")
    if counted:
        host.wait_for("called")
        assert host.kinds() == ["page_view", "called"]
        return
    page.wait_for_timeout(300)
    page.evaluate("footfall('consent', 'granted')")
    assert page.evaluate(STORED) == NOTHING
    page.goto("about:blank")
    page.wait_for_timeout(150)
    assert host.posts == []
    assert "/js/config/KEY.js" in host.gets


def test_without_a_signal_nobody_waits_for_the_configuration(host, visit):
    host.config = None
    visit("/")
    assert host.kinds() == ["page_view"]
