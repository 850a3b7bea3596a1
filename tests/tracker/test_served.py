"""The real script with the real server: what the owner switches on is captured, stored, and off again when switched off."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import sync_playwright

from tests.conftest import eventually
from tests.running import PASSWORD
from tests.tracker.conftest import ARGUMENTS

pytestmark = [pytest.mark.browser, pytest.mark.system]
BODY = """<!doctype html><title>Shop</title>{snippet}<button id="buy" data-footfall-event="add_to_cart" data-footfall-prop-product-id="7"
  data-footfall-prop-price="9.90" data-footfall-prop-currency="EUR">Buy</button><form id="f"><input name="mail"></form>
  <a id="next" href="/next">next</a>"""


@pytest.fixture
def shop():
    class Handler(BaseHTTPRequestHandler):
        page = ""

        def log_message(self, *_): ...

        def do_GET(self):
            data = Handler.page.encode()
            self.send_response(200)
            for name, value in (("Content-Type", "text/html"), ("Content-Length", str(len(data)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    Handler.url = f"http://localhost:{server.server_port}"
    yield Handler
    server.shutdown()
    server.server_close()


def kinds(footfall):
    return dict(footfall.sql("SELECT event_type, count() FROM events GROUP BY event_type"))


def test_modules_are_switched_from_the_settings(footfall, shop):
    site = footfall.create_site("localhost")
    shop.page = BODY.format(
        snippet=f'<script defer src="{footfall.url}/js/footfall.js" data-site="{site["site_key"]}"></script>'
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        page = browser.new_page()
        page.goto(shop.url + "/?q=red+shoes")
        page.click("#buy")
        page.fill("[name=mail]", "a@b.example")
        page.click("#next")
        page.wait_for_url("**/next")
        page.goto("about:blank")
        wanted = {
            "page_view",
            "page_exit",
            "click",
            "add_to_cart",
            "form_start",
            "form_abandon",
            "search",
            "page_performance",
        }
        eventually(lambda: wanted <= set(kinds(footfall)), 20)
        rejected = footfall.sql("SELECT reason, field, payload FROM rejected_events")
        assert rejected == [], "what the script sends fits the catalogue"
        assert footfall.sql("SELECT count() FROM events WHERE event_type = 'page_performance' AND fcp > 0")[0][0] >= 1
        [(selector, text)] = footfall.sql(
            "SELECT event_properties.element.selector::String, event_properties.element.text::String FROM events"
            " WHERE event_type = 'click' AND event_properties.element.tag::String = 'button'"
        )
        assert (selector, text) == ("#buy", "Buy")
        assert footfall.sql("SELECT DISTINCT tracker FROM events") == [("0.1.0",)]

        owner = browser.new_page()
        owner.goto(f"{footfall.url}/login")
        owner.fill("[name=email]", "alice@example.com")
        owner.fill("[name=password]", PASSWORD)
        owner.keyboard.press("Enter")
        owner.wait_for_url("**/sites/**")
        owner.goto(f"{footfall.url}/sites/{site['id']}/settings/tracking")
        for switch in owner.query_selector_all(".switch input:checked"):
            switch.uncheck()
        owner.click("button:has-text('Save')")
        owner.wait_for_selector("text=Saved.")

        before = kinds(footfall)
        page = (
            browser.new_context().new_page()
        )  # a browser that has not been here, as the others keep it for five minutes
        page.goto(shop.url)
        page.click("#buy")
        page.goto("about:blank")
        eventually(lambda: kinds(footfall)["page_exit"] > before["page_exit"], 20)
        after = kinds(footfall)
        assert {kind for kind in after if after[kind] != before.get(kind)} <= {"page_view", "page_exit"}
        browser.close()
