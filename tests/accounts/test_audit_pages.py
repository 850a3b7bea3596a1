"""What is recorded, and how it is found again."""

import csv
import io
import logging
import re

import pytest
from django.test import Client

from accounts.audit import Action, do_record
from accounts.audit_models import AuditEntry
from accounts.audit_verify import verify
from accounts.models import Role
from analytics.saved.models import Link

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def actions():
    return list(AuditEntry.objects.values_list("action", flat=True))


def last():
    return AuditEntry.objects.order_by("-number").first()


def test_signing_in_and_out_is_recorded(alice, team, login):
    client = Client(REMOTE_ADDR="8.8.4.4")
    client.post("/login", {"email": "alice@example.com", "password": "wrong wrong wrong"})
    failed = last()
    assert (failed.action, failed.actor_id, failed.address) == ("sign_in_failed", alice.pk, "8.8.4.0/24")
    client.post("/login", {"email": "nobody@example.com", "password": "wrong wrong wrong"})
    assert (last().actor, last().target) == ("anonymous", "nobody@example.com")
    client.post("/login", {"email": "alice@example.com", "password": PASSWORD})
    client.post("/logout")
    assert actions()[-2:] == ["sign_in", "sign_out"]
    for _ in range(9):
        client.post("/login", {"email": "x@example.com", "password": "wrong wrong wrong"})
    assert "sign_in_throttled" in actions()
    page = login(alice).get(f"/team/{team.pk}/audit").content.decode()
    assert "Sign-in failed" in page and "8.8.4.0/24" in page and "8.8.4.4" not in page
    assert "nobody@example.com" not in page, "what is about no member is nobody's to read"
    assert PASSWORD not in page and verify().problem == ""


def test_changes_are_recorded_with_before_and_after(alice, bob, team, site, login):
    client = login(alice)
    client.post(f"/team/{team.pk}/members/{bob.memberships.get().pk}/role", {"role": "analyst"})
    assert (last().action, last().target) == ("role_changed", "bob@example.com")
    assert last().changes == '{"after":{"role":"analyst"},"before":{"role":"viewer"}}'
    form = {"domain": "shop.example", "timezone": "Europe/Berlin", "currency": "EUR", "session_gap_minutes": 30}
    client.post(f"/sites/{site.pk}/settings", form)
    assert last().changes == '{"after":{"timezone":"Europe/Berlin"},"before":{"timezone":"UTC"}}'
    number = last().number
    client.post(f"/sites/{site.pk}/settings", form)
    assert last().number == number, "nothing changed"
    client.post(
        f"/sites/{site.pk}/settings/tracking", {"consent": "required", "honour_gpc": "on", "modules": ["clicks"]}
    )
    assert last().action == "consent_changed" and '"consent":"cookieless"' in last().changes
    client.post(f"/sites/{site.pk}/settings/goals", {"name": "Sales", "kind": "event", "target": "purchase"})
    assert (last().action, last().target) == ("saved_made", f"goal {site.goals.get().pk}")
    client.post(f"/sites/{site.pk}/settings/links", {"name": "board", "page": "executive", "password": "s3cret-words"})
    assert last().action == "link_made" and "s3cret" not in last().changes and "nonce" not in last().changes
    Client().post(f"/share/{Link.objects.get().token}", {"password": "s3cret-words"})
    assert last().action == "link_opened"
    client.post(f"/team/{team.pk}/keys", {"name": "k", "scopes": ["read:stats"]})
    assert last().action == "key_made"
    client.post(f"/team/{team.pk}/members/{bob.memberships.get().pk}/remove")
    assert last().action == "member_removed"
    client.post(f"/sites/{site.pk}/delete", {"domain": "shop.example"})
    assert last().action == "site_deleted"
    assert verify().problem == ""


def test_views_of_people_and_exports_are_recorded(alice, site, api_key, login):
    client = login(alice)
    for _ in range(3):
        assert client.get(f"/sites/{site.pk}/live/now").status_code == 200
    assert actions().count("people_viewed") == 1, "a panel that asks every few seconds is one view an hour"
    client.get(f"/sites/{site.pk}/product/people?step=a&step=b&number=1")
    assert last().action == "people_viewed" and last().target == "funnel-people"
    client.get(f"/sites/{site.pk}/executive/panels/pages?format=csv")
    assert last().action == "exported"
    key = {"Authorization": f"Bearer {api_key}"}
    list(Client().get(f"/api/v1/sites/{site.pk}/export/events", headers=key).streaming_content)
    assert last().action == "exported" and last().key_id and last().actor == "alice@example.com"
    body = {"steps": ["a", "b"]}
    Client().post(f"/api/v1/sites/{site.pk}/funnel/people", body, content_type="application/json", headers=key)
    assert last().action == "people_viewed"


@pytest.fixture
def several(alice, bob, team, site):
    do_record(alice, Action.TEAM_CHANGED, team, target="=HYPERLINK(1)", after={"name": "<b>x</b>"})
    do_record(bob, Action.EXPORTED, None, site, target="events")
    for i in range(60):
        do_record(alice, Action.SAVED_MADE, None, site, target=f"goal {i}")


def test_the_page_searches_and_pages(alice, team, several, login):
    client, base = login(alice), f"/team/{team.pk}/audit"

    def numbers(query=""):
        return [int(n) for n in re.findall(r"no\. (\d+)", client.get(f"{base}{query}").content.decode())]

    first = numbers()
    assert len(first) == 50 and first == sorted(first, reverse=True)
    page = client.get(base).content.decode()
    older = re.search(r'href="\?([^"]*before=\d+)"', page)[1]
    rest = numbers(f"?{older}")
    assert len(rest) == AuditEntry.objects.count() - 50 and max(rest) < min(first)
    assert len(numbers("?actor=bob")) == 1 and len(numbers("?action=exported")) == 1 and len(numbers("?q=events")) == 1
    assert (
        len(numbers("?q=goal+59")) == 1 and numbers("?from=2100-01-01") == [] and len(numbers("?to=2100-01-01")) == 50
    )
    assert len(numbers("?from=x&action=zz&before=1x")) == 50
    assert "<b>x</b>" not in client.get(f"{base}?action=team_changed").content.decode()


def test_the_csv_is_safe_in_a_spreadsheet_and_recorded(alice, team, several, login):
    answer = login(alice).get(f"/team/{team.pk}/audit.csv?q=HYPERLINK")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["target"] for row in rows if row["action"] == "team_changed"] == ["'=HYPERLINK(1)"]
    assert last().action == "audit_exported"


def test_admins_read_it_and_nobody_else(bob, charlie, team, login):
    for path in (f"/team/{team.pk}/audit", f"/team/{team.pk}/audit.csv"):
        bob.memberships.update(role=Role.ANALYST)
        assert login(bob).get(path).status_code == 403
        bob.memberships.update(role=Role.ADMIN)
        assert login(bob).get(path).status_code == 200
        assert login(charlie).get(path).status_code == 404
        assert Client().get(path).url.startswith("/login")


def test_no_address_of_a_person_in_the_log(alice, team, bob, login, caplog):
    with caplog.at_level(logging.DEBUG):
        client = Client()
        client.post("/login", {"email": "alice@example.com", "password": "wrong wrong wrong"})
        client.post("/password/forgot", {"email": "alice@example.com"})
        login(alice).post(f"/team/{team.pk}/invitations", {"email": "dora@example.com", "role": "viewer"})
        login(alice).post(f"/team/{team.pk}/members/{bob.memberships.get().pk}/remove")
    told = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("django.db"))
    assert "@example.com" not in told
