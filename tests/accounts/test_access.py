"""Roles on one site, and what ends when somebody goes."""

import re

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from accounts.access import get_site_role, visible_sites
from accounts.actions import do_create_api_key, do_create_site
from accounts.models import Invitation, Membership, Role, SiteGrant, User
from analytics.saved.models import Link, Report

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def status(client, site, page="executive"):
    return client.get(f"/sites/{site.pk}/{page}").status_code


def grant(client, site, user, role):
    return client.post(f"/sites/{site.pk}/access/people/{user.pk}", {"role": role})


def test_a_role_on_a_site_raises_and_lowers(alice, bob, team, site, login):
    other, owner, client = do_create_site(team, "other.example").site, login(alice), login(bob)
    assert status(client, site, "settings") == 403
    assert grant(owner, site, bob, "admin").status_code == 302
    assert status(client, site, "settings") == 200 and status(client, other, "settings") == 403
    assert client.get(f"/team/{team.pk}/audit").status_code == 403, "not in the team"
    grant(owner, site, bob, "marketing")
    assert status(client, site) == 200 and status(client, site, "live") == 403 and status(client, other, "live") == 200
    grant(owner, site, bob, "")
    assert status(client, site, "live") == 200 and not SiteGrant.objects.exists()


def test_nobody_raises_themselves_or_touches_an_owner(alice, bob, team, site, login):
    grant(login(alice), site, bob, "admin")
    client = login(bob)
    assert grant(client, site, bob, "owner").status_code == 404
    assert grant(client, site, alice, "viewer").status_code == 403
    bob.memberships.update(role=Role.ANALYST)
    grant(login(alice), site, bob, "viewer")
    assert grant(client, site, bob, "admin").status_code == 403
    SiteGrant.objects.create(site=site, user=alice, role=Role.VIEWER)  # whatever stands in the table
    assert get_site_role(alice, site) == Role.OWNER


def test_somebody_sees_one_site_alone_and_leaves(alice, team, site, login):
    other, owner = do_create_site(team, "other.example").site, login(alice)
    owner.post(f"/sites/{site.pk}/access/invitations", {"email": "dora@example.com", "role": "analyst"})
    link = re.search(r"(/invitations/\S+)", mail.outbox[-1].body)[1]
    guest = Client()
    assert b"shop.example" in guest.get(link).content
    assert guest.post(link, {"password": PASSWORD}).status_code == 302
    dora = User.objects.get(email="dora@example.com")
    assert not dora.memberships.exists() and [one.pk for one in visible_sites(dora)] == [site.pk]
    assert status(guest, site, "settings/goals") == 200 and status(guest, other) == 404
    assert guest.get(f"/team/{team.pk}").status_code == 404
    assert f"/sites/{site.pk}/leave" in guest.get("/sites/").content.decode()
    assert b"dora@example.com" in owner.get(f"/sites/{site.pk}/settings/access").content
    guest.post(f"/sites/{site.pk}/leave")
    assert guest.get("/account").url.startswith("/login"), "nothing is left to see"


def test_the_team_page_invites_to_one_site(alice, team, site, charlies_site, login):
    owner = login(alice)
    body = {"email": "d@example.com", "role": "viewer"}
    assert owner.post(f"/team/{team.pk}/invitations", body | {"site": charlies_site.pk}).status_code == 404
    assert owner.post(f"/team/{team.pk}/invitations", body | {"site": site.pk, "role": "owner"}).status_code == 403
    owner.post(f"/team/{team.pk}/invitations", body | {"site": site.pk})
    assert Invitation.objects.get().site == site


