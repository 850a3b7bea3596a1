import pytest
from django.test import Client

from accounts.actions import do_create_api_key
from accounts.audit import Action, do_record
from accounts.audit_models import AuditEntry
from accounts.models import Membership, Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(stores, owner):
    key = do_create_api_key(owner, owner.teams.get(), "audit", ("admin",))

    def ask(query="", token=key):
        return Client().get(f"/api/v1/audit{query}", headers={"Authorization": f"Bearer {token}"})

    return ask


def test_the_log_comes_in_pages(call, owner, site):
    for i in range(7):
        do_record(owner, Action.SETTINGS_CHANGED, None, site, target=f"t{i}", before={"a": i}, after={"a": i + 1})
    do_record(owner, Action.EXPORTED, None, site, target="events")
    seen, cursor = [], ""
    while True:
        page = call(f"?limit=3&first=2020-01-01{cursor}").json()
        seen += page["results"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    numbers = [one["number"] for one in seen]
    assert numbers == sorted(numbers, reverse=True) and len(set(numbers)) == len(numbers) == 9
    changed = next(one for one in seen if one["target"] == "t6")
    assert changed["before"] == {"a": 6} and changed["after"] == {"a": 7} and changed["site"] == "shop.example"
    assert [one["action"] for one in call("?action=exported").json()["results"]] == ["exported"]
    assert len(call("?q=t3&actor=alice").json()["results"]) == 1
    assert call("?last=2020-01-01").json() == {"results": [], "next": None}


@pytest.mark.parametrize("query", ["?limit=0", "?cursor=x", "?action=nonsense", "?first=yesterday", "?q=%00"])
def test_nonsense_is_told(call, query):
    answer = call(query)
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "bad_query"


def test_it_takes_the_scope_and_the_role(call, owner):
    team = owner.teams.get()
    narrow = do_create_api_key(owner, team, "n", ("read:stats", "read:events", "write:events"))
    assert call(token=narrow).status_code == 403
    bob = User.objects.create_user("bob@example.com", "correct horse battery")
    Membership.objects.create(team=team, user=bob, role=Role.ANALYST)
    assert call(token=do_create_api_key(bob, team, "b", ("admin",))).status_code == 403
    assert call(token="nothing").status_code == 401


def test_reading_a_log_is_recorded(call, owner, site):
    call("?q=t3&limit=5")
    last = AuditEntry.objects.order_by("-number").first()
    assert (last.action, last.target, last.team_id) == ("audit_exported", "q=t3&limit=5", owner.teams.get().pk)
    assert last.key_id and last.actor == owner.email
    key = do_create_api_key(owner, owner.teams.get(), "k", ("admin",))
    headers = {"Authorization": f"Bearer {key}"}
    assert Client().get(f"/api/v1/sites/{site.pk}/consent/log", headers=headers).status_code == 200
    last = AuditEntry.objects.order_by("-number").first()
    assert (last.action, last.target, last.site_id) == ("exported", "consent log", site.pk)


def test_it_is_in_the_schema(stores):
    schema = Client().get("/api/schema/?format=json").json()
    assert schema["paths"]["/api/v1/audit"]["get"]["operationId"] == "list_audit"
