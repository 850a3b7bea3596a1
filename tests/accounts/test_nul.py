"""A NUL, which Postgres cannot keep, is refused as what was sent wrong: at every address, in every body."""

import json

import pytest
from django.test import Client

from accounts.permissions import MATRIX
from tests.accounts.test_permissions import JSON_BODIES, address, body_of, everything, make_world

pytestmark = pytest.mark.django_db
FIELDS = ("name", "query", "text", "q", "value", "email", "code", "confirm_password", "password", "next")


@pytest.fixture
def world(stores, db, mailoutbox, settings):
    settings.API_RATE = 1_000_000
    return make_world()


def test_a_nul_in_a_form_or_an_address(world):
    before, client = everything(), world.clients["owner"]
    for name, methods in MATRIX.items():
        if name.startswith("api-"):
            continue
        path = address(world, name)
        if "GET" in methods:
            assert client.get(path, {"q": "a\0b"}).status_code == 400, name
        if "POST" in methods and name != "privacy-token":  # a text of its own, read by a pattern
            body = {field: f"{value}\0" for field, value in body_of(world, name).items()} or dict.fromkeys(
                FIELDS, "a\0b"
            )
            assert client.post(path, body).status_code == 400, name
    assert everything() == before


def test_a_nul_in_json(world):
    before, wrong = everything(), []
    bearer = {"Authorization": f"Bearer {world.keys['owner']}"}
    for name, methods in MATRIX.items():
        for method in {"POST", "PATCH"} & set(methods) if name.startswith("api-") else ():
            body = JSON_BODIES.get(name, {}) | {"name": "a\0b", "text": "\0", "filters": [["is", "path", ["\0"]]]}
            send = getattr(Client(), method.lower())
            answer = send(address(world, name), json.dumps(body), content_type="application/json", headers=bearer)
            if answer.status_code != 400:
                wrong.append((method, name, answer.status_code))
    assert wrong == [] and everything() == before


def test_a_nul_in_the_json_of_a_form(world):
    client, before = world.clients["owner"], everything()
    filters = '[["is", "path", ["\\u0000"]]]'
    for path, body in (
        ("segments", {"name": "s", "kind": "segment", "days": "90", "filters": filters}),
        ("goals", {"name": "g", "kind": "event", "target": "x", "filters": filters}),
        ("events/new", {"event_type": "y", "mode": "off", "schema": '{"title": "\\u0000"}'}),
    ):
        assert client.post(f"/sites/{world.own.site.pk}/settings/{path}", body).status_code == 200, path
        assert everything() == before, path
        good = {name: value.replace("\\u0000", "x") for name, value in body.items()}
        assert client.post(f"/sites/{world.own.site.pk}/settings/{path}", good).status_code == 302, path
        before = everything()
