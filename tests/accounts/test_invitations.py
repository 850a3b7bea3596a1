"""An invitation gives no more than whoever sent it may give when it is accepted."""

import re

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from accounts.models import Invitation, Membership, Role, SiteGrant, User
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db
REFUSED = b"Whoever sent it may not invite to this any more."


def invite(client, path, role, **more):
    client.post(f"{path}/invitations", {"email": "evil@example.com", "role": role, **more})
    return re.search(r"(/invitations/\S+)", mail.outbox[-1].body)[1]


def refused(link):
    """Neither the page nor the form of a new account."""
    pages = [Client().get(link), Client().post(link, {"password": PASSWORD})]
    nobody = not User.objects.filter(email="evil@example.com").exists()
    return nobody and all(page.status_code == 404 and REFUSED in page.content for page in pages)


def test_an_owner_who_is_shut_out_makes_no_other_owner(alice, bob, team, login):
    bob.memberships.update(role=Role.OWNER)
    link = invite(login(bob), f"/team/{team.pk}", "owner")
    call_command("deactivate", bob.email)
    assert refused(link)


def test_an_outsider_who_is_demoted_makes_no_admin(alice, team, site, login):
    guest = User.objects.create_user("guest@example.com", PASSWORD)
    SiteGrant.objects.create(site=site, user=guest, role=Role.ADMIN)
    link = invite(login(guest), f"/sites/{site.pk}/access", "admin")
    assert Client().get(link).status_code == 200
    login(alice).post(f"/sites/{site.pk}/access/people/{guest.pk}", {"role": "marketing"})
    assert refused(link)


def test_somebody_with_an_account_is_refused_too(alice, bob, charlie, team, login):
    bob.memberships.update(role=Role.OWNER)
    login(bob).post(f"/team/{team.pk}/invitations", {"email": charlie.email, "role": "owner"})
    link = re.search(r"(/invitations/\S+)", mail.outbox[-1].body)[1]
    call_command("deactivate", bob.email)
    answer = login(charlie).post(link)
    assert answer.status_code == 404 and REFUSED in answer.content
    assert not Membership.objects.filter(team=team, user=charlie).exists()


def test_an_admin_held_low_on_a_site_invites_nobody_to_it(alice, bob, team, site, login):
    bob.memberships.update(role=Role.ADMIN)
    SiteGrant.objects.create(site=site, user=bob, role=Role.MARKETING)
    body = {"email": "second@example.com", "role": "admin", "site": site.pk}
    assert login(bob).post(f"/team/{team.pk}/invitations", body).status_code == 403
    assert not Invitation.objects.exists()
