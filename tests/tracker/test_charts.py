"""Plotly draws under the policy of Footfall's own pages, and asks no other host for its map."""

import pytest

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html><head>
<link rel="stylesheet" id="plotly.js-style-global" class="no-inline-styles" href="/static/ui/plotly.css">
<script src="/breaches.js"></script><script defer src="/static/ui/plotly.js"></script></head>
<body><div id="lines"></div><div id="map"></div></body></html>"""
BREACHES = """
  window.breaches = [];
  document.addEventListener("securitypolicyviolation", (event) => breaches.push(event.violatedDirective));
"""
DRAW = """async () => {
  const config = { topojsonURL: "/static/topojson/", displaylogo: false, responsive: true };
  const scatter = { type: "scatter", x: [1, 2, 3], y: [2, 1, 3], text: ["a", "<b>bold</b>", "c"], hovertemplate: "%{text}" };
  const bar = { type: "bar", x: [1, 2, 3], y: [1, 1, 2] };
  await Plotly.newPlot("lines", [scatter, bar], { hovermode: "x unified" }, config);
  const places = { type: "choropleth", locations: ["DEU", "USA", "NPL"], z: [1, 2, 3] };
  await Plotly.newPlot("map", [places], { geo: { projection: { type: "natural earth" } } }, config);
}"""


def test_charts_under_the_strict_policy(host, page):
    requested = []
    page.on("request", lambda request: requested.append(request.url))
    host.pages["/charts"] = PAGE
    host.files["/breaches.js"] = BREACHES
    page.goto(host.origin + "/charts")
    page.evaluate(DRAW)
    box = page.locator("#lines .plotly").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector("#lines .hoverlayer text")
    bold = page.locator("#lines .hoverlayer tspan", has_text="bold").last
    assert bold.evaluate("one => getComputedStyle(one).fontWeight") in ("bold", "700")
    assert page.locator("#lines .scatterlayer .point").count() == 3
    assert page.locator("#lines .barlayer .point").count() == 3
    assert page.locator("#map .choroplethlayer path").count() == 3
    assert page.locator("#map .coastlines path, #map .countries path, #map .bg path").count() > 0
    assert page.locator("#lines .main-svg").first.evaluate("svg => getComputedStyle(svg).position") == "absolute"
    assert page.evaluate("breaches") == []
    assert all(url.startswith(host.origin) for url in requested), requested
