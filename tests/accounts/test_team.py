import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Invitation, Membership, User

pytestmark = pytest.mark.django_db


def invite(client, team, email="dora@example.com", role="viewer"):
    client.post(f"/team/{team.pk}/invitations", {"email": email, "role": role})
    return re.search(r"(/invitations/\S+)", mail.outbox[-1].body)[1]


def test_an_invitation_makes_a_member(alice, team, login):
    link = invite(login(alice), team, role="analyst")
    guest = Client()
    assert b"dora@example.com" in guest.get(link).content
    guest.post(link, {"password": "long enough 42", "email": "other@example.com"})
    dora = User.objects.get(email="dora@example.com")  # always the invited address
    assert dora.memberships.get(team=team).role == "analyst"
    assert guest.get("/sites/").status_code == 200
    assert Client().get(link).status_code == 404


def test_an_invitation_is_for_one_address_and_seven_days(alice, charlie, team, login):
    link = invite(login(alice), team)
    client = login(charlie)
    assert b"You are logged in as charlie" in client.get(link).content
    client.post(link)
    assert not Membership.objects.filter(team=team, user=charlie).exists()
    invitation = Invitation.objects.get()
    invitation.created_at -= timedelta(days=8)
    invitation.save()
    assert Client().get(link).status_code == 404


def test_a_withdrawn_invitation_is_dead(alice, team, login):
    link = invite(login(alice), team)
    login(alice).post(f"/team/{team.pk}/invitations/{Invitation.objects.get().pk}/revoke")
    assert Client().get(link).status_code == 404


def test_an_invitation_sent_again_replaces_its_link(alice, team, login):
    client = login(alice)
    first, second = invite(client, team), invite(client, team)
    assert first != second and Invitation.objects.count() == 1
    assert Client().get(first).status_code == 404 and Client().get(second).status_code == 200


def test_admins_get_no_controls_of_owners(alice, bob, team, login):
    bob.memberships.update(role="admin")
    mine, his = alice.memberships.get(team=team), bob.memberships.get()
    page = login(bob).get(f"/team/{team.pk}").content.decode()
    assert f"members/{his.pk}/role" in page and f"members/{mine.pk}/" not in page


@pytest.mark.parametrize(("mine", "given", "allowed"), [
    ("admin", "viewer", True), ("admin", "admin", True), ("admin", "owner", False), ("owner", "owner", True),
    ("analyst", "viewer", False), ("viewer", "viewer", False),
])  # fmt: skip
def test_nobody_gives_more_than_they_have(bob, team, login, mine, given, allowed):
    bob.memberships.update(role=mine)
    status = login(bob).post(f"/team/{team.pk}/invitations", {"email": "x@example.com", "role": given}).status_code
    assert status == (302 if allowed else 403) and Invitation.objects.exists() == allowed


def test_roles_change_but_an_owner_stays(alice, bob, team, login):
    mine, his = alice.memberships.get(team=team), bob.memberships.get()
    client = login(alice)
    client.post(f"/team/{team.pk}/members/{mine.pk}/role", {"role": "viewer"})
    mine.refresh_from_db()
    assert mine.role == "owner"
    client.post(f"/team/{team.pk}/members/{his.pk}/role", {"role": "owner"})
    client.post(f"/team/{team.pk}/members/{mine.pk}/role", {"role": "viewer"})
    mine.refresh_from_db()
    assert mine.role == "viewer"
    assert login(bob).post(f"/team/{team.pk}/members/{his.pk}/remove").status_code == 302
    assert Membership.objects.filter(pk=his.pk).exists()  # the last owner cannot leave


def test_an_admin_cannot_touch_an_owner(alice, bob, team, login):
    bob.memberships.update(role="admin")
    mine = alice.memberships.get(team=team)
    client = login(bob)
    assert client.post(f"/team/{team.pk}/members/{mine.pk}/role", {"role": "viewer"}).status_code == 403
    assert client.post(f"/team/{team.pk}/members/{mine.pk}/remove").status_code == 403


def test_a_removed_person_and_their_keys_are_out(alice, bob, team, site, login):
    bob.memberships.update(role="admin")
    client = login(bob)
    client.post(f"/team/{team.pk}/keys", {"name": "mine", "scopes": ["read:stats"]})
    key = re.search(r"ffk_[\w-]{43}", client.get(f"/team/{team.pk}").content.decode())[0]
    headers = {"Authorization": f"Bearer {key}"}
    assert Client().get("/api/v1/sites", headers=headers).status_code == 200
    login(alice).post(f"/team/{team.pk}/members/{bob.memberships.get().pk}/remove")
    assert Client().get("/api/v1/sites", headers=headers).status_code == 401
    assert client.get(f"/sites/{site.pk}/executive").url.startswith("/login"), (
        "it was their last team: the session ended"
    )


def test_strangers_see_no_team(charlie, team, login):
    client = login(charlie)
    assert client.get(f"/team/{10**25}").status_code == 404
    assert client.get(f"/team/{team.pk}").status_code == 404
    for action in ("name", "invitations", "keys", "members/1/role", "members/1/remove", "keys/1/revoke"):
        assert client.post(f"/team/{team.pk}/{action}").status_code == 404


def test_viewers_see_people_and_no_keys(bob, team, login):
    page = login(bob).get(f"/team/{team.pk}").content.decode()
    assert "Alice" in page and "API keys" not in page and "Invite" not in page
