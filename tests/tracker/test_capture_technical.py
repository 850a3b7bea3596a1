"""Errors, the page's own requests, vitals, media, shares, sessions."""

import json
import re

import pytest

from tests.tracker.test_host_page import WATCH

pytestmark = pytest.mark.browser


def test_errors(host, capture):
    page = capture("errors")
    page.evaluate("""() => {
      window.addEventListener("error", (event) => event.preventDefault());
      window.addEventListener("unhandledrejection", (event) => event.preventDefault());
      const fail = (text) => dispatchEvent(new ErrorEvent("error", { message: text, filename: location.origin + "/app.js?v=1",
        lineno: 3, colno: 7, error: new TypeError(text) }));
      for (let i = 0; i < 9; i++) fail("order " + (100000 + i) + " failed");
      Promise.reject(new RangeError("late"));
      dispatchEvent(new ErrorEvent("error", { message: "Script error." }));
      document.body.append(Object.assign(new Image(), { src: "/nothing.png" }));
    }""")
    page.wait_for_timeout(300)
    page.goto("about:blank")
    host.wait_for("error", 8)
    found = [event["event_properties"] for event in host.events("error")]
    kinds = [item["error_type"] for item in found]
    assert kinds.count("TypeError") == 6 and kinds.count("RangeError") == 1 and kinds.count("cross_origin") == 1
    repeated = [item for item in found if item["error_type"] == "TypeError"]
    assert len({item["fingerprint"] for item in repeated}) == 1 and repeated[-1]["count"] == 4
    assert repeated[0]["source"].endswith("/app.js") and (repeated[0]["line"], repeated[0]["column"]) == (3, 7)
    assert len({item["fingerprint"] for item in found}) == 3


def test_the_pages_requests(host, capture):
    host.files["/api/users/12345/f0a1b2c3d4.json"] = "{}"
    page = capture("api")
    result = page.evaluate("""async () => {
      const fine = await (await fetch("/api/users/12345/f0a1b2c3d4.json?token=secret")).json();
      const missing = (await fetch("/api/missing", { method: "POST", body: "x" }).catch(() => ({ status: 0 }))).status;
      const xhr = await new Promise((done) => {
        const request = new XMLHttpRequest();
        request.open("GET", "/api/users/12345/f0a1b2c3d4.json");
        request.onloadend = () => done(request.status);
        request.send();
      });
      const stop = new AbortController();
      const aborted = fetch("/api/slow", { signal: stop.signal }).catch((error) => error.name);
      stop.abort();
      const failed = await fetch("/refused/\\u0000".replace("\\u0000", ""), { mode: "same-origin" }).then((r) => r.status);
      return [fine, xhr, await aborted, failed];
    }""")
    assert result == [{}, 200, "AbortError", 404], "the page gets what it would have got"
    first, second = (event["event_properties"] for event in host.wait_for("api_performance", 2))
    assert first["endpoint"] == "/api/users/:id/f0a1b2c3d4.json" or first["endpoint"] == "/api/users/:id/:id"
    assert (first["method"], first["status_code"], first["payload_size"]) == ("GET", 200, 2) and second[
        "status_code"
    ] == 200
    errors = [event["event_properties"] for event in host.wait_for("api_error", 2)]
    assert [(e["endpoint"], e["status_code"], e["error_type"]) for e in errors] == [
        ("/api/missing", 0, "TypeError"), ("/refused/", 404, "client_error")]  # fmt: skip
    assert "secret" not in str(host.posts)
    assert not any("/v1/events" in str(e["event_properties"]) for e in host.events()), "our own are none of the page's"


def test_vitals(host, capture):
    page = capture("vitals", body="<h1>Large words</h1><button>press</button>")
    page.click("button")
    page.wait_for_timeout(300)
    page.goto("about:blank")
    [event] = host.wait_for("page_performance")
    metrics = event["event_properties"]["metrics"]
    for name in ("dom_interactive", "dom_complete", "load_complete", "first_contentful_paint", "largest_contentful_paint",
                 "time_to_first_byte"):  # fmt: skip
        assert isinstance(metrics[name], int) and 0 <= metrics[name] < 60_000, name
    assert metrics["time_to_first_byte"] <= metrics["first_contentful_paint"] <= metrics["largest_contentful_paint"]
    assert metrics["cumulative_layout_shift"] == 0 and metrics["total_blocking_time"] >= 0
    assert event["event_properties"]["resources"]["requests_count"] >= 1
    assert event["page"]["url"] == host.origin + "/"


