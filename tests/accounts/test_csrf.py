"""What changes something needs the form's token: every address of the table that takes a POST, asked by a page of somebody else."""

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import OptOut
from accounts.permissions import MATRIX
from tests.accounts.test_permissions import address, body_of, everything, make_world

pytestmark = pytest.mark.django_db
# Neither looks at a cookie: the signed token of a mail, and the site key of a page, say what is asked for.
WITHOUT_COOKIE = {"unsubscribe", "privacy-token"}
ELSEWHERE = "https://evil.example"


@pytest.fixture
def world(stores, db, mailoutbox):
    return make_world()


def strict(client):
    """The same session, in a browser that a page of others sends a form from."""
    made = Client(enforce_csrf_checks=True)
    made.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return made


def posts():
    return [name for name, methods in MATRIX.items() if "POST" in methods and not name.startswith("api-")]


def test_no_form_of_a_foreign_page_is_taken(world):
    before, wrong = everything(), []
    owner = strict(world.clients["owner"])
    token = owner.get("/account").cookies[settings.CSRF_COOKIE_NAME].value
    for name in posts():
        path, body = address(world, name), body_of(world, name)
        bare = owner.post(path, body)
        # A token that was found out does not help either: the browser says where the form comes from.
        foreign = owner.post(path, body | {"csrfmiddlewaretoken": token}, headers={"Origin": ELSEWHERE})
        if (bare.status_code, foreign.status_code) != (403, 403) and name not in WITHOUT_COOKIE:
            wrong.append((name, bare.status_code, foreign.status_code))
    assert wrong == [] and len(posts()) > 60
    assert everything() == before


def test_the_own_form_is_taken(world):
    owner = strict(world.clients["owner"])
    token = owner.get("/account").cookies[settings.CSRF_COOKIE_NAME].value
    for name in ("save-view", "invite", "rename-team", "goals"):
        answer = owner.post(address(world, name), body_of(world, name) | {"csrfmiddlewaretoken": token})
        assert answer.status_code in (200, 302), name


def test_who_needs_no_token_gets_nothing_by_a_cookie(world):
    """They answer with a session as without one."""
    for name in WITHOUT_COOKIE:
        path = address(world, name)
        answers = [client.post(path) for client in (strict(world.clients["owner"]), Client(enforce_csrf_checks=True))]
        assert answers[0].status_code == answers[1].status_code in (401, 404)
    assert not OptOut.objects.exists()


def test_other_pages_send_no_cookies(stores, owner, client):
    """SameSite keeps them from a form of a foreign page; scripts cannot read them."""
    client.get("/login")
    assert client.post("/login", {"email": owner.email, "password": "correct horse battery"}).status_code == 302
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = client.cookies[name]
        assert cookie["samesite"] == "Lax" and cookie["httponly"]
