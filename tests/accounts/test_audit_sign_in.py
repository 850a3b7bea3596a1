"""What the audit log says of signing in: each act once."""

import re

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.access import visible_sites
from accounts.actions import do_create_api_key, do_create_site
from accounts.audit_models import AuditEntry
from accounts.audit_verify import verify
from accounts.models import ApiKey, Membership, Role, SignIn, SiteGrant, User
from tests.accounts.conftest import PASSWORD, grow_stale, set_up_app, totp_now
from tests.accounts.provider import CLIENT, SECRET, Provider

pytestmark = pytest.mark.django_db


def since(number):
    return [(one.action, one.actor, one.target, one.changes) for one in AuditEntry.objects.filter(number__gt=number)]


def newest():
    last = AuditEntry.objects.order_by("-number").first()
    return last.number if last else 0


def acts(number):
    return [entry[0] for entry in since(number)]


def half_way(user):
    client = Client()
    assert client.post("/login", {"email": user.email, "password": PASSWORD}).url.startswith("/login/second")
    return client


def test_a_sign_in_by_two_factors_is_one_entry(alice, login):
    at = newest()
    secret, codes = set_up_app(login(alice))
    assert acts(at) == ["sign_in", "mfa_added", "recovery_codes_made"]
    at, client = newest(), half_way(alice)
    assert acts(at) == [], "not in yet"
    client.post("/login/second", {"code": "000000"})
    client.post("/login/second", {"code": totp_now(secret, +1)})
    assert acts(at) == ["mfa_failed", "sign_in"]
    assert since(at)[1] == ("sign_in", alice.email, alice.email, '{"after":{"by":"password and code"}}')
    at = newest()
    half_way(alice).post("/login/second", {"code": codes[0]})
    assert acts(at) == ["sign_in", "mfa_used"]
    at, client = newest(), half_way(alice)
    for _ in range(9):
        client.post("/login/second", {"code": "000000"})
    assert acts(at) == ["mfa_failed"] * 8 + ["sign_in_throttled"]
    told = "".join(AuditEntry.objects.values_list("changes", flat=True))
    assert secret not in told and codes[0] not in told and verify().problem == ""


def test_factors_sessions_and_passwords(alice, login):
    client = login(alice)
    set_up_app(client)
    others = [login(alice), login(alice)]
    at = newest()
    client.post(f"/account/sessions/{SignIn.objects.latest('pk').pk}/end")
    client.post("/account/sessions/end")
    client.post("/account/sessions/end")
    assert acts(at) == ["session_revoked"] * 2, "none was left for the third"
    assert all(other.get("/account").status_code == 302 for other in others)
    at = newest()
    client.post("/account", {"what": "password", "current": "wrong", "password": "another good one"})
    client.post("/account", {"what": "password", "current": PASSWORD, "password": "another good one"})
    assert acts(at) == ["reauthentication_failed", "password_changed"]
    at = newest()
    client.get(client.post("/account/factors/codes").url)
    client.post("/account/factors/app/remove")
    client.post("/account/factors/app/remove")
    client.post("/logout")
    assert acts(at) == ["recovery_codes_made", "mfa_removed", "sign_out"]


def test_a_proof_and_a_wrong_one(alice, site, login):
    client = login(alice)
    grow_stale(client)
    at = newest()
    client.post(f"/sites/{site.pk}/secret", {"confirm_password": "wrong"})
    client.post(f"/sites/{site.pk}/secret", {"confirm_password": PASSWORD})
    assert acts(at) == ["reauthentication_failed", "reauthenticated", "secret_renewed"]


def test_a_forged_passkey_and_a_forgotten_password(alice):
    at = newest()
    Client().post("/login/passkey", {"credential": "{}"})
    for email in (alice.email, "nobody@example.com"):
        Client().post("/password/forgot", {"email": email})
    assert [entry[:3] for entry in since(at)] == [
        ("sign_in_failed", "anonymous", "passkey"),
        ("password_reset_asked", alice.email, alice.email),
        ("password_reset_asked", "anonymous", "nobody@example.com"),
    ]


def test_a_team_s_demand_and_the_commands(alice, team, login, capsys):
    client = login(alice)
    set_up_app(client)
    at = newest()
    client.post(f"/team/{team.pk}/second-factor", {"required": "on"})
    call_command("removefactors", alice.email)
    call_command("deactivate", alice.email)
    call_command("deactivate", alice.email, "--undo")
    assert acts(at) == ["sign_in_settings_changed", "mfa_removed", "account_shut", "account_opened"]
    assert since(at)[0][3] == '{"after":{"second_factor":true},"before":{"second_factor":false}}'
    assert set(AuditEntry.objects.filter(number__gt=at).values_list("team_id", flat=True)) == {team.pk}


