import pytest
from django.core.management import call_command

from accounts.audit_models import AuditEntry
from ingestion.sites import known
from tests.conftest import event
from tests.privacy.conftest import DEVICE, PERSON, count

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(post, drain):
    def one(new, **more):
        known.refresh()
        answer = post({"site": new.site.site_key, "events": [event(**more)]}, new.ingest_secret).json()
        drain()
        return answer["accepted"]

    return one


@pytest.mark.parametrize(("named_by", "value"), [("user", PERSON), ("device", DEVICE)])
def test_a_person_opts_out_of_a_site_and_in_again(client_in, new_site, owner, send, named_by, value):
    from accounts.actions import do_create_site

    other = do_create_site(owner.teams.get(), "other.example")
    her = {"user": {"user_id": PERSON}, "device": {"device_id": DEVICE}}
    page = f"/sites/{new_site.site.pk}/settings/privacy/opt-outs"
    form = {"named_by": named_by, "value": value}
    assert send(new_site, **her) == 1
    assert client_in.post(page, form).status_code == 302
    assert "1 on this site" in client_in.get(page).content.decode()
    assert send(new_site, **her) == 0 and send(new_site, user={"user_id": "bob"}) == 1 and send(other, **her) == 1
    assert send(new_site) == 1, "people without an id"
    client_in.post(page, form)
    client_in.post(page, form | {"undo": "1"})
    assert send(new_site, **her) == 1 and count("events") == 5


def test_nothing_is_kept_of_who_opted_out_by_mistake_or_as_a_bot(new_site, post, drain):
    call_command("optout", user=PERSON)
    known.refresh()
    key, her = new_site.site.site_key, {"user_id": PERSON}
    broken = event(user=her) | {"page": {"url": "https://shop.example/", "title": [5]}}
    assert post({"site": key, "events": [broken]}).json()["rejected"] == []
    post({"site": key, "events": [event(user=her)]}, agent="Googlebot/2.1 (+http://www.google.com/bot.html)")
    post({"site": key, "events": [event(kind="bad/type", user={"user_id": PERSON})]})
    drain()
    assert count("rejected_events") == count("bot_events") == count("events") == 0
    new_site.site.honour_gpc = True
    new_site.site.save()
    known.refresh()
    broken["user"] = {"user_id": "bob"}
    post({"site": key, "events": [broken]}, headers={"HTTP_SEC_GPC": "1"})
    drain()
    assert count("rejected_events") == 0
    post({"site": key, "events": [broken]})
    drain()
    assert count("rejected_events") == 1, "who wants to be counted has their mistakes kept"


def test_a_person_opts_out_of_the_server(new_site, owner, send, stored):
    from accounts.actions import do_create_site
    from ingestion import outcomes

    other = do_create_site(owner.teams.get(), "other.example")
    call_command("optout", user=PERSON)
    call_command("optout", user=PERSON)
    assert send(new_site, user={"user_id": PERSON}) == send(other, user={"user_id": PERSON}) == 0
    outcomes.do_flush_outcomes()
    counted = stored("outcome", "reason", "events", table="ingest_outcomes", order="site_id")
    assert counted == [{"outcome": "dropped", "reason": "opted_out", "events": 1}] * 2
    call_command("optout", user=PERSON, undo=True)
    assert send(new_site, user={"user_id": PERSON}) == 1
    told = AuditEntry.objects.filter(action="privacy_request", actor="command").order_by("number")
    assert [one.target.rpartition(": ")[2] for one in told] == ["opted out", "opted out", "tracked again"]
    assert not any(PERSON in f"{one.target}{one.changes}" for one in told)
