"""Forms, fields, search and the shop's attributes: by a real keyboard."""

import hashlib

import pytest

pytestmark = pytest.mark.browser

FORM = """
  <form id="signup" name="join" action="/two"><input name="email" type="email" required><input name="pass" type="password">
    <input name="cc" autocomplete="cc-number"><select name="plan"><option>a<option>b</select><button>Go</button></form>
  <form id="other"><input name="q2"></form>
"""


def test_a_form_from_start_to_submit(host, capture):
    page = capture("forms", body=FORM)
    page.evaluate("addEventListener('submit', (event) => event.preventDefault())")
    page.focus("[name=email]")
    page.wait_for_timeout(120)
    page.keyboard.type("secreX")
    page.keyboard.press("Backspace")
    page.click("button")  # refused by the browser: no address yet
    page.focus("[name=email]")
    page.keyboard.press("End")
    page.keyboard.type("t@example.com")
    page.fill("[name=pass]", "hunter2")
    page.fill("[name=cc]", "4242424242424242")
    page.click("button")
    [sent] = host.wait_for("form_submit")
    about = sent["event_properties"]
    assert (about["form_id"], about["form_name"]) == ("signup", "join") and about["submission_time"] >= 120
    assert about["validation_errors"] == {"count": 1, "fields": ["email"]}
    email, password, card = about["fields"]
    assert email["name"] == "email" and email["corrections"] == 1 and email["filled"] and email["hesitation_ms"] >= 100
    assert (password["name"], password["type"], card["name"]) == ("", "password", "")
    assert "secret" not in str(host.posts) and "hunter2" not in str(host.posts) and "4242" not in str(host.posts)
    assert host.kinds().count("form_start") == 1 and "form_abandon" not in host.kinds()


def test_an_abandoned_form(host, capture):
    page = capture("forms", body=FORM)
    page.fill("[name=email]", "a@b.example")
    page.focus("[name=plan]")
    page.goto(host.origin + "/two")
    [left] = host.wait_for("form_abandon")
    assert left["event_properties"]["last_field"] == "plan" and left["event_properties"]["form_id"] == "signup"
    assert [field["filled"] for field in left["event_properties"]["fields"]] == [True, False]


def test_field_changes(host, capture):
    page = capture("inputs", body=FORM)
    page.fill("[name=email]", "a@b.example")
    page.select_option("[name=plan]", "b")
    page.fill("[name=pass]", "hunter2")
    page.focus("[name=email]")
    found = {e["event_properties"]["field_type"]: e["event_properties"] for e in host.wait_for("input_change", 3)}
    assert found["email"] == {"field_name": "email", "field_type": "email", "has_value": True, "form_id": "signup"}
    assert found["select-one"]["field_name"] == "plan" and found["password"]["field_name"] == ""
    assert "hunter2" not in str(host.posts) and "b.example" not in str(host.posts)


RESULTS = """<ol data-footfall-results="17"><li data-footfall-result data-footfall-result-type="product"><a href="/two">a</a>
  <li data-footfall-result data-footfall-result-type="article"><a id="second" href="/two">b</a></ol>"""


def test_search_is_only_told_as_a_hash(host, capture):
    page = capture(
        "search",
        body=RESULTS,
        path="/search?q=Red++Shoes&colour=red&utm_source=x",
        search_params=["q"],
        search_salt="5a17",
    )
    wanted = hashlib.sha256(b"5a17red shoes").hexdigest()[:16]
    [found] = host.wait_for("search")
    assert found["event_properties"] == {
        "query_hash": wanted, "query_length": 10, "results_count": 17, "filters_used": ["colour"],
    }  # fmt: skip
    page.click("#second")
    [click] = host.wait_for("search_result_click")
    assert click["event_properties"] == {"result_position": 2, "result_type": "article", "query_hash": wanted}