def test_a_marketing_viewer_sees_no_single_person(bob, team, site, login):
    bob.memberships.update(role=Role.MARKETING)
    client = login(bob)
    page = client.get(f"/sites/{site.pk}/executive").content.decode()
    assert "panels/feed" not in page and "/live" not in page
    assert "health/refused" not in client.get(f"/sites/{site.pk}/health").content.decode()
    key = {"Authorization": f"Bearer {do_create_api_key(bob, team, 'k', ('read:stats', 'read:events', 'admin'))}"}
    ask = {"metrics": ["visitors"]}
    assert (
        Client().post(f"/api/v1/sites/{site.pk}/query", ask, content_type="application/json", headers=key).status_code
        == 200
    )
    for more in (
        {"dimensions": ["minute", "path"]},
        {"interval": "minute"},
        {"dimensions": ["props.order_id", "city"]},
    ):
        refused = Client().post(
            f"/api/v1/sites/{site.pk}/query", ask | more | {"date_range": "today"}, content_type="application/json", headers=key
        )  # fmt: skip
        assert refused.status_code == 403, more
    bought = {"event": "purchase", "filters": [["is", "props.order_id", ["o1"]]]}
    for operation, body in (
        ("query", ask | {"dimensions": ["props.order_id"], "filters": [["is", "city", ["Kiel"]]]}),
        ("query", ask | {"dimensions": ["hour", "path"], "filters": [["did", bought]]}),
        ("query", ask | {"goal": bought, "dimensions": ["city"]}),
        ("trends", {"series": [{"event": "purchase"}], "interval": "minute", "date_range": "today"}),
        ("trends", {"series": [{"event": "purchase"}], "breakdown": "props.order_id"}),
        ("funnel", {"steps": ["page_view", "purchase"], "breakdown": "props.order_id"}),
        ("funnel", {"steps": ["page_view", bought]}),
        ("attribution", {"goal": bought}),
        ("campaigns", {"filters": [["not", ["is", "props.order_id", ["o1"]]]]}),
    ):
        refused = Client().post(
            f"/api/v1/sites/{site.pk}/{operation}", body, content_type="application/json", headers=key
        )
        assert refused.status_code == 403, (operation, body, refused.content)
        answer = Client().post(
            f"/api/v1/sites/{site.pk}/{operation}", body, content_type="application/json",
            headers={"Authorization": f"Bearer {do_create_api_key(team.members.exclude(pk=bob.pk).first(), team, 'a')}"},
        )  # fmt: skip
        assert answer.status_code == 200, (operation, answer.content)
    summed = {"series": [{"event": "purchase", "measure": "sum", "of": "props.price"}]}
    answer = Client().post(f"/api/v1/sites/{site.pk}/trends", summed, content_type="application/json", headers=key)
    assert answer.status_code == 200, answer.content
    for query in ("f=is,props.order_id,o1", "step=page_view&step=purchase [order_id=o1]", "breakdown=props.order_id"):
        page = client.get(f"/sites/{site.pk}/product?{query}").content.decode()
        assert "Properties of events are left out" in page and "order_id" not in page, query
    assert client.get(f"/sites/{site.pk}/filter/values?add_property=order_id").content.strip() == b""
    for path in ("export/events", "export/people", "exports"):
        assert Client().get(f"/api/v1/sites/{site.pk}/{path}", headers=key).status_code == 403, path


@pytest.fixture
def admin_bob(alice, bob, team, site, login):
    """Bob as an admin with a key, a link, an invitation of his, and mails."""
    bob.memberships.update(role=Role.ADMIN)
    client = login(bob)
    client.post(f"/sites/{site.pk}/settings/links", {"name": "his", "page": "executive", "query": ""})
    link = Link.objects.get()
    client.post(f"/team/{team.pk}/invitations", {"email": "friend@example.com", "role": "admin"})
    report = Report.objects.create(site=site, recipients=["Bob@example.com", "alice@example.com"])
    return client, link, report, {"Authorization": f"Bearer {do_create_api_key(bob, team, 'k')}"}