@pytest.fixture
def provider(settings, team):
    claims = {"sub": "1", "email": "eve@example.com", "email_verified": True, "name": "Eve", "groups": ["shop"]}
    found = Provider(claims=claims)
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = found.issuer, CLIENT, SECRET
    settings.OIDC_NAME, settings.OIDC_ROLES = "Staff", f"shop={team.pk}:analyst, admins={team.pk}:admin"
    yield found
    found.stop()


def go(provider):
    client = Client()
    answer = client.get(provider.authorize(client.get("/login/oidc").url).removeprefix("http://testserver"))
    return client, answer.status_code


def test_single_sign_on_and_its_groups(provider, team):
    at = newest()
    go(provider)
    assert acts(at) == ["account_made", "member_added", "sign_in"]
    assert since(at)[2][3] == '{"after":{"by":"Staff"}}'
    provider.claims["groups"], at = ["admins"], newest()
    go(provider)
    assert acts(at) == ["role_changed", "sign_in"] and since(at)[0][1] == "groups of single sign-on"
    provider.claims["groups"], at = [], newest()
    assert go(provider)[1] == 403
    assert [entry[:2] for entry in since(at)] == [
        ("member_removed", "groups of single sign-on"),
        ("sign_in_failed", "eve@example.com"),
    ]


def test_what_groups_gave_ends_like_what_people_gave(provider, team, site):
    """Keys go with the membership; a role on one site, given by hand in another team, lets them in still."""
    provider.claims["groups"] = ["admins"]
    go(provider)
    eve = User.objects.get(email="eve@example.com")
    do_create_api_key(eve, team, "hers")
    other = do_create_site(
        Membership.objects.get(user=eve).team.__class__.objects.create(name="Other"), "o.example"
    ).site
    SiteGrant.objects.create(site=other, user=eve, role=Role.VIEWER)
    provider.claims["groups"] = []
    client, status = go(provider)
    assert status == 302 and not ApiKey.objects.filter(user=eve).exists()
    assert [one.pk for one in visible_sites(eve)] == [other.pk]
    assert client.get(f"/sites/{other.pk}/installation").status_code == 200


def test_who_sees_one_site_needs_the_factor_of_its_team(alice, team, site, login):
    set_up_app(login(alice))
    login(alice).post(f"/team/{team.pk}/second-factor", {"required": "on"})
    guest = User.objects.create_user("guest@example.com", PASSWORD)
    SiteGrant.objects.create(site=site, user=guest, role=Role.VIEWER)
    client = login(guest)
    assert client.get(f"/sites/{site.pk}/executive").url == "/account/factors"
    listed = client.get("/sites/").content.decode()
    assert "set up a second factor" in listed and site.domain not in listed
    set_up_app(client)
    assert client.get(f"/sites/{site.pk}/installation").status_code == 200
    assert b"add another one first" in client.post("/account/factors/app/remove", follow=True).content


def test_rotating_an_admin_key_asks_again(alice, team, login):
    do_create_api_key(alice, team, "strong", ("admin",))
    do_create_api_key(alice, team, "weak", ("read:stats",))
    client = login(alice)
    grow_stale(client)
    weak, strong = ApiKey.objects.get(name="weak"), ApiKey.objects.get(name="strong")
    path = f"/team/{team.pk}/keys/{strong.pk}/rotate"
    assert client.post(f"/team/{team.pk}/keys/{weak.pk}/rotate", {"hours": "24"}).status_code == 302
    assert b"Is it you?" in client.post(path, {"hours": "24"}).content
    assert ApiKey.objects.filter(name="strong").count() == 1
    client.post(path, {"hours": "24", "confirm_password": PASSWORD})
    assert ApiKey.objects.filter(name="strong").count() == 2


def test_leaving_the_last_site_ends_the_sessions(alice, site, login):
    guest = User.objects.create_user("guest@example.com", PASSWORD)
    SiteGrant.objects.create(site=site, user=guest, role=Role.VIEWER)
    client = login(guest)
    login(alice).post(f"/sites/{site.pk}/access/people/{guest.pk}", {"role": ""})
    assert client.get("/account").status_code == 302 and not re.search("/sites", client.get("/account").url)
