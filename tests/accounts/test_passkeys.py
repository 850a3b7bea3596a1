"""In Chromium, with an authenticator of its own: passkeys added, used at every door, removed."""

import re

import pytest

from tests.accounts.conftest import PASSWORD
from tests.browser import chromium, watched

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.timeout(400)]
EMAIL = "alice@example.com"
STALE = """
from django.contrib.sessions.models import Session
from django.contrib.sessions.backends.db import SessionStore
for found in Session.objects.all():
    store = SessionStore(found.session_key)
    if "confirmed_at" in store:
        store["confirmed_at"] = 0
        store.save()
"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def site(footfall):
    return footfall.create_site()


class Person:
    def __init__(self, browser, url):
        self.url = url
        self.context = browser.new_context(viewport={"width": 1200, "height": 900})
        self.page = self.context.new_page()
        self.problems = watched(self.page)
        self.authenticator()

    def authenticator(self):
        self.devtools = self.context.new_cdp_session(self.page)
        self.devtools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True,
        }  # fmt: skip
        self.key = self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def go(self, path):
        self.page.goto(self.url + path)
        return self.page

    def log_in(self):
        page = self.go("/login")
        page.fill("[name=email]", EMAIL)
        page.fill("[name=password]", PASSWORD)
        page.get_by_role("button", name="Log in", exact=True).click()
        page.wait_for_load_state()

    def log_out(self):
        self.context.clear_cookies()


@pytest.fixture(scope="module")
def person(browser, footfall, site):
    """By name, since browsers give no passkeys to an address."""
    return Person(browser, f"http://localhost:{footfall.port}")


def test_a_passkey_is_added_with_a_name_and_brings_recovery_codes(person):
    person.log_in()
    page = person.go("/account/factors")
    page.fill("[name=name]", "Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url("**/account/factors/codes")
    assert page.locator(".codes li").count() == 10
    with page.expect_download() as file:
        page.get_by_role("link", name="Download").click()
    assert len(re.findall(r"^\d{5} \d{5}$", file.value.path().read_text(), re.MULTILINE)) == 10
    page.get_by_role("link", name="I have kept them").click()
    assert page.get_by_label("Name of the passkey Laptop").input_value() == "Laptop"
    page.get_by_label("Name of the passkey Laptop").fill("Work laptop")
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Name of the passkey Work laptop").wait_for()
    page.fill("[id=new-name]", "Again")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text("has a passkey for this account already").wait_for()
    assert person.problems == []


def test_a_passkey_logs_in_without_a_password(person):
    person.log_out()
    page = person.go("/login?next=/account")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url("**/account")
    assert "passkey" in page.locator("#sessions").inner_text() and person.problems == []


def test_a_passkey_after_the_password(person):
    person.log_out()
    person.log_in()
    page = person.page
    assert "/login/second" in page.url
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/sites/")
    assert "password and passkey" in person.go("/account").locator("#sessions").inner_text()
    assert person.problems == []


def test_a_dangerous_act_goes_on_with_a_passkey(person, footfall, site):
    footfall.manage("shell", "-c", STALE)
    page = person.go(f"/sites/{site['id']}/settings")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Make a new secret").click()
    page.get_by_role("heading", name="Is it you?").wait_for()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/settings")
    assert "ffs_" in page.locator("#secret").inner_text() and person.problems == []


def test_an_answer_is_good_for_one_login_and_one_purpose(person):
    """What the browser sent is sent again, and at another door."""
    person.log_out()
    page = person.go("/login")
    sent = []
    page.on(
        "request", lambda request: sent.append(request.post_data) if request.url.endswith("/login/passkey") else None
    )
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url("**/sites/")
    person.log_out()
    page = person.go("/login")
    from urllib.parse import parse_qs

    credential = parse_qs(sent[0])["credential"][0]
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    for begun in ("", "login"):
        if begun:
            page.request.post(
                f"{person.url}/passkeys/options/login", headers={"X-CSRFToken": token, "Referer": person.url}
            )
        answer = page.request.post(
            f"{person.url}/login/passkey",
            form={"csrfmiddlewaretoken": token, "credential": credential},
            headers={"Referer": person.url},
        )
        assert answer.ok and 'role="alert"' in answer.text() and "/login" in answer.url


def test_a_stranger_s_authenticator_is_told_nothing(browser, footfall, site):
    stranger = Person(browser, f"http://localhost:{footfall.port}")
    page = stranger.go("/login")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.get_by_text("No passkey was used").wait_for()
    stranger.context.close()


def test_a_person_who_is_not_checked_is_not_let_in_by_the_passkey_alone(person):
    """User verification: a key that was found on the street."""
    person.log_out()
    person.devtools.send("WebAuthn.setUserVerified", {"authenticatorId": person.key, "isUserVerified": False})
    page = person.go("/login")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.get_by_text("No passkey was used").wait_for()
    person.devtools.send("WebAuthn.setUserVerified", {"authenticatorId": person.key, "isUserVerified": True})


def test_passkeys_are_not_offered_where_browsers_have_none(browser, footfall, site):
    page = browser.new_page()
    page.goto(f"{footfall.url}/login")
    assert not page.get_by_role("button", name="Log in with a passkey").is_visible()
    page.close()


def test_a_removed_passkey_opens_nothing(person):
    page = person.go("/login")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url("**/sites/")
    page = person.go("/account/factors")
    page.get_by_role("button", name="Remove Work laptop").click()
    page.get_by_text("It is removed.").wait_for()
    person.log_out()
    page = person.go("/login")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.get_by_text("This passkey is not known here.").wait_for()
    person.log_in()
    assert "/sites/" in page.url, "the password alone again"


def test_the_reset_mail_comes_from_the_worker(footfall, person):
    from tests.conftest import eventually

    person.log_out()
    page = person.go("/password/forgot")
    page.fill("[name=email]", EMAIL)
    page.get_by_role("button", name="Send the link").click()
    page.get_by_text("Look into your mail").wait_for()
    eventually(lambda: footfall.said("/password/reset/"), 30)
