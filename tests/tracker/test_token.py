"""The token by which a person shows who they are, asked for by a page."""

import pytest

pytestmark = pytest.mark.browser


def test_a_page_asks_for_the_token_of_its_person(host, visit):
    page = visit("/")
    host.wait_for("page_view")
    asked = []

    def answer(route):
        asked.append(route.request.post_data)
        route.fulfill(body="tok", headers={"Access-Control-Allow-Origin": "*"})

    page.route("**/api/v1/events/token", answer)
    ask = "() => new Promise((done) => footfall('token', done))"
    assert page.evaluate(ask) == "tok" and asked[0].endswith("undefined")
    page.evaluate("footfall('consent', 'granted')")
    device = page.evaluate("localStorage.getItem('footfall.device')")
    assert page.evaluate(ask) == "tok" and asked[1].endswith(device) and len(device) == 36
