"""Every page in Chromium, filled: accessible, light enough, without an error; and what its panels can do."""

import csv
import re
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.conftest import eventually
from tests.running import PASSWORD
from tests.screenshots.filling import fill
from tests.screenshots.pages import AROUND, ASKED, DASHBOARDS, MOST_WEIGHT, Visit, log_in, paths_of

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def footfall(shared_footfall):
    return shared_footfall


@pytest.fixture(scope="module")
def site(footfall):
    made = footfall.create_site("pages.example")
    footfall.manage("seeddemo", "--site", str(made["id"]), "--events", "4000", "--days", "60")
    eventually(lambda: footfall.sql(f"SELECT count() FROM events WHERE site_id = {made['id']}")[0][0] > 3500, 120)
    made["request"] = fill(footfall, made)
    return made


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def visit(browser, footfall, site):
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme="light", reduced_motion="reduce", accept_downloads=True
    )
    made = Visit(context.new_page())
    log_in(made.page, footfall.url, "alice@example.com", PASSWORD)
    yield made
    context.close()


def test_every_page_holds(visit, footfall, site):
    """On a desktop, light, and then as it is turned into a dark phone's; `make screenshots` loads it for each."""
    found = {}
    for name, path in (paths_of(site["id"], site["request"]) | AROUND).items():
        visit.open(footfall.url + path)
        once = name in ASKED or name == "api-docs"  # the same parts as on other pages; the largest of all
        for width, scheme in ((1440, "light"), (390, "dark")):
            visit.page.set_viewport_size({"width": width, "height": 900})
            visit.page.emulate_media(color_scheme=scheme)
            visit.page.wait_for_timeout(100)
            if problems := visit.check(axe=width == 1440 or not once):
                found[f"{name} {width}"] = problems
        visit.page.set_viewport_size({"width": 1440, "height": 900})
        visit.page.emulate_media(color_scheme="light")
    assert found == {}


def test_dashboards_weigh_little(browser, footfall, site):
    """With an empty cache, charts included; and the second page takes Plotly from the cache."""
    for name in DASHBOARDS[:2]:
        context = browser.new_context()
        visit = Visit(context.new_page())
        log_in(visit.page, footfall.url, "alice@example.com", PASSWORD)
        visit.open(f"{footfall.url}/sites/{site['id']}/{name}")
        first = visit.weight
        visit.open(f"{footfall.url}/sites/{site['id']}/{name}")
        assert 50_000 < first < MOST_WEIGHT, f"{name}: {first:,} bytes"
        assert visit.weight < 150_000, f"{name} again: {visit.weight:,} bytes"
        context.close()


