"""One site full of hostile texts, in Chromium: nothing of them runs on any page or panel, no policy has to stop it, and it is read there."""

import csv
import io
import json
import re
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, urlsplit

import pytest
from django.conf import settings
from django.urls import resolve, reverse

from accounts.permissions import MATRIX
from dashboards.breakdown import GROUPS
from tests.accounts.test_permissions import kwargs_of
from tests.browser import chromium
from tests.conftest import eventually
from tests.hostile.payloads import IMAGE, LINK, MARK, PLANTED, SCRIPT, TEXTS, batches, hostile_events

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.timeout(400)]
FILL = "import json; from tests.hostile.saved import save_all; print(json.dumps(save_all({})))"
# What a text that became markup or script would leave behind; nothing in our own pages has an on… attribute.
LOOK = f"""() => [
  window.hacked || window.violations.join() || "",
  [...document.querySelectorAll("[{PLANTED}], iframe, [srcdoc], svg a, a[href^='javascript:' i]")].map((one) => one.outerHTML.slice(0, 200)).join(),
  [...document.querySelectorAll("*")].filter((one) => [...one.attributes].some((a) => /^on|^hx-on/.test(a.name))).map((one) => one.outerHTML.slice(0, 200)).join(),
]"""
# The words of the page and of each panel in it, fields included: not its source.
WORDS = """() => [["", document], ...[...document.querySelectorAll("[hx-get]")].map((one) => [one.getAttribute("hx-get"), one])].map(([name, one]) =>
  [name, (one.body ?? one).textContent + [...one.querySelectorAll("input, textarea")].map((field) => field.value).join(" ")])"""
BUSY = """() => document.querySelectorAll("[data-panel] .skeleton, .htmx-request").length
  || !!document.querySelector('script[src]') * [...document.querySelectorAll("[data-chart]")].filter((one) => !one.querySelector(".main-svg")).length"""
# The labels that appear under the pointer are made of texts, too.
POINT = """() => { for (const node of document.querySelectorAll(".js-plotly-plot"))
  if (node.data.length) Plotly.Fx.hover(node, node.data.map((_, i) => ({ curveNumber: i, pointNumber: 0 }))) }"""
WATCH = """window.violations = []; document.addEventListener("securitypolicyviolation",
  (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"""
# What is no page: files, answers for programs, redirects, a file that is not made yet.
FILES = {
    "home", "site-home", "healthz", "readyz", "metrics", "event-types", "event-type", "python-client", "api-schema", "tracker", "tracker-config",
    "audit-csv", "privacy-log-csv", "privacy-notice", "download", "privacy-receipt", "privacy-archive", "filter", "oidc", "oidc-callback", "reset", "invitation", "unsubscribe",
    "second", "setup", "login", "confirm", "recovery-codes", "exchange-rates-one",
}  # fmt: skip
# Pages that show nothing of what others wrote.
WITHOUT = {
    "login", "forgot", "second", "setup", "confirm", "api-docs", "exchange-rates", "privacy-retention", "costs", "recovery-codes",
    "factor-app", "privacy-opt-outs", "installation", "installation-status", "sparkline", "health-now", "site-home",
    "panel-headline", "panel-people", "panel-engagement", "panel-retention-short", "panel-lifecycle", "panel-customers", "panel-ltv",
    "panel-vitals", "panel-channels", "panel-retention", "panel-funnel-short", "settings-tracking", "new-event-type", "privacy-request",
    "consent-proof",
}  # fmt: skip


COMPUTED = ("map", "channel", "device_type", "event_type")  # never any text that was sent
OK = (200, 286)  # 286: htmx need not ask again


