"""Alice owns the team, Bob is her teammate, Charlie is an outsider with a team of his own."""

import pytest
from django.test import Client

from accounts.actions import do_create_owner, do_create_site
from accounts.models import Membership, Role, User

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def real_stores(stores):
    """Throttles count in Valkey."""


@pytest.fixture
def alice(owner):
    return owner


@pytest.fixture
def team(alice):
    return alice.teams.get()


@pytest.fixture
def bob(team):
    user = User.objects.create_user("bob@example.com", PASSWORD, name="Bob")
    Membership.objects.create(team=team, user=user, role=Role.VIEWER)
    return user


@pytest.fixture
def charlie(db):
    return do_create_owner("charlie@example.com", PASSWORD, "Charlie")


@pytest.fixture
def charlies_site(charlie):
    return do_create_site(charlie.teams.get(), "charlie.example").site


@pytest.fixture
def login():
    def log(user):
        client = Client()
        client.force_login(user)
        return client

    return log
