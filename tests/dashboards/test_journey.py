"""From the set-up link to figures on the dashboard, in Chromium, against a whole running Footfall."""

import http.server
import re
import threading
import time

import pytest

from tests.browser import chromium, watched
from tests.conftest import eventually

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.timeout(240)]
PAGE = """<!doctype html><html><head><title>{title}</title>{snippet}</head><body>
<a id="a" href="/a">A</a> <a id="b" href="/b">B</a> <button id="spa" onclick="history.pushState({{}}, '', '/app/next')">next</button>
<button id="buy" onclick="footfall('event', 'purchase', {{order_id: 'o1', revenue: '12.50', currency: 'EUR'}})">buy</button>
<p style="height: 3000px">long</p></body></html>"""


class Shop:
    """A small multi-page site with an SPA part."""

    def __init__(self):
        shop = self
        shop.snippet = ""

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = PAGE.format(title=f"Page {self.path}", snippet=shop.snippet).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def test_from_the_setup_link_to_figures(footfall_factory, tmp_path):
    footfall = footfall_factory()
    link = re.search(r"(http://\S+/setup\?token=\S+)", footfall.output())[1]
    shop = Shop()
    with chromium() as browser:
        page = browser.new_context(timezone_id="Europe/Berlin", viewport={"width": 1440, "height": 900}).new_page()
        problems = watched(page)
        page.goto(link)
        page.fill("[name=email]", "alice@example.com")
        page.fill("[name=password]", "correct horse battery")
        page.click("text=Create the account")
        page.wait_for_url("**/sites/new")
        assert page.input_value("[name=timezone]") == "Europe/Berlin"
        page.fill("[name=domain]", "localhost")
        page.click("button:has-text('Add the site')")
        page.wait_for_url("**/installation")
        page.wait_for_selector("text=Waiting for the first event")
        shop.snippet = page.inner_text(".code code")
        assert shop.snippet.startswith(f'<script defer src="{footfall.url}/js/footfall.js" data-site="ff_')

        visit(browser, shop)
        visited = time.monotonic()
        page.wait_for_selector("text=The first event has arrived")
        page.click("text=Open the dashboard")
        while "4" not in views(page):  # the last of them is on its way
            assert time.monotonic() - visited < 5
            page.reload()
        check_executive(page)
        check_live(page)
        check_phone(page, footfall.url)
        assert problems == []


def visit(browser, shop):
    context = browser.new_context(locale="de-DE", timezone_id="Europe/Berlin")
    page = context.new_page()
    problems = watched(page)
    page.goto(f"{shop.url}/?utm_source=news&utm_medium=email&utm_campaign=spring")
    page.click("#a")
    page.wait_for_url("**/a")
    page.click("#spa")
    page.click("#buy")
    page.wait_for_timeout(300)
    page.goto(f"{shop.url}/b")
    page.wait_for_timeout(300)
    assert context.cookies() == [] and page.evaluate("localStorage.length + sessionStorage.length") == 0
    context.close()
    assert problems == []


def check_phone(page, url):
    """Menus are fixed to the window there; forms come back to their panel; the focus survives a change of tab."""
    page.goto(f"{url}/sites/1/executive")
    page.set_viewport_size({"width": 390, "height": 844})
    for summary in page.query_selector_all(".toolbar details.popover > summary"):
        summary.click()
        panel = page.query_selector(".toolbar details[open] > .menu-panel").bounding_box()
        assert panel["y"] >= 0 and panel["y"] + panel["height"] <= 844 and panel["x"] >= 0, panel
        page.keyboard.press("Escape")
    page.click(".toolbar summary[aria-label^='Period']")
    page.click(".range-presets >> text=Today")
    page.wait_for_url("**period=today*")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.wait_for_selector("section[aria-label=Sources] nav a:has-text('Channels')").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("section[aria-label=Sources] nav a[aria-current]:has-text('Channels')")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Channels"
    page.click("section[aria-label=Pages] nav a:has-text('Exit')")  # another panel's; both stand in the address
    page.wait_for_url("**open=sources%3Achannel&open=pages%3Aexit_page")
    page.reload()
    for label, tab in (("Sources", "Channels"), ("Pages", "Exit")):
        page.wait_for_selector(f"section[aria-label={label}] nav a[aria-current]:has-text('{tab}')")
    page.click("section[aria-label=Pages] nav a:has-text('Top')")
    page.wait_for_url(lambda url: url.endswith("open=sources%3Achannel"))
    page.click(".toolbar summary[aria-label^='Saved views']")
    page.fill(".toolbar input[name=name]", "With channels")
    page.press(".toolbar input[name=name]", "Enter")
    page.wait_for_url(lambda url: url.endswith("open=sources%3Achannel"))
    page.wait_for_selector("section[aria-label=Sources] nav a[aria-current]:has-text('Channels')")
    page.goto(f"{url}/sites/1/product")
    page.wait_for_selector("#retention form button:has-text('Show')").click()
    page.wait_for_url("**#retention")


def views(page):
    page.wait_for_selector(".stat:has-text('Page views') .stat-value [aria-hidden]")
    return page.inner_text(".stat:has-text('Page views') .stat-value [aria-hidden]")


def check_executive(page):
    tiles = eventually(lambda: {
        t.query_selector(".stat-label").inner_text(): t.query_selector(".stat-value [aria-hidden]").inner_text()
        for t in page.query_selector_all(".stat:has(.stat-value)")
    } if page.query_selector(".stat-value [aria-hidden]") else None)  # fmt: skip
    assert (tiles["Visitors"], tiles["Sessions"], tiles["Page views"]) == ("1", "1", "4")
    page.wait_for_selector(".js-plotly-plot .scatterlayer")
    pages = eventually(
        lambda: page.eval_on_selector_all(
            "section[aria-label=Pages] .bar-label", "n => n.map(e => e.textContent.trim())"
        )
    )
    assert sorted(pages) == ["/", "/a", "/app/next", "/b"]
    page.wait_for_selector("section[aria-label=Sources] .bar-label:has-text('news')")
    page.click("section[aria-label=Sources] a:has-text('Campaigns')")
    page.wait_for_selector("section[aria-label=Sources] .bar-label:has-text('spring')")
    page.click("section[aria-label=Sources] .bar-label a:has-text('spring')")
    page.wait_for_url("**f=is%2Cutm_campaign%2Cspring**")
    page.wait_for_selector(".chip:has-text('Campaign is spring')")
    page.click(".chip-remove")
    page.wait_for_url(lambda url: "f=" not in url)
    page.wait_for_selector("section[aria-label=Pages] .bar-row")
    page.click("section[aria-label=Pages] button:has-text('Details')")
    page.wait_for_selector("dialog[open] td:has-text('/app/next')")
    page.keyboard.press("Escape")
    page.click("summary:has-text('Last 28 days')")
    page.click(".range-presets a:has-text('Today')")
    page.wait_for_url("**period=today**")
    page.wait_for_selector(".stat:has-text('Visitors') .stat-value:has-text('1')")


def check_live(page):
    page.click(".nav a:has-text('Live')")
    page.wait_for_selector(".live-number:has-text('1')")
    assert "Purchased on /app/next" in " ".join(page.inner_text(".feed").split())
    assert "EUR 12.50" in page.inner_text(".feed")
