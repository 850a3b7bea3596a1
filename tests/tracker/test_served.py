"""The real script with the real server: what the owner switches on is captured, stored, and off again when switched off."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import sync_playwright

from ingestion.sites import REFRESH_SECONDS
from tests.browser import CHROMIUM
from tests.conftest import eventually
from tests.running import PASSWORD
from tests.screenshots.pages import log_in
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
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
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


RECEIPT = "new Promise((done) => document.addEventListener('footfall:receipt', (event) => done(event.detail.id)))"


def test_a_preset_the_signal_and_a_receipt(footfall, shop):
    """CCPA, chosen on the page: counted from the first page on, but not with Global Privacy Control; opting out is logged."""
    site = footfall.create_site("ccpa.example")
    snippet = f'<script defer src="{footfall.url}/js/footfall.js" data-site="{site["site_key"]}"></script>'
    shop.page = f'<!doctype html><html lang="en"><title>Shop</title>{snippet}'
    seen = f"SELECT path, any(device_id != 0) FROM events WHERE site_id = {site['id']} GROUP BY path ORDER BY path"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        owner = browser.new_page()
        log_in(owner, footfall.url, "alice@example.com", PASSWORD)
        owner.goto(f"{footfall.url}/sites/{site['id']}/settings/privacy/consent?preset=ccpa")
        owner.click("text=Set it so")
        owner.wait_for_selector("text=In force")
        time.sleep(REFRESH_SECONDS + 1)  # then every process has it

        # By the header alone, as if the script had not looked; then as a browser with the signal has it.
        asking = browser.new_context(extra_http_headers={"Sec-GPC": "1"}).new_page()
        asking.goto(f"{shop.url}/only-header")
        asking.wait_for_function("!!localStorage['footfall.device']")
        signal = browser.new_context(extra_http_headers={"Sec-GPC": "1"})
        signal.add_init_script(
            "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })"
        )
        asking_too = signal.new_page()
        sent = []
        asking_too.on("request", lambda request: request.method == "POST" and sent.append(request.url))
        asking_too.goto(f"{shop.url}/signal")
        asking_too.wait_for_load_state("networkidle")

        page = browser.new_context().new_page()
        page.goto(f"{shop.url}/counted")
        page.wait_for_function("!!localStorage['footfall.device']")
        page.goto(f"{shop.url}/again")
        page.evaluate("footfall('consent', 'denied')")
        agreed = page.evaluate(f"(() => {{ const got = {RECEIPT}; footfall('consent', 'granted'); return got }})()")
        eventually(lambda: footfall.sql("SELECT count() FROM consents") == [(2,)], 20)
        logged = footfall.sql("SELECT answer, mode, version, language FROM consents ORDER BY answer")
        assert logged == [("denied", "full", 2, "en"), ("granted", "full", 2, "en")]
        eventually(lambda: ("/again", True) in footfall.sql(seen), 20)
        assert [path for path, _ in footfall.sql(seen)] == ["/again", "/counted"]
        dropped = "SELECT sum(events) > 0 FROM ingest_outcomes FINAL WHERE reason = 'global_privacy_control'"
        eventually(lambda: footfall.sql(dropped) == [(1,)], 20)
        assert sent == [] and asking_too.evaluate("localStorage.length") == 0

        page.goto(f"{footfall.url}/consent")
        page.fill("[name=consent_id]", agreed)
        page.keyboard.press("Enter")
        page.wait_for_selector("text=ccpa.example")
        browser.close()
