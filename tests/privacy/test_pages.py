import json
import zipfile
from io import BytesIO

import pytest
from django.test import Client

from accounts.actions import do_create_api_key, do_create_owner
from accounts.models import Membership, User
from analytics.privacy import ledger
from analytics.privacy.models import PrivacyRequest
from tests.conftest import event
from tests.privacy.conftest import PERSON

pytestmark = pytest.mark.django_db


@pytest.fixture
def visited(site, new_site, post, drain):
    post({"site": site.site_key, "events": [event(user={"user_id": PERSON}), event()]}, new_site.ingest_secret)
    drain()


def test_an_admin_deletes_a_person_and_gets_the_receipt(client_in, site, visited, settings):
    base = f"/sites/{site.pk}/settings/privacy"
    assert "Nobody has asked yet" in client_in.get(base).content.decode()
    bad = client_in.post(base, {"kind": "erasure", "named_by": "token", "value": "nonsense"}).content.decode()
    assert "This is no token" in bad and not PrivacyRequest.objects.exists()
    made = client_in.post(base, {"kind": "erasure", "named_by": "user", "value": PERSON})
    job = PrivacyRequest.objects.get()
    assert made.status_code == 302 and PERSON not in json.dumps([job.subject, job.mark, job.steps])
    page = client_in.get(made.url).content.decode()
    assert "Withdraw" in page and "every 2s" in page
    assert client_in.get(f"{base}/{job.pk}/receipt").status_code == 404
    backup = settings.DATA_DIR / "backups" / "monday"
    backup.mkdir(parents=True)
    ledger.do_work(job.pk)
    fragment = client_in.get(made.url, headers={"HX-Request": "true"}).content.decode()
    assert "Nothing of this person is left" in fragment and "<html" not in fragment
    assert "1 older backup in the data folder still holds the data: monday. Delete it" in fragment
    backup.rmdir()
    assert "Backups that were made before hold the data still" in client_in.get(made.url).content.decode()
    assert client_in.get(f"{base}/{job.pk}/receipt").json()["receipt"]["request"] == str(job.number)
    known = client_in.post(base, {"kind": "export", "named_by": "user", "value": PERSON, "look": "1"}).content.decode()
    assert str(job.number)[:8] in known
    other = client_in.post(base, {"kind": "export", "named_by": "user", "value": "x", "look": "1"}).content.decode()
    assert "no request about this person" in other and PrivacyRequest.objects.count() == 1


def test_a_request_can_be_withdrawn_until_it_begins(client_in, site, visited):
    base = f"/sites/{site.pk}/settings/privacy"
    client_in.post(base, {"kind": "erasure", "named_by": "user", "value": PERSON})
    job = PrivacyRequest.objects.get()
    PrivacyRequest.objects.update(state="running")
    client_in.post(f"{base}/{job.pk}/withdraw")
    assert PrivacyRequest.objects.exists()
    PrivacyRequest.objects.update(state="waiting")
    client_in.post(f"{base}/{job.pk}/withdraw")
    assert not PrivacyRequest.objects.exists()


def test_only_admins_come_in(client_in, site, visited, owner):
    job = ledger.do_request(site, owner, "export", "user", ledger.Subject(site.pk, frozenset({"ab" * 16})))
    viewer = User.objects.create_user("bob@example.com", "correct horse battery")
    Membership.objects.create(team=site.team, user=viewer, role="analyst")
    stranger = do_create_owner("eve@example.com", "correct horse battery")
    base = f"/sites/{site.pk}/settings/privacy"
    for person, status in ((viewer, 403), (stranger, 404)):
        client = Client()
        client.force_login(person)
        for tail in ("", f"/{job.pk}", f"/{job.pk}/receipt", f"/{job.pk}/archive"):
            assert client.get(base + tail).status_code == status
        key = do_create_api_key(person, person.teams.first(), "k", ("admin",))
        answer = client.get(f"/api/v1/sites/{site.pk}/privacy-requests", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == status


def test_the_api_exports_a_person(site, visited, owner):
    def call(method, tail="", body=None, scopes=("admin",)):
        key = do_create_api_key(owner, owner.teams.get(), "k", scopes)
        data = {"data": json.dumps(body), "content_type": "application/json"} if body else {}
        headers = {"Authorization": f"Bearer {key}"}
        return getattr(Client(), method)(f"/api/v1/sites/{site.pk}/privacy-requests{tail}", headers=headers, **data)

    asked = {"kind": "export", "named_by": "user", "value": PERSON}
    assert call("post", body=asked, scopes=("read:stats", "read:events")).status_code == 403
    assert call("post", body=asked | {"named_by": "name"}).json()["error"]["field"] == "named_by"
    assert call("post", body=asked | {"named_by": "token"}).json()["error"]["field"] == "value"
    made = call("post", body=asked)
    assert made.status_code == 202 and made.json()["state"] == "waiting" and PERSON not in made.content.decode()
    pk = made.json()["id"]
    assert call("get", f"/{pk}/file").status_code == 404
    ledger.do_work(pk)
    told = call("get", f"/{pk}").json()
    assert told["state"] == "done" and told["progress"] == 1
    packed = b"".join(call("get", f"/{pk}/file").streaming_content)
    assert len(json.loads(zipfile.ZipFile(BytesIO(packed)).read("events.json"))) == 1
    assert [job["id"] for job in call("get").json()] == [pk]


def test_masking_is_set_and_tried(client_in, site, stores):
    page = f"/sites/{site.pk}/settings/privacy/masking"
    form = {
        "masked": ["email"],
        "query_params": "Step\npage",
        "mask_rules": r"member \bM-[0-9]{5}\b",
        "tried": "M-12345 a@b.example +49 170 1234567",
    }
    tried = client_in.post(page, form | {"try": "1"}).content.decode()
    assert "[member] [email] +49 170 1234567" in tried and "member: 1" in tried
    site.collection.refresh_from_db()
    assert site.collection.mask_rules == []
    assert client_in.post(page, form | {"save": "1"}).status_code == 302
    site.collection.refresh_from_db()
    assert site.collection.mask_rules == [{"name": "member", "pattern": r"\bM-[0-9]{5}\b"}]
    assert site.collection.masked == ["email"] and site.collection.query_params == ["step", "page"]
    for bad in ("member (", "member", "email x", r"x (a)\1", "x a*"):
        answer = client_in.post(page, form | {"mask_rules": bad, "save": "1"})
        assert answer.status_code == 200 and "error" in answer.content.decode(), bad
