import re

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import call_command
from django.test import Client

from accounts.models import SignIn
from tests.accounts.conftest import PASSWORD, grow_stale, set_up_app, totp_now

pytestmark = pytest.mark.django_db


@pytest.fixture
def secured(alice, login):
    """(Alice's secret, her recovery codes)."""
    return set_up_app(login(alice))


def half_way(user, target="/account"):
    client = Client()
    answer = client.post("/login", {"email": user.email, "password": PASSWORD, "next": target})
    assert answer.url.startswith("/login/second")
    return client


def test_setting_up_an_app(alice, login, run_tasks):
    client = login(alice)
    page = client.get("/account/factors/app").content.decode()
    assert re.search("<code>.*</code>", page)[0] in client.get("/account/factors/app").content.decode(), (
        "the same until it is used"
    )
    assert "<svg" in page and "http" not in re.search(r'<svg class="qr".*?</svg>', page, re.DOTALL)[0]
    assert b"not right" in client.post("/account/factors/app", {"code": "000000"}).content
    secret, codes = set_up_app(client)
    assert len(codes) == len(set(codes)) == 10
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept and not any(code.replace(" ", "") in kept for code in codes)
    assert client.get("/account/factors/codes").url == "/account/factors", "shown once"
    run_tasks()
    assert [m.subject for m in mail.outbox] == ["An authenticator app was added to your account · Footfall"]


def test_the_password_alone_no_longer_logs_in(alice, secured):
    secret, _ = secured
    client = half_way(alice)
    assert client.get("/account").status_code == 302 and client.get("/sites/").status_code == 302
    assert b"not right" in client.post("/login/second", {"code": "123456"}).content
    assert client.get("/account").status_code == 302
    done = client.post("/login/second", {"code": totp_now(secret, +1), "next": "/account"})
    assert done.url == "/account" and client.get("/account").status_code == 200
    assert SignIn.objects.latest("pk").method == "password and code"


def test_a_code_works_once_in_all_its_time(alice, secured, monkeypatch):
    import time

    secret, _ = secured
    code, at = totp_now(secret, +1), time.time()
    assert half_way(alice).post("/login/second", {"code": code}).status_code == 302
    for later in (0, 25, 31, 61):
        monkeypatch.setattr("allauth.mfa.totp.internal.auth.time.time", lambda later=later: at + later)
        assert half_way(alice).post("/login/second", {"code": code}).status_code == 200


def test_the_second_step_needs_the_first_and_ends(alice, secured):
    secret, _ = secured
    assert Client().post("/login/second", {"code": totp_now(secret, +1)}).url == "/login"
    client = half_way(alice)
    session = client.session
    session["half_way"] |= {"at": session["half_way"]["at"] - 601}
    session.save()
    assert client.post("/login/second", {"code": totp_now(secret, +1)}).url == "/login"
    client = half_way(alice)
    alice.set_password("another good one")
    alice.save()
    assert client.post("/login/second", {"code": totp_now(secret, +1)}).url == "/login", (
        "the password has changed since"
    )


def test_guessing_codes_is_slowed_down_from_everywhere(alice, secured):
    secret, _ = secured
    client = half_way(alice)
    for n in range(8):
        assert client.post("/login/second", {"code": f"00000{n}"}, REMOTE_ADDR=f"198.51.100.{n}").status_code == 200
    answer = half_way(alice).post("/login/second", {"code": totp_now(secret, +1)}, REMOTE_ADDR="203.0.113.77")
    assert answer.status_code == 429 and b"Too many attempts" in answer.content


def test_recovery_codes_log_in_once_each_and_are_renewed(alice, secured, login):
    _, codes = secured
    client = half_way(alice)
    done = client.post("/login/second", {"code": codes[3].replace(" ", "-")})
    assert done.status_code == 302 and b"9 are left" in client.get("/account").content
    assert half_way(alice).post("/login/second", {"code": codes[3]}).status_code == 200, "used up"
    answer = client.post("/account/factors/codes")
    renewed = re.findall(r"<li>(\d{5} \d{5})</li>", client.get(answer.url).content.decode())
    assert len(renewed) == 10 and not set(renewed) & set(codes)
    assert half_way(alice).post("/login/second", {"code": codes[0]}).status_code == 200, "old ones stop"
    assert half_way(alice).post("/login/second", {"code": renewed[0]}).status_code == 302


