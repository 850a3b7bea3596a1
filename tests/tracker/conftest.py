"""Chromium visits pages of a small server that carry the tracker; what the tracker posts is kept for the tests."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from analytics.services import static_build
from tests.browser import CHROMIUM

DIST = static_build.STATIC / "dist"
STRICT = (
    "default-src 'none'; script-src 'self' {tracker}; connect-src 'self' {tracker}; style-src 'self'; img-src 'self'"
)
CHARTS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'"
)
SNIPPET = '<script defer src="{origin}/js/footfall.js" data-site="KEY"></script>'
TYPES = {".js": "text/javascript", ".json": "application/json", ".css": "text/css", ".pdf": "application/pdf"}
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync "
    "--disable-quic --no-first-run --disable-blink-features=AutomationControlled"
).split()


@dataclass
class Request:
    at: float
    path: str
    content_type: str
    body: dict[str, Any]


@dataclass
class Host:
    """The site's server and Footfall's in one: `pages` by path, `answers` to the next posts, `posts` that came."""

    port: int = 0
    pages: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    posts: list[Request] = field(default_factory=list)
    gets: list[str] = field(default_factory=list)
    config: dict[str, Any] | None = field(default_factory=dict)  # None: the server does not answer
    preflights: int = 0

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def tracker(self) -> str:
        """The same server under another origin, as Footfall's usually is."""
        return f"http://127.0.0.1:{self.port}"

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """What came, each once, in the order of the browser's index."""
        found = {event["event_id"]: event for post in self.posts for event in post.body["events"]}
        return [event for event in found.values() if kind in (None, event["event_type"])]

    def wait_for(self, kind: str, count: int = 1, seconds: float = 8) -> list[dict[str, Any]]:
        eventually(lambda: len(self.events(kind)) >= count, seconds, lambda: f"{kind}: {self.kinds()}")
        return self.events(kind)

    def kinds(self) -> list[str]:
        return [event["event_type"] for event in self.events()]


def eventually(check: Callable[[], Any], seconds: float = 8, told: Callable[[], str] = str) -> None:
    until = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < until, f"not within {seconds} s; {told()}"
        time.sleep(0.02)


def configuration(config: dict[str, Any]) -> bytes:
    """As accounts/views/tracker.py composes it; tests/tracker/test_served.py has both together."""
    modules = set(config.get("modules", []))
    names = ["receipts.js"] if "consent" in modules else []
    names += (["capture.js"] if modules - {"vitals", "consent"} else []) + (
        ["vitals.js"] if "vitals" in modules else []
    )
    parts = [f'footfall("configure",{json.dumps(config)});', *((DIST / "js" / name).read_text() for name in names)]
    return "\n".join(parts).encode()


def handler(host: Host) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def answer(self, status: int, content_type: str, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            headers = {"Content-Type": content_type, "Content-Length": str(len(body)), **headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Expose-Headers", "Retry-After")
            self.end_headers()
            self.wfile.write(body)

        def do_OPTIONS(self) -> None:
            host.preflights += 1
            self.answer(204, "text/plain", b"", {})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers = host.answers.pop(0) if host.answers else (202, {})
            sent_as = self.headers["Content-Type"]
            host.posts.append(Request(time.monotonic(), self.path, sent_as, body))
            self.answer(status, "application/json", b"{}", headers)

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            host.gets.append(path)
            file = DIST / path.removeprefix("/static").lstrip("/")
            if path == "/js/config/KEY.js" and host.config is not None:
                self.answer(200, "text/javascript", configuration(host.config), {})
            elif path in host.pages:
                policy = CHARTS if path == "/charts" else STRICT.format(tracker=host.tracker)
                self.answer(200, "text/html", host.pages[path].encode(), {"Content-Security-Policy": policy})
            elif path in host.files:
                self.answer(200, TYPES[Path(path).suffix], host.files[path].encode(), {})
            elif file.is_file():
                self.answer(200, TYPES.get(file.suffix, "application/octet-stream"), file.read_bytes(), {})
            else:
                self.answer(404, "text/plain", b"", {})

    return Handler


@pytest.fixture(scope="session")
def built() -> None:
    static_build.build()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


def document(host: Host, title: str, body: str = "", snippet: str = SNIPPET) -> str:
    head = snippet.format(origin=host.tracker)
    return f'<!doctype html><html lang="en"><head><title>{title}</title>{head}</head><body>{body}</body></html>'


@pytest.fixture
def host(built: None) -> Iterator[Host]:
    host = Host()
    server = ThreadingHTTPServer(("", 0), handler(host))
    server.daemon_threads = True
    host.port = server.server_port
    links = '<a id="two" href="/two">two</a><a id="anchor" href="#part">part</a><p id="part">x</p>'
    host.pages = {"/": document(host, "One", links), "/two": document(host, "Two", '<a id="one" href="/">one</a>')}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield host
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def context(browser: Browser, host: Host) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1200, "height": 800}, locale="de-DE", timezone_id="Europe/Berlin")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab in which no script may throw."""
    page = context.new_page()
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    yield page
    assert thrown == []


@pytest.fixture
def visit(page: Page, host: Host) -> Callable[..., Page]:
    """`visit("/")`: opens a page and waits until its page view has come."""

    def go(path: str = "/", wait: bool = True) -> Page:
        before = len(host.events("page_view"))
        page.goto(host.origin + path)
        if wait:
            host.wait_for("page_view", before + 1)
        return page

    return go


ATTENTION = """
  let visible = true, focused = true;
  Object.defineProperty(document, "visibilityState", { get: () => visible ? "visible" : "hidden" });
  document.hasFocus = () => focused;
  let begun = performance.now(), attended = 0;
  window.watchedSince = performance.timeOrigin + begun;
  window.attended = () => attended + (visible && focused ? performance.now() - begun : 0);
  window.attend = (isVisible, isFocused) => {
    [attended, begun] = [window.attended(), performance.now()];
    const [wasVisible, wasFocused] = [visible, focused];
    [visible, focused] = [isVisible, isFocused];
    if (wasFocused != focused) window.dispatchEvent(new Event(focused ? "focus" : "blur"));
    if (wasVisible != visible) document.dispatchEvent(new Event("visibilitychange"));
  };
"""


@pytest.fixture
def attention(page: Page) -> Callable[[bool, bool], None]:
    """`attention(visible, focused)`: Chromium under test believes itself always in front, so the page is told."""
    page.add_init_script(ATTENTION)
    return lambda visible, focused: page.evaluate(f"attend({json.dumps(visible)}, {json.dumps(focused)})")


@pytest.fixture
def capture(host: Host, visit: Callable[..., Page]) -> Callable[..., Page]:
    """`capture("clicks", body="<button>…")`: a page with these modules on, its first page view sent."""

    def go(*modules: str, body: str = "", path: str = "/", snippet: str = SNIPPET, **config: Any) -> Page:
        host.config = {"modules": list(modules), **config}
        host.pages[path.split("?")[0]] = document(host, "Page", body, snippet)
        return visit(path)

    return go
