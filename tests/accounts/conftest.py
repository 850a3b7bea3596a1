"""Alice owns the team, Bob is her teammate, Charlie is an outsider with a team of his own."""

import base64
import hashlib
import hmac
import re
import struct
import time

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


@pytest.fixture
def run_tasks():
    """What waits in the queue, done as the worker does it."""
    from analytics.celery import app

    def run():
        names = []
        with app.connection_for_read() as connection:
            queue = connection.SimpleQueue("default")
            while True:
                try:
                    message = queue.get(block=False)
                except queue.Empty:
                    return names
                app.loader.import_default_modules()
                names.append(message.headers["task"])
                args, kwargs, _ = message.payload
                app.tasks[names[-1]](*args, **kwargs)
                message.ack()

    return run


def totp_now(secret, shift=0):
    """What an authenticator app shows: RFC 6238, without the code under test."""
    counter = struct.pack(">Q", int(time.time()) // 30 + shift)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def set_up_app(client):
    """(the app's secret, the recovery codes) by the pages."""
    page = client.get("/account/factors/app").content.decode()
    secret = re.search(r"<code>([A-Z2-7 ]{39})</code>", page)[1].replace(" ", "")
    answer = client.post("/account/factors/app", {"code": totp_now(secret)})
    shown = client.get(answer.url).content.decode()
    return secret, re.findall(r"<li>(\d{5} \d{5})</li>", shown)


def grow_stale(client):
    """As after eleven minutes."""
    session = client.session
    session["confirmed_at"] -= 660
    session.save()