def test_removing_the_last_factor_takes_the_codes_along(alice, secured, login):
    client = login(alice)
    assert client.post("/account/factors/app/remove").url == "/account/factors"
    assert not Authenticator.objects.filter(user=alice).exists()
    assert Client().post("/login", {"email": alice.email, "password": PASSWORD}).url == "/sites/"


def test_a_command_lets_in_who_has_lost_everything(alice, secured, capsys):
    call_command("removefactors", alice.email)
    assert Client().post("/login", {"email": alice.email, "password": PASSWORD}).url == "/sites/"


def test_another_secret_key_makes_codes_wrong_and_no_page_fail(alice, secured, login, settings):
    settings.SECRET_KEY = "another"
    client = half_way(alice)
    answer = client.post("/login/second", {"code": totp_now(secured[0], +1)})
    assert answer.status_code == 200 and b"not right" in answer.content
    assert b"0 are left" in login(alice).get("/account/factors").content


@pytest.fixture
def strict_team(alice, secured, team, login):
    assert login(alice).post(f"/team/{team.pk}/second-factor", {"required": "on"}).url == f"/team/{team.pk}"
    return team


def test_an_owner_needs_one_before_asking_for_it(alice, bob, team, login):
    assert login(alice).post(f"/team/{team.pk}/second-factor", {"required": "on"}).url == "/account/factors"
    bob.memberships.update(role="admin")
    assert login(bob).post(f"/team/{team.pk}/second-factor", {"required": "on"}).status_code == 403
    team.refresh_from_db()
    assert not team.require_second_factor


def test_members_without_one_are_led_to_it(bob, strict_team, site, login):
    client = login(bob)
    for path in (f"/sites/{site.pk}/executive", f"/sites/{site.pk}/live", f"/team/{strict_team.pk}"):
        assert client.get(path).url == "/account/factors", path
    panel = client.get(f"/sites/{site.pk}/live/now", headers={"HX-Request": "true"})
    assert panel.headers["HX-Redirect"] == "/account/factors"
    listed = client.get("/sites/").content
    assert b"set up a second factor" in listed and site.domain.encode() not in listed
    assert b"asks for a second factor" in client.get("/account/factors").content
    set_up_app(client)
    assert client.get(f"/sites/{site.pk}/installation").status_code == 200
    assert site.domain.encode() in client.get("/sites/").content
    refused = client.post("/account/factors/app/remove", follow=True)
    assert b"add another one first" in refused.content
    assert client.get(f"/sites/{site.pk}/installation").status_code == 200


