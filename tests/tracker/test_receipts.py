"""The consent log's script: what is told to the server, what stays on the device, what the page gets."""

import re

import pytest

from tests.tracker.conftest import SNIPPET, document, eventually
from tests.tracker.test_privacy import SIGNALS, STORED, UUID4

pytestmark = pytest.mark.browser
LOG = {"site": "KEY", "version": 3, "text": 2}
EARLY = "window.footfall = function () { (footfall.q = footfall.q || []).push(arguments) };"
ANSWERED = "Object.keys(localStorage).sort()"


def answers(host):
    return [event["event_properties"] for event in host.events("consent")]


@pytest.fixture
def logged(host, capture):
    """A page with the log on, and the module loaded."""

    def go(*modules, path="/", **config):
        page = capture("consent", *modules, path=path, consent_log=LOG, **config)
        page.wait_for_function("window.footfall && new Promise(done => footfall('receipt', () => done(true)))")
        return page

    return go


def test_consent_gets_a_receipt_and_a_withdrawal_ends_it(host, logged):
    page = logged()
    page.evaluate("document.addEventListener('footfall:receipt', (event) => { window.got = event.detail })")
    page.evaluate(
        "footfall('identify', 'user-1'); footfall('consent', 'granted', { categories: ['stats'], language: 'de' })"
    )
    [granted] = host.wait_for("consent")
    told = granted["event_properties"]
    assert re.fullmatch(UUID4, told["consent_id"]) and told["answer"] == "granted"
    assert (told["version"], told["text"], told["language"], told["categories"]) == (3, 2, "de", ["stats"])
    alone = next(post for post in host.posts if post.body["events"][0]["event_type"] == "consent")
    assert "user" not in granted and "device" not in granted and granted["page"] == {"url": f"{host.origin}/"}
    assert page.evaluate("localStorage['footfall.device']") not in str(alone.body) and "user-1" not in str(alone.body)
    assert page.evaluate(ANSWERED) == ["footfall.device", "footfall.receipt"]
    assert page.evaluate("got.id") == told["consent_id"]
    assert page.evaluate("new Promise((done) => footfall('receipt', done))")["id"] == told["consent_id"]

    # A consent manager that says it again on every page has been told once.
    eventually(lambda: page.evaluate("JSON.parse(localStorage['footfall.receipt']).sent"))
    page = logged(path="/two")
    page.evaluate("footfall('consent', 'granted')")
    page.evaluate("footfall('consent', 'granted', { text: 5 })")  # another text is agreed to anew
    host.wait_for("consent", 2)
    page.evaluate("footfall('consent', 'denied'); footfall('consent', 'denied')")
    host.wait_for("consent", 3)
    page.wait_for_timeout(100)
    assert [(one["answer"], one["text"]) for one in answers(host)] == [("granted", 2), ("granted", 5), ("withdrawn", 2)]
    assert {one["consent_id"] for one in answers(host)} == {told["consent_id"]}
    assert page.evaluate(STORED)["local"] == []
    assert page.evaluate("new Promise((done) => footfall('receipt', (kept) => done(kept === undefined)))")


def test_a_denial_is_told_without_an_id_and_keeps_nothing(host, logged):
    page = logged()
    page.evaluate("footfall('consent', 'denied'); footfall('consent', 'denied')")
    host.wait_for("consent")
    page.wait_for_timeout(100)
    [told] = answers(host)
    assert told["answer"] == "denied" and "consent_id" not in told and page.evaluate(STORED)["local"] == []


def test_nothing_but_the_answer_leaves_where_nobody_is_counted_without_consent(host, page):
    host.config = {"modules": ["consent"], "consent": "required", "consent_log": LOG}
    snippet = SNIPPET.replace(" data-site", ' data-consent="required" data-site')
    host.pages["/"] = document(host, "Page", "", snippet)
    page.goto(host.origin)
    page.wait_for_function("new Promise(done => footfall('receipt', () => done(true)))")
    assert host.posts == []
    page.evaluate("footfall('event', 'early'); footfall('consent', 'denied')")
    host.wait_for("consent")
    page.goto("about:blank")
    assert host.kinds() == ["consent"]