class Attacked:
    """The pages as a browser sees them; `wrong`: what ran, what was planted, what was refused by a policy."""

    def __init__(self, footfall, context):
        self.footfall, self.base, self.wrong, self.panels = footfall, footfall.url, [], set()
        self.read, self.whole = set(), set()
        self.page = context.new_page()
        context.add_init_script(WATCH)
        self.page.on("console", lambda m: self.hear_console(m))
        self.page.on("pageerror", lambda error: self.note(f"script: {error}"))
        self.page.on("dialog", lambda dialog: (self.note(f"dialog: {dialog.message[:200]}"), dialog.dismiss()))
        self.page.on("response", self.hear)

    def note(self, text):
        self.wrong.append((urlsplit(self.page.url).path, text))

    def hear_console(self, message):
        is_icon = message.location["url"].endswith("/favicon.ico")  # panels by themselves name none
        if message.type in ("error", "warning") and not is_icon:
            self.note(f"{message.type}: {message.text[:300]}")

    def hear(self, answer):
        address = urlsplit(answer.url)
        if address.scheme not in ("data", "blob") and not answer.url.startswith(self.base):
            self.note(f"asked elsewhere: {answer.url[:200]}")
        elif answer.headers.get("x-content-type-options") != "nosniff":
            self.note(f"may be sniffed: {address.path}")
        elif "hx-request" in answer.request.headers:
            self.panels.add((resolve(address.path).url_name, answer.url))
            if answer.status not in OK:
                self.note(f"{answer.status} from {answer.url[:200]}")

    def learn(self, name, words):
        if MARK in words:
            self.read.add(name)
        if any(text in words for text in (SCRIPT, IMAGE, LINK)):
            self.whole.add(name)

    def settle(self):
        until = time.monotonic() + 20
        while self.page.evaluate(BUSY):
            assert time.monotonic() < until, f"{self.page.url} does not come to rest"
            self.page.wait_for_timeout(50)

    def visit(self, name, path):
        answer = self.page.goto(self.base + path)
        if answer.status not in OK or not answer.headers["content-type"].startswith("text/html"):
            self.note(f"{answer.status} {answer.headers['content-type']}")
        self.settle()
        self.look(name)

    def look(self, name):
        if self.page.locator(".js-plotly-plot").count():
            self.page.evaluate(POINT)
            self.page.wait_for_timeout(100)
        for found in self.page.evaluate(LOOK):
            if found:
                self.note(found)
        for address, words in self.page.evaluate(WORDS):
            self.learn(resolve(urlsplit(address).path).url_name if address else name, words)

    def files(self):
        """Each panel that was seen, as CSV: no cell begins as a formula does."""
        for name, url in dict(sorted(self.panels)).items():
            answer = self.page.request.get(f"{url}{'&' if '?' in url else '?'}format=csv")
            if not answer.headers["content-type"].startswith("text/csv"):
                continue
            if (
                answer.headers["x-content-type-options"] != "nosniff"
                or "attachment" not in answer.headers["content-disposition"]
            ):
                self.note(f"{name} as a file: {answer.headers}")
            for row in csv.reader(io.StringIO(answer.text())):
                self.wrong += [(name, cell) for cell in row if is_formula(cell)]


def is_formula(cell):
    text = cell.lstrip()
    return (text[:1] in ("=", "+", "@", "-") or cell[:1] in ("\t", "\r")) and not text[1:].replace(".", "", 1).isdigit()


@pytest.fixture(scope="module")
def site(footfall):
    made = footfall.create_site()
    sent, refused = 0, 0
    for events in batches(hostile_events()):
        answer = footfall.post(made, events, made["ingest_secret"])
        sent, refused = sent + answer["accepted"], refused + len(answer["rejected"])
    assert sent > 400 and 20 < refused < 60, (sent, refused)
    eventually(lambda: footfall.sql("SELECT count() FROM events")[0][0] >= sent, 60)
    return made | json.loads(footfall.manage("shell", "-c", FILL.format(made["id"])).splitlines()[-1])


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


