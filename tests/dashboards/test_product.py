"""The product and marketing pages, by the front door; their figures are checked where they are worked out, in tests/queries."""

import html
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from analytics.queries.paths import END, OTHER, Edge
from dashboards.charts import flow
from dashboards.funnel import suggestion
from tests.dashboards.test_panels import HOSTILE

pytestmark = pytest.mark.django_db


@pytest.fixture
def get(client_in, site):
    def go(path, query=""):
        answer = client_in.get(f"/sites/{site.pk}/{path}?{query}")
        assert answer.status_code == 200, answer.content
        return answer.content.decode()

    return go


@pytest.fixture
def shop(site, insert_events):
    """Ten people look, four put something into the cart, two buy; all with consent, from two channels."""
    start, rows = datetime.now(UTC) - timedelta(days=2), []
    for person in range(1, 11):
        kinds = (
            [("page_view", "/"), ("page_view", "/it's <b>")]
            + [("add_to_cart", "/cart")] * (person <= 4)
            + [("purchase", "/thanks")] * (person <= 2)
        )
        for minute, (kind, path) in enumerate(kinds):
            at = start + timedelta(hours=person, minutes=minute)
            rows.append({
                "timestamp": at, "received_at": at, "session_start": start + timedelta(hours=person), "event_type": kind, "path": path,
                "event_index": minute, "session_id": person, "visitor_id": person, "person_id": person, "device_id": person,
                "channel": "Email" if person % 2 else "Direct", "revenue": Decimal("20") if kind == "purchase" else Decimal(0),
                "interactive": True,
            })  # fmt: skip
    insert_events(site, rows)


def test_pages_and_their_navigation(get, site):
    for page in ("product", "marketing"):
        text = get(page, "period=7d&step=/a&step=b&f=is,country,DE")
        assert f'href="/sites/{site.pk}/{page}" aria-current="page"' in text
        assert "step=%2Fa&amp;step=b" in text, "the panels are asked for what the address says"
    assert 'name="step" value="/a"' in get("product", "step=/a"), "a custom period keeps the funnel"


def test_empty_states(get):
    assert "Choose two steps or more" in get("product/panels/funnel")
    assert "Nobody took the first step" in get("product/panels/funnel", "step=a&step=b")
    assert "No event in this period" in get("product/panels/retention")
    assert "No event has arrived yet" in get("product/panels/flow")
    assert "No conversion in this period" in get("marketing/panels/attribution")


def test_a_funnel(get, shop):
    text = get("product/panels/funnel", "step=/&step=add_to_cart&step=purchase&window=1d")
    assert re.findall(r'bar-value" title="(\d+) people', text) == ["10", "4", "2"]
    assert "50.0% of the step before, 2 left; 1m" in text and "20.0% go all the way" in text
    assert get("product/panels/funnel").count('title="10 people"') == 1, "the shop's way is suggested"
    for wrong, told in (
        ("step=a&step=b&window=soon", "a number and a unit"),
        ("step=goal:Nope&step=purchase", "no goal"),
    ):
        text = get("product/panels/funnel", wrong)
        assert told in text and 'role="alert"' in text and 'name="step" value=' in text, "the form stays, to mend it"


def test_retention_and_flow(get, shop):
    text = get("product/panels/retention", "period=7d")
    assert "10 people by the day" in text and "heat-10" in text
    text = get("product/panels/flow")
    assert "10 sessions" in text and "/it&#x27;s &lt;b&gt;" in text and "<b>" not in text
    assert "from /" in get("product/panels/flow", "start=/") and "on the way to /it" in get(
        "product/panels/flow", "end=/it's <b>"
    )


def test_active_people(get, shop, site, insert_events):
    text = get("executive/panels/people", "period=7d")
    assert "Monthly active: 10" in text and "Day 1 retention" in text
    assert "counted for visitors with consent" in get("executive/panels/people", "f=is,country,XX")


