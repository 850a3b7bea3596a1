import pytest
from django.test import Client

from accounts.models import Identity, Membership, Role, SignIn, User
from tests.accounts.conftest import PASSWORD, set_up_app, totp_now
from tests.accounts.provider import CLIENT, SECRET, Provider

pytestmark = pytest.mark.django_db
EVE = {"sub": "eve-1", "email": "Eve@example.com", "email_verified": True, "name": "Eve", "groups": ["shop"]}


@pytest.fixture
def provider(settings, team):
    found = Provider(claims=dict(EVE))
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = found.issuer, CLIENT, SECRET
    settings.OIDC_NAME = "Example staff"
    settings.OIDC_ROLES = f"shop={team.name}:analyst, admins=*:admin, readers={team.pk}:viewer"
    yield found
    found.stop()


def go(client, provider, target=""):
    """Through the provider and back."""
    there = client.get("/login/oidc", {"next": target} if target else {})
    assert there.status_code == 302, there.content
    return client.get(provider.authorize(there.url).removeprefix("http://testserver"))


def test_the_first_sign_in_makes_an_account_with_the_groups_role(provider, team, site):
    client = Client()
    assert b"Log in with Example staff" in client.get("/login").content
    assert go(client, provider, f"/sites/{site.pk}/installation").url == f"/sites/{site.pk}/installation"
    eve = User.objects.get(email="eve@example.com")
    assert eve.name == "Eve" and not eve.has_usable_password() and eve.memberships.get().role == "analyst"
    assert client.get(f"/sites/{site.pk}/installation").status_code == 200
    assert client.get(f"/sites/{site.pk}/settings").status_code == 403
    assert SignIn.objects.get(user=eve).method == "Example staff"


def test_roles_follow_the_groups_at_each_sign_in(provider, team, charlie):
    go(Client(), provider)
    eve = User.objects.get(email="eve@example.com")
    provider.claims["groups"] = ["admins", "shop"]
    go(Client(), provider)
    assert {m.team: m.role for m in eve.memberships.all()} == {team: "admin", charlie.teams.get(): "admin"}
    provider.claims["groups"] = "readers"
    go(Client(), provider)
    assert {m.team: m.role for m in eve.memberships.all()} == {team: "viewer"}
    client = Client()
    go(client, provider)
    provider.claims["groups"] = []
    refused = go(Client(), provider)
    assert refused.status_code == 403 and b"None of your groups" in refused.content
    assert not eve.memberships.exists() and client.get("/account").status_code == 302, "open sessions end with it"


def test_what_people_gave_by_hand_stays(provider, team, charlie):
    go(Client(), provider)
    eve = User.objects.get(email="eve@example.com")
    Membership.objects.create(team=charlie.teams.get(), user=eve, role=Role.OWNER)
    provider.claims["groups"] = ["admins"]
    go(Client(), provider)
    assert eve.memberships.get(team=charlie.teams.get()).role == "owner"
    provider.claims["groups"] = []
    assert go(Client(), provider).status_code == 302
    assert [m.team for m in eve.memberships.all()] == [charlie.teams.get()]


@pytest.mark.parametrize(
    "claims",
    [{"groups": ["strangers"]}, {"groups": None}, {"email_verified": False}, {"email_verified": None}, {"email": None}],
)
def test_who_is_not_let_in(provider, claims):
    provider.claims |= claims
    assert go(Client(), provider).status_code == 403
    assert not User.objects.filter(name="Eve").exists() and not Identity.objects.exists()