MEDIA = """() => {
  const video = document.querySelector("video");
  let at = 0;
  Object.defineProperties(video, { duration: { value: 100 }, currentTime: { get: () => at }, ended: { get: () => at >= 100 } });
  const say = (kind) => video.dispatchEvent(new Event(kind));
  say("play");
  for (at = 0; at <= 30; at += 1) say("timeupdate");
  say("pause");
  at = 80; say("timeupdate"); say("play");
  for (; at < 100; at += 1) say("timeupdate");
  at = 100; say("pause"); say("ended");
}"""


def test_video(host, capture):
    page = capture("media", body='<video data-footfall-video="tour"></video><video muted loop autoplay></video>')
    page.evaluate(MEDIA)
    [done] = host.wait_for("video_complete")
    told = [(e["event_type"][6:], e["event_properties"]["completion_percentage"], e["event_properties"]["duration_watched"])
            for e in host.events() if e["event_type"].startswith("video")]  # fmt: skip
    assert [kind for kind, *_ in told] == ["play", "progress", "pause", "play", "progress", "complete"]
    assert [share for _, share, _ in told] == [0, 25, 31, 80, 80, 100]
    assert done["event_properties"]["video_id"] == "tour" and done["event_properties"]["provider"] == "html5"
    assert 45 <= done["event_properties"]["duration_watched"] <= 52, "the jump from 30 to 80 was not watched"


PLAYERS = {
    "youtube": ("https://www.youtube.com/embed/abc-123?enablejsapi=1", [
        {"event": "infoDelivery", "info": {"duration": 60, "currentTime": 0, "playerState": 1}},
        {"event": "infoDelivery", "info": {"currentTime": 16}}, {"event": "infoDelivery", "info": {"playerState": 2}},
        {"event": "infoDelivery", "info": {"playerState": 1}}, {"event": "infoDelivery", "info": {"playerState": 0}}]),
    "vimeo": ("https://player.vimeo.com/video/123", [
        {"event": "play", "data": {"seconds": 0, "duration": 60}}, {"event": "timeupdate", "data": {"seconds": 16, "duration": 60}},
        {"event": "pause", "data": {"seconds": 16, "duration": 60}}, {"event": "play"}, {"event": "ended"}]),
}  # fmt: skip


@pytest.mark.parametrize("provider", list(PLAYERS))
def test_players_of_others(host, capture, provider):
    address, messages = PLAYERS[provider]
    page = capture("media", body=f'<iframe src="{address}"></iframe><iframe src="about:blank" id="fake"></iframe>')
    origin = "/".join(address.split("/")[:3])
    send = """([origin, messages]) => {
      const [frame, fake] = [...document.querySelectorAll("iframe")].map((one) => one.contentWindow);
      for (const [i, message] of messages.entries()) {
        const data = JSON.stringify(message);
        dispatchEvent(new MessageEvent("message", { origin: "https://evil.example", source: frame, data }));
        dispatchEvent(new MessageEvent("message", { origin, source: null, data }));
        dispatchEvent(new MessageEvent("message", { origin, source: frame, data }));
      }
      dispatchEvent(new MessageEvent("message", { origin, source: frame, data: "no json {" }));
    }"""
    page.evaluate(send, [origin, messages])
    host.wait_for("video_complete")
    kinds = [event["event_type"] for event in host.events() if event["event_type"].startswith("video")]
    assert kinds == ["video_play", "video_progress", "video_pause", "video_play", "video_complete"]
    about = host.events("video_play")[0]["event_properties"]
    assert about["provider"] == provider and about["video_id"] == ("abc-123" if provider == "youtube" else "123")


