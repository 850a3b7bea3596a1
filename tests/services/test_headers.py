"""What each kind of answer tells the browser, asked at the front door."""

import re
from pathlib import Path

import pytest
from django.test import Client

from analytics.saved.models import Link

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


def directives(answer):
    found = (part.strip().partition(" ") for part in answer["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in found}


@pytest.fixture
def link(site, owner):
    return Link.objects.create(site=site, name="Board", page="executive", embed=True, created_by=owner)


OWN = ("/login", "/sites/", "/sites/{}/executive", "/sites/{}/executive/panels/headline", "/account", "/nothing-here",
       "/api/docs/", "/api/schema/", "/api/v1/sites", "/healthz", "/sites/{}/executive/panels/pages?format=csv", "/team/1/audit.csv",
       "/sites/{}/executive/report.pdf")  # fmt: skip


@pytest.mark.parametrize("path", OWN)
def test_our_own_answers_are_for_ourselves(client_in, site, stores, path):
    answer = client_in.get(path.format(site.pk))
    policy = directives(answer)
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'" and policy["trusted-types"] == "default footfall"
    assert "unsafe" not in str(policy)
    assert answer["X-Frame-Options"] == "DENY" and answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Opener-Policy"] == answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Referrer-Policy"] == "same-origin"
    for feature in ("camera", "geolocation", "microphone", "payment", "usb"):
        assert f"{feature}=()" in answer["Permissions-Policy"]


@pytest.mark.parametrize("path", [
    "/js/footfall.js", "/js/config/ff_nothing.js", "/api/v1/event-types/", "/api/v1/event-types/page_view",
])  # fmt: skip
def test_what_other_sites_load(db, stores, path):
    answer = Client().get(path)
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin" and answer["Access-Control-Allow-Origin"] == "*"
    assert answer["X-Content-Type-Options"] == "nosniff" and "Set-Cookie" not in answer


def test_what_other_sites_send_to(site, post):
    for answer in (post({"site": site.site_key, "events": []}), post(b"nonsense"), post(b"", method="OPTIONS")):
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and "Set-Cookie" not in answer.headers
    token = Client().post("/api/v1/events/token", site.site_key, content_type="text/plain")
    assert token.status_code == 200 and token["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_a_frame_is_for_the_links_that_allow_it(site, stores, link):
    guest, path = Client(), f"/sites/{site.pk}/executive?share={link.token}"
    answer = guest.get(path)
    policy = directives(answer)
    assert policy.pop("frame-ancestors") == "*" and "X-Frame-Options" not in answer
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    Link.objects.update(embed=False)
    closed = guest.get(path)
    assert directives(closed) == policy | {"frame-ancestors": "'none'"} and closed["X-Frame-Options"] == "DENY"


def test_files_of_what_others_wrote_are_no_pages(client_in, site, stores):
    """None of them is HTML, and a browser saves them instead of showing them."""
    for path in ("executive/panels/pages?format=csv", "executive/report.pdf"):
        answer = client_in.get(f"/sites/{site.pk}/{path}")
        assert answer["Content-Disposition"].startswith("attachment") and "html" not in answer["Content-Type"]
    answer = Client().get("/api/v1/sites/1/query<script>")
    assert answer["Content-Type"] == "application/json" and answer["X-Content-Type-Options"] == "nosniff"


def test_no_page_holds_a_script_or_a_style():
    """So the policy needs neither nonces nor hashes. A script of type application/json is data; json_script makes it."""
    for path in (ROOT / "templates").rglob("*.html"):
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", path.read_text(), flags=re.S)
        if path.parent.name == "emails":
            assert "<script" not in text and not re.search(r"\son\w+=", text), path
            continue
        scripts = [tag for tag in re.findall(r"<script\b[^>]*>", text) if "src=" not in tag]
        assert scripts == [] and "<style" not in text, path
        assert not re.search(r"<[^>]*\s(style|on\w+|hx-on[\w:-]*)=", text), path
        assert "|safe" not in path.read_text() and "autoescape off" not in path.read_text(), path