def test_all_that_a_removed_person_had_stops_at_once(alice, bob, team, site, admin_bob, login):
    client, link, report, key = admin_bob
    invitation = re.search(r"(/invitations/\S+)", mail.outbox[-1].body)[1]
    shared = Client().get(f"/share/{link.token}").url
    assert Client().get(shared).status_code == 200
    assert Client().get("/api/v1/sites", headers=key).status_code == 200
    SiteGrant.objects.create(site=site, user=bob, role=Role.VIEWER)
    login(alice).post(f"/team/{team.pk}/members/{bob.memberships.get().pk}/remove")
    assert client.get(f"/sites/{site.pk}/executive").url.startswith("/login"), "nothing is left: the sessions end, too"
    assert client.get(f"/sites/{site.pk}/executive/panels/headline").status_code == 302
    assert Client().get("/api/v1/sites", headers=key).status_code == 401
    assert Client().get(shared).status_code == 404 and Client().get(f"/share/{link.token}").status_code == 404
    assert Client().get(invitation).status_code == 404
    report.refresh_from_db()
    assert report.recipients == ["alice@example.com"]
    assert not Link.objects.exists() and not SiteGrant.objects.exists()


def test_a_link_stops_with_the_account_of_its_maker(bob, admin_bob):
    _, link, _, key = admin_bob
    bob.is_active = False
    bob.save()
    assert Client().get(f"/share/{link.token}").status_code == 404
    assert Client().get("/api/v1/sites", headers=key).status_code == 401


def test_a_guest_with_a_link_sees_no_refused_events(admin_bob, site):
    _, link, _, _ = admin_bob
    for path in ("health/refused", "live/now", "product/people", "executive/panels/feed"):
        assert Client().get(f"/sites/{site.pk}/{path}?share={link.token}").status_code == 404, path


def test_a_demoted_admin_takes_back_their_invitations(alice, bob, team, admin_bob, login):
    login(alice).post(f"/team/{team.pk}/members/{bob.memberships.get().pk}/role", {"role": "viewer"})
    assert not Invitation.objects.exists()


def test_a_transferred_site_leaves_the_old_team_behind(alice, bob, charlie, team, site, admin_bob, login):
    _, link, report, _ = admin_bob
    guest = User.objects.create_user("guest@example.com", PASSWORD)
    grant(login(alice), site, guest, "viewer")
    SiteGrant.objects.create(site=site, user=guest, role=Role.VIEWER)
    Membership.objects.create(team=charlie.teams.get(), user=alice, role=Role.ADMIN)
    login(alice).post(f"/sites/{site.pk}/transfer", {"team": charlie.teams.get().pk})
    site.refresh_from_db()
    assert site.team == charlie.teams.get()
    assert status(login(bob), site) == 404 and status(login(guest), site) == 404 and status(login(alice), site) == 200
    assert Client().get(f"/share/{link.token}").status_code == 404
    assert not Report.objects.filter(pk=report.pk).exists(), "whom the old team mailed is not the new team's choice"


@pytest.mark.parametrize("how", ["removed", "shut out", "grant ended"])
def test_reports_stop_with_the_access_of_who_made_them(alice, bob, team, site, login, how):
    bob.memberships.update(role=Role.ANALYST)
    if how == "grant ended":
        bob.memberships.all().delete()
        SiteGrant.objects.create(site=site, user=bob, role=Role.ANALYST)
    path = f"/sites/{site.pk}/settings/reports"
    login(bob).post(path, {"kind": "daily", "recipients": "private@example.org"})
    login(alice).post(path, {"kind": "weekly", "recipients": "alice@example.com\nbob@example.com"})
    assert Report.objects.count() == 2
    if how == "removed":
        login(alice).post(f"/team/{team.pk}/members/{bob.memberships.get().pk}/remove")
    elif how == "shut out":
        call_command("deactivate", bob.email)
    else:
        grant(login(alice), site, bob, "")
    assert [report.recipients for report in Report.objects.all()] == [["alice@example.com"]]