def test_a_search_by_call_is_hashed_before_it_leaves(host, capture):
    page = capture("search", search_params=[], search_salt="5a17")
    page.evaluate("footfall('event', 'search', { query: 'red  SHOES', results_count: 3 })")
    [found] = host.wait_for("search")
    assert found["event_properties"]["query_hash"] == hashlib.sha256(b"5a17red shoes").hexdigest()[:16]
    assert "query" not in found["event_properties"] and "SHOES" not in str(host.posts)


SHOP = """
  <div data-footfall-product="p1" data-footfall-prop-price="9.90" data-footfall-prop-product-category="tea"></div>
  <button id="add" data-footfall-event="add_to_cart" data-footfall-prop-product-id="p1" data-footfall-prop-quantity="2">add</button>
  <form id="f" data-footfall-event="newsletter"><button>go</button></form>
  <p data-footfall-variant="headline:B"></p>
  <div id="tall"></div><p id="low" data-footfall-event="seen_offer" data-footfall-on="view">offer</p>
"""


def test_marking_up_html_is_enough(host, capture):
    host.files["/tall.js"] = "document.getElementById('tall').style.height = '3000px'"
    page = capture("ecommerce", body=SHOP + '<script src="/tall.js"></script>')
    page.evaluate("addEventListener('submit', (event) => event.preventDefault())")
    [view] = host.wait_for("product_view")
    assert view["event_properties"] == {"product_id": "p1", "price": "9.90", "product_category": "tea"}
    page.click("#add")
    [add] = host.wait_for("add_to_cart")
    assert add["event_properties"] == {"product_id": "p1", "quantity": "2"} and add["ab_test_variants"] == {
        "headline": "B"
    }
    page.click("#f button")
    host.wait_for("newsletter")
    assert "seen_offer" not in host.kinds()
    page.evaluate("document.getElementById('low').scrollIntoView()")
    host.wait_for("seen_offer")


def test_data_layers(host, capture, page):
    page.add_init_script(
        "window.footfallLayer = [{event: 'purchase', order_id: 'o1', revenue: '9.90', currency: 'EUR'}]"
    )
    page = capture("ecommerce")
    [early] = host.wait_for("purchase")
    assert early["event_properties"] == {"order_id": "o1", "revenue": "9.90", "currency": "EUR"}
    page.evaluate("""() => {
      footfallLayer.push({ event: "refund", order_id: "o1", revenue: "9.90" });
      const items = [{ item_id: 7, item_name: "Tea", price: 4.95, quantity: 2 }];
      dataLayer.push({ event: "add_to_cart", ecommerce: { currency: "EUR", items } });
      function gtag() { dataLayer.push(arguments) }
      gtag("event", "purchase", { transaction_id: 99, value: 9.9, currency: "EUR", items });
      gtag("event", "page_view", {});
      dataLayer.push(null);
    }""")
    host.wait_for("refund")
    assert host.wait_for("add_to_cart")[0]["event_properties"] == {
        "product_id": "7", "product_name": "Tea", "price": 4.95, "quantity": 2, "currency": "EUR",
    }  # fmt: skip
    second = host.wait_for("purchase", 2)[1]["event_properties"]
    assert (second["order_id"], second["revenue"], second["products"][0]["product_id"]) == ("99", 9.9, "7")
    assert host.kinds().count("page_view") == 1


def test_variants_and_segment_by_call_and_by_snippet(host, capture):
    snippet = '<script defer src="{origin}/js/footfall.js" data-site="KEY" data-segment="pro" data-variants="price:A, menu:C"></script>'
    page = capture(snippet=snippet)
    [view] = host.events("page_view")
    assert view["user"] == {"user_segment": "pro"} and view["ab_test_variants"] == {"price": "A", "menu": "C"}
    page.evaluate("footfall('variant', 'price', 'B'); footfall('segment', 'free'); footfall('identify', 'u1')")
    [identified] = host.wait_for("identify")
    assert identified["user"] == {"user_id": "u1", "user_segment": "free"}
    assert identified["ab_test_variants"] == {"price": "B", "menu": "C"}
