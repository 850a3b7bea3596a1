"""Clicks, rage, dead ones, scrolling: by a real mouse."""

import pytest

pytestmark = pytest.mark.browser

BODY = """
  <main><section><p id="text">Plain text that nobody can press</p>
  <button id="buy" class="cta big"><b>Buy   now, mail me@shop.example 4242 4242 4242</b></button>
  <a href="/two?token=secret#frag"><span>Read</span> more</a>
  <label for="name">Name</label><input id="name" value="typed secret">
  <div data-footfall-mask><button class="masked">Hidden Name</button></div>
  <div data-footfall-ignore><button class="ignored">Nothing</button></div>
  <button id="item-8839201">one</button><button>two</button></section></main>
"""


def elements(host, count, kind="click"):
    return [event["event_properties"]["element"] for event in host.wait_for(kind, count)]


def test_a_click_tells_the_element_and_the_place(host, capture):
    page = capture("clicks", body=BODY)
    box = page.locator("#buy").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    [event] = host.wait_for("click")
    assert event["event_properties"]["element"] == {
        "id": "buy", "class": "cta big", "tag": "button", "text": "Buy now, mail * *", "selector": "#buy",
        "path": "body>main>section>button#buy.big.cta",
    }  # fmt: skip
    position = event["event_properties"]["position"]
    assert position["relative_x"] == pytest.approx(0.25, abs=0.02) and position["relative_y"] == pytest.approx(
        0.5, abs=0.06
    )
    assert position["x"] == position["viewport_x"] and abs(position["x"] - box["x"] - box["width"] / 4) <= 1
    assert position["relative_x"] == pytest.approx(0.25, abs=0.02)
    assert position["relative_y"] == pytest.approx(0.5, abs=0.06)
    assert position["page_width"] == 1200


def test_what_is_private_stays_on_the_page(host, capture):
    page = capture("clicks", body=BODY)
    page.evaluate("addEventListener('click', (event) => event.preventDefault())")
    for selector in ("#name", ".masked", ".ignored", "a span", "#text"):
        page.click(selector)
    field, masked, link, text = elements(host, 4)
    assert field["tag"] == "input" and "text" not in field and "text" not in masked
    assert link["href"] == f"{host.origin}/two" and link["text"] == "Read more"
    assert "text" not in text
    page.wait_for_timeout(100)
    assert "secret" not in str(host.posts) and len(host.events("click")) == 4


def test_the_selector_is_the_same_for_everybody(host, capture):
    page = capture("clicks", body=BODY)
    page.click("text=one")
    page.click("text=two")
    one, two = elements(host, 2)
    assert one["selector"] == "main > section > button:nth-of-type(2)", "an id with a number is somebody's own"
    assert two["selector"] == "main > section > button:nth-of-type(3)"
    assert page.evaluate(f"document.querySelector('{two['selector']}').textContent") == "two"


def test_rage(host, capture):
    page = capture("frustration", body=BODY + '<button id="next">Next</button><div class="Carousel"><i>o</i></div>')
    for selector in ("#next", "i", "#name"):
        for _ in range(4):
            page.click(selector, delay=5)
    page.click("#text")
    page.wait_for_timeout(1100)
    page.click("#text")
    page.click("#text")
    page.evaluate("footfall('event', 'calm')")
    host.wait_for("calm")
    assert host.events("rage_click") == [], "steppers, carousels, fields and two clicks are no rage"
    page.wait_for_timeout(1100)
    page.evaluate("getSelection().removeAllRanges(); document.body.style.userSelect = 'none'")
    for _ in range(3):
        page.click("#buy")
    [rage] = host.wait_for("rage_click")
    assert rage["event_properties"]["clicks"] == 3 and rage["event_properties"]["element"]["id"] == "buy"


ALIVE = {
    "mutation": "document.body.append('x')",
    "request": "fetch('/slow').catch(() => {})",
    "scroll": "scrollTo(0, 200)",
    "navigation": "history.pushState({}, '', '/other')",
    "focus": "document.getElementById('name').focus()",
}


def test_dead_clicks(host, capture):
    page = capture("frustration", body=BODY)
    page.click("#text")
    [dead] = host.wait_for("dead_click", seconds=6)
    assert dead["event_properties"]["element"]["selector"] == "#text"
    page.click("#name")
    page.wait_for_timeout(2800)
    assert len(host.events("dead_click")) == 1, "a field is never dead"


@pytest.mark.parametrize("reaction", list(ALIVE))
def test_a_click_that_does_something_is_not_dead(host, capture, reaction):
    page = capture("frustration", body=BODY)
    page.evaluate("document.querySelector('main').style.minHeight = '3000px'")
    page.evaluate(
        f"document.getElementById('buy').addEventListener('click', () => setTimeout(() => {{ {ALIVE[reaction]} }}, 300))"
    )
    page.click("#buy")
    page.wait_for_timeout(3000)
    page.evaluate("footfall('event', 'done')")
    host.wait_for("done")
    assert host.events("dead_click") == []


def test_scroll_marks(host, capture):
    page = capture("scroll", body='<div id="tall"></div><script src="/tall.js"></script>')
    page.evaluate("document.body.style.margin = 0; document.getElementById('tall').style.height = '3200px'")
    depths = []
    for top in (100, 1000, 1200, 2400):
        page.evaluate(f"scrollTo(0, {top})")
        page.wait_for_timeout(350)
    page.evaluate("footfall('event', 'done')")
    host.wait_for("done")
    depths = [event["event_properties"]["scroll_depth"] for event in host.events("scroll")]
    assert depths == [25, 50, 100], "each mark once: 900/3200, 1800/3200, 2000/3200, the end"
    assert all(event["event_properties"]["viewport_height"] == 800 for event in host.events("scroll"))
    assert host.events("scroll")[1]["event_properties"]["scroll_velocity"] > 500