def test_day_30_is_of_who_has_had_it(get, site, insert_events):
    """Ten came 45 days ago, four of them again 30 days later; in the last week nobody can have."""
    now = datetime.now(UTC)
    visits = [(person, days) for person in range(1, 11) for days in ((45, 15, 1) if person <= 4 else (45, 1))]
    rows = [
        {"timestamp": now - timedelta(days=days), "event_type": "page_view", "session_id": 100 * person + days,
         "visitor_id": person, "person_id": person, "device_id": person} for person, days in visits
    ]  # fmt: skip
    insert_events(site, rows)
    text = get("executive/panels/people", "period=28d")
    last = datetime.now(UTC).date() - timedelta(days=31)
    assert f"of those new by {last.day} {last:%b}" in text and "Day 30 retention: 40.0%" in text, text


def test_attribution(get, shop):
    text = get("marketing/panels/attribution")
    assert "2 conversions" in text and "EUR 40" in text
    assert re.findall(r'scope="row"[^>]*>(\w+)<', text) == ["Direct", "Email"]
    assert get("marketing/panels/attribution", "goal=add_to_cart").count("4 conversions") == 1
    assert "Channel" in get("marketing/panels/attribution", "tab=nonsense")


def test_hostile_input_is_text(get, site, insert_events):
    now = datetime.now(UTC) - timedelta(hours=1)
    insert_events(site, [
        {"timestamp": now + timedelta(seconds=i), "received_at": now, "path": HOSTILE + str(i), "event_type": kind, "session_id": 1, "visitor_id": 1,
         "person_id": 1, "channel": HOSTILE, "interactive": True, "event_index": i}
        for i, kind in enumerate(["page_view", "page_view", HOSTILE[:40], "purchase"])
    ])  # fmt: skip
    from urllib.parse import urlencode

    query = urlencode(
        [("step", HOSTILE), ("step", "b"), ("start", HOSTILE), ("goal", HOSTILE), ("window", HOSTILE[:9])]
    )
    for path in (
        "product",
        "marketing",
        "product/panels/funnel",
        "product/panels/flow",
        "marketing/panels/attribution",
        "product/panels/retention",
    ):
        for text in (get(path, query), get(path)):
            assert "<img src=x" not in text


def test_what_is_suggested():
    assert suggestion(["page_view", "purchase", "add_to_cart"]) == ["page_view", "add_to_cart", "purchase"]
    assert suggestion(["page_view", "page_exit", "signup"]) == ["page_view", "signup"]
    assert suggestion(["page_view", "page_exit"]) == suggestion([]) == []


def test_a_flow_keeps_all_sessions():
    edges = [Edge(1, f"/{i}", "/next", 10 - i, 1, None) for i in range(9)] + [Edge(2, "/next", END, 30, 1, None)]
    gathered = flow.gathered(edges)
    assert sum(e.sessions for e in gathered if e.step == 1) == sum(e.sessions for e in edges if e.step == 1)
    assert {e.source for e in gathered if e.step == 1} == {OTHER, *(f"/{i}" for i in range(7))}
    picture = flow.picture(gathered, 3)
    assert all(n.y + n.height <= picture.height + 1 for n in picture.nodes)


def test_labels_of_a_flow_do_not_meet():
    long = "/products/with/quite/a/long/address/of/their/own"
    nodes = flow.picture([Edge(step, long, long, 9, 9, None) for step in (1, 2, 3)], 4).nodes
    ends = {n.x: len(n.label) * flow.LETTER + flow.NUMBER for n in nodes}
    assert len(ends) == 4 and all(n.label.endswith("…") for n in nodes[-2:])
    gap = (flow.WIDTH - flow.NODE) / 3
    assert ends[nodes[-1].x] + ends[nodes[-2].x] + 12 <= gap - flow.NODE and ends[nodes[0].x] + 12 <= gap


def test_retention_of_two_events(get, shop):
    """Of ten who looked, two bought; of four carts, two: the start and the return event are the asker's."""
    text = get("product/panels/retention", "period=7d&began=add_to_cart&again=purchase&every=day&cell=after")
    assert "4 people by the day of their add_to_cart" in text and 'name="began" value="add_to_cart"' in text
    assert "No cohorts" in get("product/panels/retention", "period=7d&began=nothing")
    assert "10 people by the day of their first visit" in get("product/panels/retention", "period=7d")


