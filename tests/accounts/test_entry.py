import re

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions import do_create_setup_token
from accounts.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def test_the_setup_link_makes_the_first_account_once():
    token = do_create_setup_token()
    client = Client()
    assert client.get("/setup?token=wrong").status_code == 403
    assert client.get(f"/setup?token={token}").status_code == 200
    weak = client.post(f"/setup?token={token}", {"email": "alice@example.com", "password": "short"})
    assert weak.status_code == 200 and b"at least 10" in weak.content and not User.objects.exists()
    made = client.post(f"/setup?token={token}", {"email": "Alice@Example.com", "password": PASSWORD, "team": "Shop"})
    assert made.url == "/sites/new"
    user = User.objects.get()
    assert user.email == "alice@example.com" and user.password.startswith("argon2")
    assert user.memberships.get().role == "owner" and user.teams.get().name == "Shop"
    assert client.get("/sites/").status_code == 200
    assert Client().get(f"/setup?token={token}").url == "/login"
    assert do_create_setup_token() is None


def test_log_in_and_out(alice):
    client = Client()
    assert client.get("/sites/").url == "/login?next=/sites/"
    wrong = client.post("/login", {"email": alice.email, "password": "no"})
    unknown = client.post("/login", {"email": "nobody@example.com", "password": "no"})
    said = [re.search(rb'role="alert".*?<div>(.*?)</div>', r.content, re.DOTALL)[1] for r in (wrong, unknown)]
    assert said == [b"E-mail and password do not match."] * 2
    done = client.post("/login", {"email": "ALICE@example.com", "password": PASSWORD, "next": "/account"})
    assert done.url == "/account"
    assert client.post("/logout").url == "/login"
    assert client.get("/account").status_code == 302


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_next_stays_here(alice, target):
    assert Client().post("/login", {"email": alice.email, "password": PASSWORD, "next": target}).url == "/sites/"


def test_a_panel_whose_session_ended_sends_the_page_to_log_in(site):
    asked = {"HX-Request": "true", "HX-Current-URL": "http://testserver/sites/1/live"}
    client = Client()
    panel = client.get(f"/sites/{site.pk}/live/now", headers=asked)
    answer = client.get(panel.url, headers=asked)  # browsers follow by themselves and send the same headers
    assert answer.headers["HX-Redirect"] == "/login?next=%2Fsites%2F1%2Flive" and not answer.content


def test_guessing_is_slowed_down(alice):
    client = Client()
    for _ in range(8):
        client.post("/login", {"email": alice.email, "password": "no"})
    answer = client.post("/login", {"email": alice.email, "password": PASSWORD})
    assert answer.status_code == 429 and b"Too many attempts" in answer.content
    elsewhere = Client(REMOTE_ADDR="198.51.100.9").post("/login", {"email": alice.email, "password": PASSWORD})
    assert elsewhere.status_code == 302


def test_a_forgotten_password(alice, run_tasks):
    client = Client()
    for email in (alice.email, "nobody@example.com"):
        assert b"Look into your mail" in client.post("/password/forgot", {"email": email}).content
    assert mail.outbox == [], "the worker looks the address up and sends"
    run_tasks()
    assert [m.to for m in mail.outbox] == [[alice.email]]
    link = re.search(r"http://testserver(/\S+)", mail.outbox[0].body)[1]
    assert client.post(link, {"password": "another good one"}).url == "/login"
    assert client.get(link).status_code == 403
    assert client.post("/login", {"email": alice.email, "password": "another good one"}).status_code == 302


def test_a_changed_password_logs_other_devices_out(alice, login):
    here, there = login(alice), login(alice)
    form = {"what": "password", "current": PASSWORD, "password": "another good one"}
    assert b"not your current" in here.post("/account", form | {"current": "x"}).content
    assert here.post("/account", form).status_code == 302
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302


def test_pages_carry_a_strict_policy(alice, login):
    for path in ("/login", "/sites/", "/nothing-here"):
        policy = login(alice).get(path).headers["Content-Security-Policy"]
        assert "unsafe" not in policy and "default-src 'none'" in policy


@pytest.mark.parametrize("path", ["/login", "/password/forgot"])
def test_monitors_may_ask_with_head(db, path):
    assert Client().head(path).status_code == 200


def test_the_error_page_stands_alone(alice, login, monkeypatch):
    def fail(request):
        raise RuntimeError

    monkeypatch.setattr("accounts.context.visible_sites", fail)
    client = login(alice)
    client.raise_request_exception = False
    answer = client.get("/account")
    assert answer.status_code == 500 and b"Footfall failed" in answer.content


def test_forms_need_their_token(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post("/logout").status_code == 403


@pytest.mark.parametrize("path", ["/login", "/password/forgot"])
def test_the_same_work_is_done_for_who_has_an_account_and_who_has_none(alice, path, monkeypatch):
    """Time is not measured here, what takes it is: queries, password hashes, mails."""
    hashed, done = [], []
    encode, verify = Argon2PasswordHasher.encode, Argon2PasswordHasher.verify
    monkeypatch.setattr(Argon2PasswordHasher, "encode", lambda *a: hashed.append(1) or encode(*a))
    monkeypatch.setattr(Argon2PasswordHasher, "verify", lambda *a: hashed.append(1) or verify(*a))
    Client().post(path, {"email": "first@example.com", "password": "no"})  # begins the audit log
    for email in (alice.email, "nobody@example.com"):
        hashed.clear()
        with CaptureQueriesContext(connection) as queries:
            answer = Client().post(path, {"email": email, "password": "no"})
        done.append((answer.status_code, len(queries), len(hashed), len(mail.outbox)))
    assert done[0] == done[1]
    assert done[0][2] == (1 if path == "/login" else 0)


def test_mail_by_smtp(alice, settings, run_tasks):
    """Through a real SMTP server."""
    import aiosmtpd.controller
    import aiosmtpd.handlers

    class Sink:
        got = []

        async def handle_DATA(self, server, session, envelope):
            self.got.append((envelope.rcpt_tos, envelope.content))
            return "250 OK"

    server = aiosmtpd.controller.Controller(Sink(), hostname="127.0.0.1", port=0)
    server.port = __import__("tests.running", fromlist=["free_port"]).free_port()
    server.start()
    try:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        Client().post("/password/forgot", {"email": alice.email})
        run_tasks()
    finally:
        server.stop()
    assert Sink.got[0][0] == [alice.email] and b"/password/reset/" in Sink.got[0][1]