def test_shares(host, capture, page):
    page.add_init_script("Navigator.prototype.share = async () => 'shared'")
    links = '<a id="x" href="https://x.com/intent/post?text=a">x</a><a id="mail" href="mailto:?body=a">m</a><a id="no" href="/two">n</a>'
    page = capture("share", body=links)
    page.evaluate("addEventListener('click', (event) => event.preventDefault())")
    for selector in ("#x", "#mail", "#no"):
        page.click(selector)
    assert page.evaluate("navigator.share({ url: '/offer?x=1' })") == "shared"
    host.wait_for("share", 3)
    told = [
        (e["event_properties"]["share_platform"], e["event_properties"]["content_id"]) for e in host.events("share")
    ]
    assert told == [("x", host.origin + "/"), ("email", host.origin + "/"), ("native", host.origin + "/offer")]


def test_sessions_with_leave_to_store(host, capture):
    page = capture("session", gap_minutes=30)
    assert host.wait_for("session_start")[0]["event_properties"] == {}, (
        "seen to begin, as it came from nowhere on this site"
    )
    page.evaluate("footfall('consent', 'granted')")
    page.goto(host.origin + "/two")
    host.wait_for("session_start", 2)
    page.evaluate("footfall('event', 'a')")
    host.wait_for("a")
    before = page.evaluate("JSON.parse(localStorage['footfall.session'])")
    assert (before["pages"], before["events"]) == (1, 3), "page_exit, page_view, a"
    page.evaluate("""() => {
      const it = JSON.parse(localStorage["footfall.session"]);
      it.start -= 5e6; it.last = it.start + 6e4;
      localStorage["footfall.session"] = JSON.stringify(it);
      footfall("event", "later");
    }""")
    [over] = host.wait_for("session_end")
    assert over["event_properties"] == {"session_duration": 60_000, "pages_visited": 1, "events_count": 3}
    assert (
        over["event_timestamp"] < host.wait_for("later")[0]["event_timestamp"]
        and len(host.events("session_start")) == 3
    )
    page.evaluate("footfall('consent', 'denied')")
    assert page.evaluate("Object.keys(localStorage)") == []


TIMED = """
  window.slowest = 0;
  const original = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const timed = typeof listener != "function" ? listener : function (...args) {
      const began = performance.now();
      try { return listener.apply(this, args); } finally { slowest = Math.max(slowest, performance.now() - began); }
    };
    return original.call(this, type, timed, options);
  };
"""


def test_everything_at_once_is_light(host, capture, page):
    """No handler near 50 ms, no layout shift, no breach of a strict policy, on a page of a thousand elements."""
    every = ["links", "clicks", "frustration", "forms", "inputs", "scroll", "media", "share", "search", "errors", "api",
             "session", "ecommerce", "bridges", "vitals"]  # fmt: skip
    page.add_init_script(WATCH + TIMED)
    body = "".join(f'<div class="row"><button>b{i}</button><a href="#{i}">l{i}</a></div>' for i in range(500))
    page = capture(*every, body=body, bridges=["tcf", "gcm"], search_params=["q"])
    for i in range(0, 60, 3):
        page.click(f"text=b{i} >> nth=0")
    page.mouse.wheel(0, 4000)
    page.wait_for_timeout(500)
    host.wait_for("click", 20)
    assert page.evaluate("[breaches, shifts]") == [[], 0]
    assert 0 < page.evaluate("slowest") < 25


@pytest.mark.parametrize("spoiling", [
    "Object.defineProperty(crypto, 'subtle', { value: undefined })", "window.fetch = undefined",
    "Object.freeze(XMLHttpRequest.prototype)", "delete window.PerformanceObserver", "delete window.IntersectionObserver",
    "window.dataLayer = Object.freeze([])", "window.__tcfapi = () => { throw new Error('no') }",
    "Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked') } })",
])  # fmt: skip
def test_odd_pages_keep_working(host, capture, page, spoiling):
    """The `page` fixture fails on anything thrown."""
    page.add_init_script(spoiling)
    page = capture("clicks", "api", "frustration", "search", "ecommerce", "bridges", "session", "vitals", body="<button>b</button>",
                   path="/?q=a", bridges=["tcf", "gcm"], search_params=["q"])  # fmt: skip
    page.click("button")
    host.wait_for("click")


def test_the_version_is_told(host, visit):
    visit("/")
    [version] = {post.body["tracker"] for post in host.posts}
    assert re.fullmatch(r"\d+\.\d+\.\d+", version) and json.dumps(version)
