"""Keys and secrets: hashed, rotated with overlap, revoked, and their use counted."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from accounts import key_use
from accounts.actions import do_create_api_key
from accounts.audit_models import AuditEntry
from accounts.models import ApiKey, KeyUse, Role, Site
from ingestion import secret_use
from ingestion.sites import known
from tests.conftest import event

pytestmark = pytest.mark.django_db


def works(key):
    return Client().get("/api/v1/sites", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def actions():
    return list(AuditEntry.objects.values_list("action", flat=True))


@pytest.fixture
def old(alice, team):
    return do_create_api_key(alice, team, "deploys", ("read:stats", "admin"))


def test_a_rotated_key_works_beside_the_new_one_for_a_while(alice, team, old, login):
    client, key = login(alice), ApiKey.objects.get()
    answer = client.post(f"/team/{team.pk}/keys/{key.pk}/rotate", {"hours": "24"}, follow=True)
    new = re.search(r"ffk_[\w-]{43}", answer.content.decode())[0]
    assert new != old and works(old) and works(new)
    first, second = ApiKey.objects.order_by("pk")
    assert first.replaced_by == second and second.scopes == first.scopes and second.expires_at is None
    assert timedelta(hours=23) < first.expires_at - now() < timedelta(hours=24)
    page = client.get(f"/team/{team.pk}").content.decode()
    assert first.prefix in page and second.prefix in page and "replaced by" in page
    ApiKey.objects.filter(pk=first.pk).update(expires_at=now())
    assert not works(old) and works(new)
    assert client.post(f"/team/{team.pk}/keys/{first.pk}/rotate", {"hours": "24"}).status_code == 302
    assert ApiKey.objects.count() == 2, "one that has ended is not rotated"


@pytest.mark.parametrize("hours", ["", "-1", "999999", "x"])
def test_the_overlap_is_one_of_those_offered(alice, team, old, login, hours):
    login(alice).post(f"/team/{team.pk}/keys/{ApiKey.objects.get().pk}/rotate", {"hours": hours})
    assert ApiKey.objects.count() == 1


def test_rotating_does_not_prolong_and_does_not_lend_rights(alice, bob, team, login):
    do_create_api_key(alice, team, "short", days=1)
    bob.memberships.update(role=Role.ADMIN)
    key = ApiKey.objects.get()
    login(bob).post(f"/team/{team.pk}/keys/{key.pk}/rotate", {"hours": "720"})
    new = ApiKey.objects.exclude(pk=key.pk).get()
    assert new.expires_at == key.expires_at and ApiKey.objects.get(pk=key.pk).expires_at == key.expires_at
    assert new.user == bob


def test_the_use_of_a_key_is_counted_and_its_first_use_recorded(alice, team, old, login):
    key = ApiKey.objects.get()
    for _ in range(3):
        assert works(old)
    assert actions().count("key_first_used") == 1
    page = login(alice).get(f"/team/{team.pk}/keys/{key.pk}").content.decode()
    assert "3 in the last 30 days" in page
    assert KeyUse.objects.get(key=key).requests == 3
    key_use.do_keep_all()
    assert KeyUse.objects.get(key=key).requests == 3
    works(old)
    key_use.do_keep_all()
    assert KeyUse.objects.get(key=key).requests == 4


def test_keys_and_secrets_are_kept_as_hashes(alice, team, old, new_site):
    rows = str(list(ApiKey.objects.values())) + str(list(Site.objects.values()))
    assert old not in rows and new_site.ingest_secret not in rows
    AuditEntry.objects.count()
    assert old not in str(list(AuditEntry.objects.values()))


def test_a_revoked_key_is_dead_and_a_foreign_one_unknown(alice, charlie, team, old, login):
    key = ApiKey.objects.get()
    other = charlie.teams.get()
    assert login(charlie).post(f"/team/{other.pk}/keys/{key.pk}/revoke").status_code == 404 and works(old)
    login(alice).post(f"/team/{team.pk}/keys/{key.pk}/revoke")
    assert not works(old) and "key_revoked" in actions()


def send(post, secret):
    known.refresh()
    return post({"site": Site.objects.get().site_key, "events": [event()]}, secret=secret).status


def renew(client, site, hours):
    client.post(f"/sites/{site.pk}/secret", {"hours": hours})
    return re.search(r"ffs_[\w-]{43}", client.get(f"/sites/{site.pk}/settings").content.decode())[0]


def test_an_old_secret_works_beside_the_new_one_for_a_while(alice, new_site, login, post):
    client, site, old = login(alice), new_site.site, new_site.ingest_secret
    fresh = renew(client, site, "24")
    assert send(post, old) == 202 and send(post, fresh) == 202
    assert "End it now" in client.get(f"/sites/{site.pk}/settings").content.decode()
    Site.objects.update(old_secret_until=now())
    assert send(post, old) == 401 and send(post, fresh) == 202
    newest = renew(client, site, "24")
    client.post(f"/sites/{site.pk}/secret/revoke")
    assert send(post, fresh) == 401 and send(post, newest) == 202
    assert actions().count("secret_renewed") == 2 and "secret_revoked" in actions()


def test_a_secret_renewed_without_overlap_stops(alice, new_site, login, post):
    fresh = renew(login(alice), new_site.site, "0")
    assert send(post, new_site.ingest_secret) == 401 and send(post, fresh) == 202


def test_the_use_of_a_secret_is_counted(alice, new_site, login, post):
    site = new_site.site
    for _ in range(2):
        send(post, new_site.ingest_secret)
    secret_use.do_keep()
    send(post, new_site.ingest_secret)
    secret_use.do_keep()
    site.refresh_from_db()
    assert site.ingest_secret_used_at and KeyUse.objects.get(site=site).requests == 3
    assert actions().count("secret_first_used") == 1
    assert "3 requests" in login(alice).get(f"/sites/{site.pk}/settings").content.decode()