def test_keys_go_on_and_other_teams_stay_open(bob, strict_team, site, charlie, charlies_site, login):
    from accounts.actions import do_create_api_key
    from accounts.models import Membership

    Membership.objects.create(team=charlie.teams.get(), user=bob, role="viewer")
    key = do_create_api_key(bob, strict_team, "nightly")
    answer = Client().get("/api/v1/sites", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200 and site.domain in answer.content.decode()
    client = login(bob)
    assert client.get(f"/sites/{charlies_site.pk}/installation").status_code == 200
    assert client.get(f"/sites/{site.pk}/installation").status_code == 302


DANGEROUS = {
    "secret": ("/sites/{site}/secret", {}),
    "delete": ("/sites/{site}/delete", {"domain": "shop.example"}),
    "admin key": ("/team/{team}/keys", {"name": "x", "scopes": ["admin", "read:stats"]}),
    "owner made": ("/team/{team}/members/{bob}/role", {"role": "owner"}),
    "owner invited": ("/team/{team}/invitations", {"email": "new@example.com", "role": "owner"}),
    "recovery codes": ("/account/factors/codes", {}),
    "app removed": ("/account/factors/app/remove", {}),
}


@pytest.mark.parametrize("act", DANGEROUS)
def test_dangerous_acts_ask_again_and_go_on_by_themselves(act, alice, bob, secured, site, team, login):
    path, form = DANGEROUS[act]
    path = path.format(site=site.pk, team=team.pk, bob=bob.memberships.get().pk)
    client = login(alice)
    grow_stale(client)
    asked = client.post(path, form)
    assert asked.status_code == 200 and b"Is it you?" in asked.content
    fields = dict.fromkeys(re.findall(r'type="hidden" name="(\w+)"', asked.content.decode()))
    assert set(form) <= set(fields), "what was sent is in the page"
    assert b"not your password" in client.post(path, form | {"confirm_password": "wrong"}).content
    assert client.post(path, form | {"confirm_password": PASSWORD}).status_code == 302
    assert client.post("/account/factors/passkeys", {}).status_code == 302, "the next ten minutes are free"


def test_transfer_asks_again(alice, site, login):
    from accounts.models import Membership, Team

    other = Team.objects.create(name="Other")
    Membership.objects.create(team=other, user=alice, role="owner")
    client = login(alice)
    grow_stale(client)
    assert b"Is it you?" in client.post(f"/sites/{site.pk}/transfer", {"team": other.pk}).content
    site.refresh_from_db()
    assert site.team != other
    client.post(f"/sites/{site.pk}/transfer", {"team": other.pk, "confirm_password": PASSWORD})
    site.refresh_from_db()
    assert site.team == other


def test_a_proof_by_code(alice, secured, site, login):
    secret, _ = secured
    client = login(alice)
    grow_stale(client)
    assert client.post(f"/sites/{site.pk}/secret", {"confirm_code": "000000"}).status_code == 403
    assert client.post(f"/sites/{site.pk}/secret", {"confirm_code": totp_now(secret, +1)}).status_code == 302


def test_pages_that_are_looked_at_ask_too(alice, login):
    client = login(alice)
    grow_stale(client)
    there = client.get("/account/factors/app")
    assert there.url == "/confirm?next=%2Faccount%2Ffactors%2Fapp" and b"Is it you?" in client.get(there.url).content
    assert client.post(there.url, {"confirm_password": PASSWORD}).url == "/account/factors/app"
    assert client.get("/account/factors/app").status_code == 200


def test_guessing_a_proof_is_slowed_down(alice, site, login, monkeypatch):
    monkeypatch.setattr("accounts.confirm.ATTEMPTS", 3)
    client = login(alice)
    grow_stale(client)
    for _ in range(3):
        client.post(f"/sites/{site.pk}/secret", {"confirm_password": "wrong"})
    assert b"Too many attempts" in client.post(f"/sites/{site.pk}/secret", {"confirm_password": PASSWORD}).content


def test_harmless_acts_ask_nothing(alice, team, login):
    client = login(alice)
    grow_stale(client)
    assert client.post(f"/team/{team.pk}/keys", {"name": "x", "scopes": ["read:stats"]}).status_code == 302
    assert client.post(f"/team/{team.pk}/name", {"name": "New"}).status_code == 302


def test_a_stranger_learns_nothing_from_the_door(charlie, site, login):
    client = login(charlie)
    grow_stale(client)
    assert client.post(f"/sites/{site.pk}/secret").status_code == 404


@pytest.mark.parametrize("purpose", ["second", "add", "confirm"])
def test_options_for_a_passkey_need_their_person(db, purpose):
    assert Client().post(f"/passkeys/options/{purpose}").status_code == 403


@pytest.mark.parametrize(
    "credential", ["", "x", "[]", "{}", '{"response": {"userHandle": "MQ"}}', '{"response": null}', '{"id": 1}']
)
def test_forged_passkeys(alice, login, credential):
    client = Client()
    client.post("/passkeys/options/login")
    answer = client.post("/login/passkey", {"credential": credential})
    assert answer.status_code == 200 and b'role="alert"' in answer.content
    assert client.get("/account").status_code == 302
    inside = login(alice)
    inside.post("/passkeys/options/add")
    inside.post("/account/factors/passkeys", {"credential": credential, "name": "x"})
    assert not Authenticator.objects.exists()
