"""Who has left the team, and what leaves as a file."""

import re

import pytest
from django.test import Client

from accounts.audit_models import AuditEntry
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(user, address):
    client = Client(REMOTE_ADDR=address)
    assert client.post("/login", {"email": user.email, "password": PASSWORD}).status_code == 302
    return client


def shown(client, team):
    return re.findall(r"8\.8\.\d\.0/24", client.get(f"/team/{team.pk}/audit?action=sign_in").content.decode())


@pytest.mark.parametrize("leaves", [False, True])
def test_sign_ins_of_a_former_member_stay(alice, bob, charlie, team, login, leaves):
    client, path = sign_in(bob, "8.8.4.4"), f"/team/{team.pk}/members/{bob.memberships.get().pk}/remove"
    (client if leaves else login(alice)).post(path)
    assert not bob.memberships.exists() and shown(login(alice), team) == ["8.8.4.0/24"]
    sign_in(bob, "8.8.5.5")
    assert shown(login(alice), team) == ["8.8.4.0/24"], "what they do afterwards is not the team's to read"
    assert shown(login(charlie), charlie.teams.get()) == []


def test_a_pdf_that_leaves_is_recorded(alice, site, login):
    assert login(alice).get(f"/sites/{site.pk}/marketing/report.pdf?period=28d").status_code == 200
    last = AuditEntry.objects.order_by("-number").first()
    assert (last.action, last.target, last.site_id) == ("exported", "marketing as a PDF", site.pk)