LIES = {
    "nonce": "another", "signed_by": "another key", "unsigned": True, "iss": "https://evil.example", "aud": "another client", "exp": 1,
    "issuer": "https://evil.example",
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_right_lets_nobody_in(provider, lie):
    client = Client()
    there = client.get("/login/oidc")
    provider.lie = {lie: LIES[lie], "algorithms": ["RS256", "none"]}
    back = client.get(provider.authorize(there.url).removeprefix("http://testserver"))
    assert back.status_code == 403 and not User.objects.filter(name="Eve").exists()


def test_state_verifier_and_code_belong_to_one_browser_and_one_use(provider):
    mine, thief = Client(), Client()
    back = provider.authorize(mine.get("/login/oidc").url).removeprefix("http://testserver")
    assert thief.get(back).status_code == 403, "the state is of another session"
    provider.codes.clear()
    assert mine.get(back).status_code == 403, "the code is used up"
    other = Client()
    first, second = other.get("/login/oidc").url, other.get("/login/oidc").url
    swapped = provider.authorize(first).removeprefix("http://testserver")
    state = provider.asked["state"]
    provider.authorize(second)
    assert other.get(swapped.replace(state, provider.asked["state"])).status_code == 403, (
        "the verifier is of another start"
    )
    assert not User.objects.filter(name="Eve").exists()


def test_an_account_that_is_there_is_linked_by_its_password_alone(provider, bob, team):
    provider.claims |= {"email": bob.email, "groups": ["admins"]}
    client = Client()
    assert go(client, provider).url == "/login?next=%2Fsites%2F"
    assert not Identity.objects.exists() and client.get("/account").status_code == 302
    assert b"Log in with its password once" in client.get("/login").content
    client.post("/login", {"email": bob.email, "password": "wrong one"})
    assert not Identity.objects.exists()
    assert client.post("/login", {"email": bob.email, "password": PASSWORD}).url == "/sites/"
    assert Identity.objects.get().user == bob and bob.memberships.get(team=team).role == "viewer", "given by hand"
    again = Client()
    provider.claims["email"] = "renamed@example.com"
    assert go(again, provider).url == "/sites/" and again.get("/account").context["user"] == bob


def test_somebody_elses_password_links_nothing(provider, bob, charlie):
    provider.claims["email"] = bob.email
    client = Client()
    go(client, provider)
    client.post("/login", {"email": charlie.email, "password": PASSWORD})
    assert not Identity.objects.exists()


def test_who_is_logged_in_is_not_exchanged_and_not_linked(provider, alice, login):
    """A page elsewhere can send a browser here; neither account is touched by it."""
    client = login(alice)
    assert go(client, provider).status_code == 403
    assert client.get("/account").context["user"] == alice and not Identity.objects.exists()


def test_groups_may_be_at_the_userinfo(provider):
    for name in ("groups", "email", "email_verified"):
        provider.userinfo[name] = provider.claims.pop(name)
    assert go(Client(), provider).status_code == 302
    provider.userinfo |= {"sub": "somebody else"}
    assert go(Client(), provider).status_code == 403


def test_a_provider_that_is_away(provider):
    provider.stop()
    answer = Client().get("/login/oidc")
    assert answer.status_code == 403 and b"cannot be reached" in answer.content


def test_a_person_without_a_password_confirms_at_the_provider(provider, team, site, settings):
    provider.claims["groups"] = ["admins"]
    client = Client()
    go(client, provider)
    session = client.session
    session["confirmed_at"] = 0
    session.save()
    asked = client.post(f"/sites/{site.pk}/secret", headers={"referer": f"http://testserver/sites/{site.pk}/settings"})
    assert b"Confirm with Example staff" in asked.content and b'type="password"' not in asked.content
    provider.lie["auth_time"] = 1
    go(client, provider)
    assert client.post(f"/sites/{site.pk}/secret").status_code == 200, "an old proof is none"
    provider.lie.clear()
    assert go(client, provider, f"/sites/{site.pk}/settings").url == f"/sites/{site.pk}/settings"
    assert provider.asked["prompt"] == "login" and provider.asked["max_age"] == "0"
    assert client.post(f"/sites/{site.pk}/secret").status_code == 302


def test_a_browser_that_the_provider_remembers_is_no_proof(provider, site):
    provider.claims["groups"] = ["admins"]
    provider.lie["auth_time"] = 1
    client = Client()
    assert go(client, provider).status_code == 302 and client.get(f"/sites/{site.pk}/settings").status_code == 200
    assert b"Is it you?" in client.post(f"/sites/{site.pk}/secret").content


def test_a_provider_that_does_not_say_when_proves_nothing(provider, site):
    """It may leave auth_time out unless it was asked with max_age."""
    provider.claims["groups"] = ["admins"]
    provider.lie["without"] = "auth_time"
    client = Client()
    assert go(client, provider).status_code == 302 and client.get(f"/sites/{site.pk}/settings").status_code == 200
    assert b"Is it you?" in client.post(f"/sites/{site.pk}/secret").content
    again = go(client, provider)
    assert again.status_code == 403 and b"does not say when you gave your password there" in again.content
    assert b"Is it you?" in client.post(f"/sites/{site.pk}/secret").content
    provider.lie.clear()
    assert go(client, provider).status_code == 302 and client.post(f"/sites/{site.pk}/secret").status_code == 302


def test_a_second_factor_is_asked_after_it(provider):
    client = Client()
    go(client, provider)
    secret, _ = set_up_app(client)
    again = Client()
    assert go(again, provider).url.startswith("/login/second") and again.get("/account").status_code == 302
    assert again.post("/login/second", {"code": totp_now(secret, +1)}).status_code == 302
    assert SignIn.objects.latest("pk").method == "Example staff and code"


def test_a_team_s_demand_is_the_provider_s_matter_for_who_has_no_password(provider, team, site, bob):
    team.require_second_factor = True
    team.save()
    client = Client()
    go(client, provider)
    assert client.get(f"/sites/{site.pk}/installation").status_code == 200
    by_password = Client()
    by_password.force_login(bob)
    assert by_password.get(f"/sites/{site.pk}/installation").url == "/account/factors"


def test_no_password_can_be_had_for_it_by_mail(provider, run_tasks):
    from django.core import mail

    go(Client(), provider)
    Client().post("/password/forgot", {"email": "eve@example.com"})
    run_tasks()
    assert mail.outbox == []


def test_off_without_an_issuer(db):
    assert Client().get("/login/oidc").status_code == 404 and Client().get("/login/oidc/callback").status_code == 404
    assert b"/login/oidc" not in Client().get("/login").content


def test_roles_are_read_with_care():
    from accounts.oidc import parse_roles

    read = [(r.group, r.team, r.role.value) for r in parse_roles("CN=a,OU=b=Shop, Inc:viewer; x:y=*:admin")]
    assert read == [("CN=a,OU=b", "Shop, Inc", "viewer"), ("x:y", "*", "admin")]
    for wrong in ("shop", "shop=x", "=x:admin", "shop=:admin", "shop=x:king"):
        with pytest.raises(ValueError, match="OIDC_ROLES: expected group=team:role"):
            parse_roles(wrong)