def test_a_panel_as_csv_and_png(visit, footfall, site, tmp_path):
    page = visit.page
    visit.open(f"{footfall.url}/sites/{site['id']}/marketing")
    panel = page.locator("#channels-over-time")
    menu = panel.locator(".panel-tools > summary")
    menu.focus()
    page.keyboard.press("Enter")
    with page.expect_download() as csv_file:
        panel.get_by_text("Download as CSV").click()
    csv_file.value.save_as(tmp_path / "panel.csv")
    rows = list(csv.reader((tmp_path / "panel.csv").open()))
    assert rows[0] == ["Channel", "Visitors"] and len(rows) > 3
    if not panel.locator(".panel-tools[open]").count():
        menu.click()
    with page.expect_download() as png_file:
        panel.get_by_text("Download as PNG").click()
    png_file.value.save_as(tmp_path / "panel.png")
    picture = Path(tmp_path / "panel.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 10_000
    assert "rows" in panel.locator(".panel-tools .menu-title").text_content(), "an admin sees what it cost"
    assert visit.check(axe=False) == []


def test_segments_side_by_side_and_a_funnel_of_the_main_path(visit, footfall, site):
    page = visit.page
    visit.open(f"{footfall.url}/sites/{site['id']}/executive")
    for name in ("Phones", "Buyers"):
        page.get_by_text("Segments", exact=True).first.click()
        page.locator(".menu-panel").get_by_role("link", name=name, exact=True).click()
        page.wait_for_load_state("networkidle")
    panel = page.get_by_role("region", name="Segments side by side", exact=True)
    panel.get_by_text("Bounce rate").wait_for()
    assert panel.locator("thead th").all_inner_texts() == ["Figure", "Phones", "Buyers"]
    assert visit.check() == []
    visit.open(f"{footfall.url}/sites/{site['id']}/product")
    page.get_by_role("link", name="The main path as a funnel").click()
    page.locator("#funnel .funnel li").nth(1).wait_for()
    assert page.locator("#funnel input[name=step]").first.input_value().startswith("/")
    page.get_by_role("button", name="People of this step").first.click()
    page.locator("#details[open] table").wait_for()
    assert visit.check() == []


def test_a_slow_panel_says_so_and_can_be_stopped(visit, footfall, site):
    page = visit.page
    page.route(re.compile("panels/lifecycle"), lambda route: page.wait_for_timeout(1) or None)  # it never answers
    page.goto(f"{footfall.url}/sites/{site['id']}/product")
    panel = page.locator("#lifecycle")
    panel.get_by_text("This takes longer than usual").wait_for(timeout=15_000)
    assert panel.locator(".skeleton").count(), "a skeleton stands there meanwhile"
    panel.get_by_role("button", name="Stop it").click()
    panel.get_by_text("Try again").wait_for()


def test_a_shared_link_in_a_frame(browser, visit, footfall, site):
    page = visit.page
    visit.open(f"{footfall.url}/sites/{site['id']}/settings/links?page=executive&period=90d")
    page.fill("[name=name]", "Board")
    page.check("[name=embed]")
    page.get_by_role("button", name="Add").click()
    page.wait_for_load_state("networkidle")
    address = page.locator("pre").first.inner_text().strip()
    context = browser.new_context()
    guest = Visit(context.new_page())
    guest.open(address + "?embed=1")
    assert guest.page.locator(".stat-value").first.inner_text() and not guest.page.locator(".topbar").count()
    assert not guest.page.get_by_role("region", name="Activity", exact=True).count()
    assert guest.check() == []
    context.close()


# Controls that a mouse could use now, and that Tab has to reach; of a group of radio buttons Tab reaches the chosen one.
CONTROLS = """() => {
  const wanted = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter((one) =>
    one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.tabIndex >= 0 && one.type !== 'hidden'
    && !(one.type === 'radio' && !one.checked) && !one.closest('.js-plotly-plot'));
  wanted.forEach((one, number) => { one.dataset.control = number; });
  window.reached = new Set(); window.dull = [];
  document.addEventListener('focusin', (event) => {
    const one = event.target;
    if (one.dataset.control) window.reached.add(one.dataset.control);
    const around = [one, one.parentElement, one.parentElement?.parentElement].filter(Boolean);  // a row shows it for its link
    if (around.every((part) => getComputedStyle(part).outlineStyle === 'none')) window.dull.push(one.outerHTML.slice(0, 90));
  });
  return wanted.length;
}"""
MISSED = """() => [...document.querySelectorAll('[data-control]')].filter((one) => !window.reached.has(one.dataset.control))
  .map((one) => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("name", ["executive", "product", "marketing"])
def test_tab_reaches_every_control_and_is_seen_there(visit, footfall, site, name):
    visit.open(f"{footfall.url}/sites/{site['id']}/{name}")
    page = visit.page
    count = page.evaluate(CONTROLS)
    for _ in range(count + 30):
        page.keyboard.press("Tab")
    assert count > 40 and page.evaluate(MISSED) == []
    assert page.evaluate("window.dull") == []


def test_what_an_address_names_is_in_sight_when_all_is_loaded(visit, footfall, site):
    """Panels above it grow as they come; whoever moves is let go."""
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.open(f"{footfall.url}/sites/{site['id']}/product#retention")
    top = "document.getElementById('retention').getBoundingClientRect().top"
    assert 80 <= visit.page.evaluate(top) <= 200


def test_a_long_dialog_is_closed_from_its_end(visit, footfall, site):
    """On a phone there is no Escape."""
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.open(f"{footfall.url}/sites/{site['id']}/executive")
    visit.page.locator("button", has_text="Details of Page").first.click()
    visit.page.wait_for_selector("dialog[open] tbody tr:nth-child(20)")
    visit.page.evaluate("document.querySelector('dialog[open]').scrollTop = 5000")
    visit.page.click("dialog[open] [aria-label=Close]", timeout=3000)
    assert not visit.page.locator("dialog[open]").count()