def asked(site):
    """Addresses under which a page shows most."""
    text, segments = quote(SCRIPT), "&".join(f"segment={pk}" for pk in site["segments"][:2])
    steps = f"step=page_view&step={quote(TEXTS[0])}"
    return {
        "executive": f"period=90d&f=is_not,path,{text}", "marketing": f"period=90d&model=linear&{segments}",
        "product": "period=90d&series=click&event=click&breakdown=browser&step=page_view&step=purchase",
        "details": "period=90d", "funnel-people": "period=90d&step=page_view&step=purchase&number=1", "filter": "",
        "filter-values": "period=90d&add_dimension=title",
        "panel-trends": f"period=90d&series={text}&{steps}", "settings-links": f"query={text}",
    }  # fmt: skip


def addresses(site, team=1):
    """Name -> path of all that answers a GET with a page, from the table of who may do what."""
    own = {
        "site_id": site["id"], "team_id": team, "dimension": "path", "group": "pages", "page": "executive", "schema_id": site["schema"],
        "key_id": site["key"], "uid": "MQ", "token": site["gate"], "pk": 1, "kind": "events", "name": "page_view", "site_key": site["site_key"],
    }  # fmt: skip
    ids = {
        "goals": "goal",
        "defined-events": "defined",
        "annotations": "note",
        "segments": "segment",
        "privacy-request": "privacy",
    }
    queries, found = asked(site), {}
    for name, methods in MATRIX.items():
        if "GET" not in methods or name in FILES or (name.startswith("api-") and name != "api-docs"):
            continue
        values = {kwarg: own[kwarg] for kwarg in kwargs_of(name)}
        if "pk" in values:
            values["pk"] = site.get(ids.get(name.removesuffix("-one"), ""), 1)
        found[name] = f"{reverse(name, kwargs=values)}?{queries.get(name, '')}"
    return found


def tabs(site):
    """What stands behind the tabs of the panels."""
    base = f"/sites/{site['id']}"
    found = {
        f"{group}: {tab}": f"{base}/executive/panels/{group}?tab={tab}"
        for group, (_, tabs) in GROUPS.items()
        for tab in tabs
    }
    return found | {"panel-attribution": f"{base}/marketing/panels/attribution?tab=utm_campaign"}


def enter(footfall, site, browser):
    """A page of the owner's session."""
    context = browser.new_context()
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": site["session"], "url": footfall.url}])
    return Attacked(footfall, context)


def test_nothing_of_it_runs_and_all_of_it_is_read(browser, footfall, site):
    seen = enter(footfall, site, browser)
    known = addresses(site)
    pages = {name: path for name, path in known.items() if not name.startswith("panel-")}
    for name, path in pages.items():
        seen.visit(name, path)
    for name in set(known) - set(pages) - {name for name, _ in seen.panels}:
        seen.visit(name, known[name])
    for name, path in tabs(site).items():
        seen.visit(name, path)
    seen.files()
    assert seen.wrong == [], "\n".join(map(str, seen.wrong))
    unread = set(known) - seen.read - WITHOUT
    assert unread == set(), f"the text is not on {unread}: does the test prove anything?"
    firsts = {f"{group}: {tabs[0]}" for group, (_, tabs) in GROUPS.items() if tabs[0] not in COMPUTED}
    assert firsts <= seen.read, firsts - seen.read
    cut = set(pages) - WITHOUT - {"funnel-people", "live-now"} - seen.whole
    assert cut == set(), f"not as it was sent on {cut}"


