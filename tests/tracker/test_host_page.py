"""The page that carries the tracker comes first: policy, history, layout, speed and size."""

import gzip

import pytest

from tests.tracker.conftest import DIST

pytestmark = pytest.mark.browser

WATCH = """
  window.breaches = [];
  document.addEventListener("securitypolicyviolation", (event) => breaches.push(event.violatedDirective));
  window.shifts = 0; window.longTasks = 0;
  new PerformanceObserver((list) => { shifts += list.getEntries().length })
    .observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => { for (const task of list.getEntries()) if (task.duration > 50) longTasks++ })
    .observe({ type: "longtask", buffered: true });
"""


def test_strict_policy_no_layout_shift(host, visit, page):
    page.add_init_script(WATCH)
    before = len(visit("/").query_selector_all("*"))
    page.evaluate("footfall('event', 'a'); history.pushState({}, '', '/x')")
    host.wait_for("page_view", 2)
    assert page.evaluate("breaches") == []
    assert page.evaluate("shifts") == 0
    assert len(page.query_selector_all("*")) == before, "the tracker adds nothing to the page"


@pytest.mark.parametrize(
    "spoiling",
    [
        "Object.freeze(history)",
        "Object.defineProperty(history, 'pushState', { get: () => History.prototype.pushState })",
        "Object.defineProperty(History.prototype, 'replaceState', { value: undefined })",
        "performance.getEntriesByType = () => []",
    ],
)
def test_a_spoiled_host(host, visit, page, spoiling):
    page.add_init_script(spoiling)
    page.goto(host.origin)
    page.evaluate("history.pushState({}, '', '/x')")
    page.evaluate("location.hash = '#/y'")
    page.evaluate("window.footfall('event', 'done')")
    host.wait_for("done")
    assert host.kinds()[0] == "page_view"


def test_a_router_that_wraps_history_too(host, visit):
    page = visit("/")
    page.evaluate("""
      const push = history.pushState;
      history.pushState = function (...args) { window.seen = args[2]; return push.apply(this, args) };
      history.pushState({}, "", "/x");
    """)
    host.wait_for("page_view", 2)
    assert page.evaluate("seen") == "/x"


def test_the_pages_own_errors_pass(host, visit):
    page = visit("/")
    error = page.evaluate(
        "try { history.pushState({}, '', 'https://elsewhere.example/') } catch (error) { error.name }"
    )
    assert error == "SecurityError"


def test_size():
    raw = (DIST / "js" / "footfall.js").read_bytes()
    assert len(gzip.compress(raw, 9)) <= 3584
    assert b"eval(" not in raw
    assert b"document.cookie" not in raw
