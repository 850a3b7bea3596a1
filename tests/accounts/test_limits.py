"""What takes no account is limited by address."""

import pytest
from django.test import Client

from accounts.limits import FREE, LIMITS, WRONG_KEYS
from accounts.permissions import MATRIX, Of
from analytics.saved.models import Link

pytestmark = pytest.mark.django_db
PUBLIC = "8.8.8.8"


@pytest.fixture(autouse=True)
def one_minute(monkeypatch):
    """Counts are of a minute of the clock, and none ends during a test."""
    monkeypatch.setattr("accounts.limits.time.time", lambda: 1_800_000_010.0)


def test_all_that_is_open_to_anyone_is_limited():
    open_to_all = {name for name, methods in MATRIX.items() if any(need.of == Of.ANYONE for need in methods.values())}
    assert open_to_all == {*LIMITS, *FREE}


@pytest.mark.parametrize(("path", "most"), [
    ("/login", 30), ("/password/forgot", 10), ("/setup", 10), ("/invitations/x", 10), ("/share/1-x", 20), ("/unsubscribe/x", 20),
    ("/password/reset/MQ/x-y", 10), ("/consent", 20), ("/login/second", 20), ("/login/passkey", 30), ("/passkeys/options/login", 60),
])  # fmt: skip
def test_posts_are_refused_beyond_the_limit(path, most):
    client = Client(REMOTE_ADDR=PUBLIC)
    answers = [client.post(path, {"email": "not an address"}).status_code for _ in range(most + 2)]
    assert 429 not in answers[: most - 1] and answers[-1] == 429
    refused = client.post(path)
    assert refused.status_code == 429 and int(refused["Retry-After"]) <= 60 and b"Too many" in refused.content
    assert Client(REMOTE_ADDR="8.8.4.4").post(path).status_code != 429, "each address by itself"


def test_an_ipv6_network_counts_as_one():
    for i in range(31):
        answer = Client(REMOTE_ADDR=f"2a00:1450:4001:81b::{i:x}").post("/login", {"email": "x"})
    assert answer.status_code == 429
    assert Client(REMOTE_ADDR="2a00:1450:4001:82b::1").post("/login", {"email": "x"}).status_code == 200


def test_guests_with_a_link_are_limited_together(site, owner, monkeypatch):
    monkeypatch.setattr("accounts.limits.GUESTS", (5, 5))
    link = Link.objects.create(site=site, name="Board", page="executive", created_by=owner)
    guest, base = Client(REMOTE_ADDR=PUBLIC), f"/sites/{site.pk}/executive"
    paths = [base, f"{base}/panels/headline", f"{base}/panels/pages", f"{base}/report.pdf", f"{base}/panels/series"]
    answers = [guest.get(path, {"share": token}) for path in paths for token in (link.token, "1-guessed")][:6]
    assert [answer.status_code for answer in answers] == [200, 404, 200, 404, 200, 429]
    member = Client(REMOTE_ADDR=PUBLIC)
    member.force_login(owner)
    assert member.get(base).status_code == 200, "who has an account is not meant"


def test_guessing_keys_is_slowed_down(api_key):
    client, wrong = Client(REMOTE_ADDR=PUBLIC), {"Authorization": "Bearer ffk_wrong"}
    answers = [client.get("/api/v1/sites", headers=wrong).status_code for _ in range(WRONG_KEYS + 1)]
    assert answers[:-1] == [401] * WRONG_KEYS and answers[-1] == 429
    right = {"Authorization": f"Bearer {api_key}"}
    assert Client(REMOTE_ADDR="8.8.4.4").get("/api/v1/sites", headers=right).status_code == 200


def test_configurations_of_unknown_sites_are_limited(monkeypatch):
    monkeypatch.setitem(LIMITS, "tracker-config", (5, 5))
    client = Client(REMOTE_ADDR=PUBLIC)
    answers = [client.get(f"/js/config/ff_{i}.js").status_code for i in range(6)]
    assert answers == [404] * 5 + [429]