def test_what_opens_on_a_page(browser, footfall, site):
    """Dialogs, an import and its preview, and what is said after something was saved."""
    seen = enter(footfall, site, browser)
    page, base = seen.page, f"/sites/{site['id']}"
    seen.visit("product", f"{base}/product?period=90d&step=page_view&step=purchase")
    page.get_by_role("button", name="People of this step").first.click()
    page.locator("#details[open] table").wait_for()
    seen.look("dialog")
    seen.visit("spend", f"{base}/settings/spend")
    table = io.StringIO()
    texts = [re.sub(r"[\x00-\x1f\ufffe]", "", text) for text in TEXTS]  # a file that has these is refused as a whole
    rows = [(f"2026-11-{i + 1:02}", text, SCRIPT, "5", text) for i, text in enumerate(texts)]
    csv.writer(table).writerows([("Day", "Campaign", "Source", "Cost", IMAGE), *rows, (IMAGE, SCRIPT, "", "5", "")])
    page.set_input_files(
        "input[type=file]", {"name": f"{IMAGE}.csv", "mimeType": "text/csv", "buffer": table.getvalue().encode()}
    )
    page.locator("form", has=page.locator("input[type=file]")).get_by_role("button", name="Look at it").click()
    page.get_by_text("expected a day").first.wait_for()
    seen.look("preview")
    page.locator("[name=confirm]").click()
    page.get_by_text("amounts are imported").wait_for()
    seen.look("imported")
    seen.visit("executive", f"{base}/executive?period=90d&f=is_not,path,{quote(SCRIPT)}")
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true })")
    form = page.locator(f"form[action='{base}/segments/save']")
    form.locator("[name=name]").fill(f"{IMAGE} again")
    form.get_by_role("button").click()
    page.locator(".toast", has_text=f"{IMAGE} again is saved").wait_for()
    seen.look("saved")
    assert seen.wrong == [], "\n".join(map(str, seen.wrong))
    assert {"dialog", "preview", "imported", "saved"} <= seen.read


@contextmanager
def page_of_others(html):
    """On a host of its own."""

    class Host(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


def test_guests_and_frames_of_others(browser, footfall, site):
    """A page on another host shows the dashboard in a frame, its panels too; what is not to be embedded stays out."""
    context = browser.new_context()
    seen, wrong = Attacked(footfall, context), []
    for page, token in site["links"].items():
        seen.visit(page, f"/share/{token}")
    seen.visit("gate", f"/share/{site['gate']}")
    seen.visit("invitation", f"/invitations/{site['invitation']}")
    seen.visit("unsubscribe", f"/unsubscribe/{site['unsubscribe']}")
    assert seen.wrong == [], "\n".join(map(str, seen.wrong))
    assert {"executive", "product", "marketing", "panel-trends", "invitation"} <= seen.read
    framed = context.new_page()
    framed.on("pageerror", lambda error: wrong.append(str(error)))
    embed = f"{footfall.url}/share/{site['links']['executive']}?embed=1"
    html = f"<iframe name=in src='{embed}' width=1200 height=900></iframe><iframe name=out src='{footfall.url}/login'></iframe>"
    with page_of_others(html) as address:
        framed.goto(address)
    inside = framed.frame(name="in")
    inside.locator(".js-plotly-plot .main-svg").first.wait_for()
    assert MARK in inside.content() and not inside.locator(f"[{PLANTED}]").count()
    assert inside.evaluate("window.violations") == [] and wrong == []
    assert framed.frame(name="out").url.startswith("chrome-error:"), "the log-in page is in nobody's frame"


def test_text_becomes_neither_markup_nor_script(browser, footfall, site):
    """Trusted Types: what a mistake in a script of ours could do, the browser refuses."""
    seen = enter(footfall, site, browser)
    page = seen.page
    seen.visit("executive", f"/sites/{site['id']}/executive")
    for code in (
        "document.body.innerHTML = '<b>x</b>'", "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
        "new DOMParser().parseFromString('<b>x</b>', 'text/html')", "document.createElement('script').text = '1'",
        "document.createElement('script').src = 'https://evil.example/x.js'", "document.createElement('script').src = '/static/ui/app.js'",
        "document.createElement('iframe').srcdoc = '<b>x</b>'", "trustedTypes.createPolicy('other', {})",
        "trustedTypes.createPolicy('default', { createHTML: (text) => text })",
    ):  # fmt: skip
        assert (
            page.evaluate(f"() => {{ try {{ {code}; return 'done' }} catch (error) {{ return error.name }} }}")
            == "TypeError"
        ), code
    assert (
        page.evaluate(
            "() => { document.body.append(document.createElement('p')); return document.body.innerHTML.length }"
        )
        > 100
    )