@pytest.mark.parametrize(("call", "told"), [
    ("footfall('consent', 'granted', { text: 7 })", ("granted", 7)), ("footfall('consent', 'denied')", ("denied", 2)),
])  # fmt: skip
def test_an_answer_before_the_script_came(host, capture, call, told):
    host.files["/early.js"] = EARLY + call
    snippet = '<script src="/early.js"></script>' + SNIPPET
    capture("consent", consent_log=LOG, snippet=snippet)
    host.wait_for("consent")
    assert [(one["answer"], one["text"]) for one in answers(host)] == [told]


def test_a_consent_manager_is_logged_too(host, capture, page):
    page.add_init_script("window.__tcfapi = (command, version, callback) => { window.tell = callback }")
    page = capture("consent", "bridges", bridges=["tcf"], consent_log=LOG)
    page.wait_for_function("!!window.tell")
    page.evaluate(
        "tell({ eventStatus: 'useractioncomplete', gdprApplies: true, purpose: { consents: { 1: true, 8: true } } }, true)"
    )
    host.wait_for("consent")
    assert answers(host)[0]["answer"] == "granted"


def test_a_withdrawal_elsewhere_is_told_on_the_next_page(host, logged, context):
    page = logged()
    page.evaluate("footfall('consent', 'granted')")
    [granted] = host.wait_for("consent")
    page.evaluate("localStorage.removeItem('footfall.device')")  # as the core of another tab does
    page = logged(path="/two")
    withdrawn = host.wait_for("consent", 2)[1]["event_properties"]
    assert (withdrawn["answer"], withdrawn["consent_id"]) == ("withdrawn", granted["event_properties"]["consent_id"])
    assert page.evaluate(STORED)["local"] == []


def test_opting_out_withdraws(host, logged):
    page = logged()
    page.evaluate("footfall('consent', 'granted')")
    host.wait_for("consent")
    page.evaluate("footfall('opt-out')")
    host.wait_for("consent", 2)
    assert answers(host)[1]["answer"] == "withdrawn" and page.evaluate(ANSWERED) == ["footfall.ignore"]


def test_a_server_that_is_away_is_told_again_with_the_same_id(host, logged, page):
    page.add_init_script(
        "const later = setTimeout; window.setTimeout = (work, delay) => later(work, Math.min(delay || 0, 50))"
    )
    page = logged()
    page.wait_for_timeout(200)  # the first page view's own request
    host.answers = [(503, {}), (503, {}), (202, {}), (202, {})]
    page.evaluate("footfall('consent', 'granted')")
    eventually(lambda: page.evaluate("JSON.parse(localStorage['footfall.receipt']).sent"))
    sent = [e["event_id"] for post in host.posts for e in post.body["events"] if e["event_type"] == "consent"]
    assert len(sent) >= 2 and len(set(sent)) == 1


def test_where_consent_is_had_elsewhere_only_answers_are_logged(host, logged):
    page = logged(consent="full")
    page.evaluate("footfall('event', 'a')")
    host.wait_for("a")
    assert answers(host) == [] and page.evaluate(ANSWERED) == ["footfall.device"]
    page.evaluate("footfall('consent', 'denied')")
    host.wait_for("consent")
    assert answers(host)[0]["answer"] == "denied" and page.evaluate(ANSWERED) == ["footfall.denied"]


def test_global_privacy_control_leaves_no_receipt_behind(host, page):
    page.add_init_script(SIGNALS["gpc"])
    page.add_init_script(
        "try { localStorage['footfall.receipt'] = '{}'; localStorage['footfall.device'] = 'old' } catch {}"
    )
    host.config = {"modules": ["consent"], "consent_log": LOG, "honour_gpc": True}
    page.goto(host.origin)
    page.evaluate("footfall('consent', 'granted')")
    eventually(lambda: page.evaluate(STORED)["local"] == [])
    page.wait_for_timeout(200)
    assert host.posts == []


def test_off_nothing_is_logged(host, capture):
    page = capture("links")
    page.evaluate("footfall('consent', 'granted'); footfall('event', 'a')")
    host.wait_for("a")
    assert answers(host) == [] and page.evaluate(ANSWERED) == ["footfall.device"]
