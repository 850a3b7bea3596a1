import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils.timezone import now

from accounts.models import SignIn
from accounts.sign_in import do_forget_sessions
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ADDRESS = "81.2.69.142"


def log_in(user, **more):
    client = Client(**more)
    assert client.post("/login", {"email": user.email, "password": PASSWORD}).status_code == 302
    return client


def test_the_list_says_device_country_and_way_but_no_address(alice):
    client = log_in(alice, REMOTE_ADDR=ADDRESS, HTTP_USER_AGENT=FIREFOX)
    page = client.get("/account").content.decode()
    assert "Firefox on Linux" in page and "United Kingdom" in page and "password" in page and "this one" in page
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            rows = str(cursor.fetchall()).replace("81.2.69.0/24" if "audit" in table else "-", "")
            assert "81.2.69" not in rows, table
    sessions = [session.get_decoded() for session in Session.objects.all()]
    assert sessions and "81.2.69" not in str(sessions)


def test_one_session_is_ended_or_all_others(alice, bob):
    here, phone, tablet, bobs = log_in(alice), log_in(alice), log_in(alice), log_in(bob)
    ids = re.findall(r"/account/sessions/(\d+)/end", here.get("/account").content.decode())
    assert len(ids) == 2, "one's own has no button"
    assert bobs.post(f"/account/sessions/{ids[0]}/end").status_code == 404
    assert phone.get("/account").status_code == tablet.get("/account").status_code == 200, (
        "nobody ends another person's"
    )
    here.post(f"/account/sessions/{SignIn.objects.order_by('pk')[1].pk}/end")
    assert phone.get("/account").status_code == 302 and tablet.get("/account").status_code == 200
    here.post("/account/sessions/end")
    assert tablet.get("/account").status_code == 302 and here.get("/account").status_code == 200
    assert bobs.get("/account").status_code == 200


def test_a_new_password_ends_the_others(alice):
    here, there = log_in(alice), log_in(alice)
    here.post("/account", {"what": "password", "current": PASSWORD, "password": "another good one"})
    assert there.get("/account").status_code == 302
    page = here.get("/account").content.decode()
    assert page.count("this one") == 1 and "/end" not in page


def test_who_is_shut_out_is_out_at_once(alice, bob, api_key, capsys):
    client = log_in(alice)
    headers = {"Authorization": f"Bearer {api_key}"}
    assert Client().get("/api/v1/sites", headers=headers).status_code == 200
    call_command("deactivate", alice.email)
    assert client.get("/account").status_code == 302 and not SignIn.objects.filter(user=alice).exists()
    assert Client().get("/api/v1/sites", headers=headers).status_code == 401
    answer = Client().post("/login", {"email": alice.email, "password": PASSWORD})
    assert b"E-mail and password do not match." in answer.content
    call_command("deactivate", alice.email, "--undo")
    assert client.get("/account").status_code == 302, "what was ended stays ended"
    log_in(alice)


def test_logging_out_takes_it_from_the_list(alice):
    here, there = log_in(alice), log_in(alice)
    there.post("/logout")
    assert "/end" not in here.get("/account").content.decode()


def test_what_has_expired_is_forgotten(alice):
    log_in(alice)
    Session.objects.update(expire_date=now())
    SignIn.objects.update(last_seen_at=now() - timedelta(days=15))
    do_forget_sessions()
    assert not Session.objects.exists() and not SignIn.objects.exists()


def test_a_session_of_before_the_list_joins_it(alice):
    client = log_in(alice)
    SignIn.objects.all().delete()
    from accounts import sign_in

    sign_in._seen.clear()
    assert client.get("/account").status_code == 200 and SignIn.objects.count() == 1


def test_guesses_over_many_accounts_by_one_address(alice, monkeypatch):
    monkeypatch.setattr("accounts.views.entry.ATTEMPTS_BY_ADDRESS", 10)
    client = Client()
    for n in range(10):
        client.post("/login", {"email": f"p{n}@example.com", "password": "no"})
    assert client.post("/login", {"email": alice.email, "password": PASSWORD}).status_code == 429
    log_in(alice, REMOTE_ADDR="198.51.100.1")


def test_guesses_at_one_account_by_many_addresses(alice, run_tasks, monkeypatch):
    monkeypatch.setattr("accounts.views.entry.ATTEMPTS_AT_ACCOUNT", 10)
    for n in range(10):
        Client(REMOTE_ADDR=f"198.51.100.{n}").post("/login", {"email": alice.email, "password": "no"})
    fresh = Client(REMOTE_ADDR="203.0.113.1")
    assert fresh.post("/login", {"email": alice.email, "password": PASSWORD}).status_code == 429
    fresh.post("/password/forgot", {"email": alice.email})
    run_tasks()
    link = re.search(r"http://testserver(/\S+)", mail.outbox[0].body)[1]
    fresh.post(link, {"password": "another good one"})
    assert fresh.post("/login", {"email": alice.email, "password": "another good one"}).status_code == 302


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("qwertyuiopasdf", "breached"), ("QWERTYUIOPASDF", "breached"), ("iloveyou1234567890", "breached"),
        ("Footfall2026!!", "name of this place"), ("alicesteam-99", "name of this place"), ("12footfall-analytics!", "name of this place"),
    ],
)  # fmt: skip
def test_passwords_that_are_guessed_first(alice, login, password, said):
    answer = login(alice).post("/account", {"what": "password", "current": PASSWORD, "password": password})
    assert answer.status_code == 200 and said in answer.content.decode()


@pytest.mark.parametrize(
    "password",
    ["plum tangerine sofa", "x7#kQz!pL0wv", "ein langer Satz über Schuhe", "footfall is not my password, truly"],
)
def test_passwords_that_do(alice, login, password):
    assert (
        login(alice).post("/account", {"what": "password", "current": PASSWORD, "password": password}).status_code
        == 302
    )