def test_a_funnel_by_property_and_without(get, shop):
    steps = "period=7d&step=page_view&step=purchase"
    assert 'title="2 people"' in get("product/panels/funnel", steps)
    left_out = get("product/panels/funnel", f"{steps}&without=add_to_cart")
    assert "4 left out, who did add_to_cart between the steps." in left_out and 'title="2 people"' not in left_out
    none = get("product/panels/funnel", "period=7d&step=page_view&step=purchase [plan=pro]")
    assert "purchase [plan=pro]" in none and 'title="0 people"' in none
    some = get("product/panels/funnel", "period=7d&step=page_view&step=purchase [channel=Email|Direct]&per=session")
    assert 'title="2 people"' in some


def test_a_funnel_without_events_between_any_two_steps(get, shop):
    """The first page, the second one a minute later, the cart and the order: what falls where is known."""
    steps = "period=7d&step=/&step=/it's <b>&step=purchase"
    shown = lambda text: re.findall(r'bar-value" title="(\d+) people', text)  # noqa: E731
    assert shown(get("product/panels/funnel", steps)) == ["10", "10", "2"]
    assert shown(get("product/panels/funnel", f"{steps}&without=add_to_cart&between=1-2")) == ["10", "10", "2"]
    text = get("product/panels/funnel", f"{steps}&without=add_to_cart&between=2-3&without=x&between=")
    assert (
        shown(text) == ["6", "6", "0"] and "4 left out, who did add_to_cart between steps 2 and 3 or x between" in text
    )
    assert 'value="add_to_cart"' in text and '<option value="2-3" selected>' in text and 'value="x"' in text
    assert "&amp;without=2-3%3Aadd_to_cart" in text, "the people of a step are asked for the same"
    assert '"exclusions": [{"event": {"event": "add_to_cart"}, "after": 2, "before": 3}' in html.unescape(text)
    assert shown(get("product/panels/funnel", f"{steps}&without=2-3:add_to_cart")) == ["6", "6", "0"], (
        "as an address has it"
    )
    assert shown(get("product/panels/funnel", f"{steps}&without=&between=1-2&without=add_to_cart&between=2-3")) == [
        "6",
        "6",
        "0",
    ]
    gone = get("product/panels/funnel", f"{steps}&without=add_to_cart&between=3-4")
    assert "expected after and before" in gone and '<option value="3-4" selected>' in gone
    assert "nothing between two steps" in get("product/panels/funnel", f"{steps}&order=unordered&without=x")


def test_charts_name_their_lines():
    from dashboards.charts.lines import Line, lines

    figure = lines(["2026-01-01", "2026-01-02"], [Line("Alpha", [1, 5]), Line("<b>", [2, 5])])
    told = figure["layout"]["annotations"]
    assert [one["text"] for one in told] == ["Alpha", "&lt;b&gt;"] and not figure["layout"]["showlegend"]
    assert told[1]["y"] > told[0]["y"], "they do not lie on each other"


@pytest.mark.parametrize("wrong", ["formula=100*(B", "breakdown=mood", "series=&measure=sum"])
def test_a_trend_that_cannot_be_drawn_leaves_its_form(get, shop, wrong):
    text = get("product/panels/trends", f"period=7d&{wrong}")
    assert "This cannot be drawn" in text and 'name="formula"' in text


def test_an_event_of_the_explorer_leads_back_to_it(get, shop):
    text = get("product/panels/explorer", "period=7d")
    assert re.search(r'href="\?[^"]*event=add_to_cart#event-explorer"', text)


def test_the_people_of_a_step_are_a_file_as_well(get, shop):
    query = "period=7d&step=page_view&step=add_to_cart&number=2"
    text = get("product/people", query)
    assert "format=csv" in text and "panel-tools" not in text, "beside Close there is no room"
    rows = get("product/people", f"{query}&format=csv").splitlines()
    assert rows[0].startswith("person,country") and len(rows) == 5
