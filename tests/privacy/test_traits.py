"""What identify() tells of a person by name or address: encrypted everywhere, and shown by role."""

import csv
import io
import json

import pytest
from cryptography.fernet import InvalidToken
from django.core.management import call_command
from django.test import Client

from accounts import field_keys
from accounts.actions import do_create_api_key
from accounts.audit_models import AuditEntry
from accounts.field_keys import FieldKey, masked
from accounts.models import Membership, Role, User
from analytics.clickhouse import client as store
from analytics.clickhouse import users
from analytics.privacy import ledger, rotation
from analytics.privacy.stores import named
from ingestion import buffer
from ingestion.sites import Snapshot, known
from tests.conftest import event

pytestmark = pytest.mark.django_db
TRAITS = {"plan": "pro", "email": "nina.berg@example.com", "fullName": "Nina Berg", "note": "call +49 30 901820 11",
          "customer_no": "K-4711", "unlisted": "Elm Street 5"}  # fmt: skip
OPEN = {
    "customer_no": "K-4711",
    "email": "nina.berg@example.com",
    "fullName": "Nina Berg",
    "note": "call +49 30 901820 11",
}
MASKED = {"customer_no": "K•••", "email": "n•••@e•••.com", "fullName": "N•••", "note": "c•••"}
SECRETS = ("nina.berg", "Nina Berg", "901820", "K-4711", "Elm Street")


@pytest.fixture(autouse=True)
def _no_keys_of_the_test_before():
    field_keys.ring.clear()
    yield
    field_keys.ring.clear()


@pytest.fixture
def told(site, post, drain):
    """Nina has identified herself, viewed and bought."""
    site.collection.traits = ["plan", "email", "fullName", "note"]
    site.collection.sealed_traits = ["customer_no"]
    site.collection.save()
    known._snapshot = Snapshot()

    def tell(traits=TRAITS, user="u-1", **more):
        events = [
            event(kind="identify", user={"user_id": user}, event_properties={"traits": traits}, **more),
            event("https://shop.example/pay", kind="purchase", user={"user_id": user}),
        ]
        assert post({"site": site.site_key, "events": events}).json()["accepted"] == 2

    tell()
    return tell


def tables_with(text):
    """Those in which any column of any row has the text."""
    tables = store.command(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    )
    sql = "SELECT count() FROM {} WHERE position(formatRow('JSONEachRow', *), {{text:String}}) > 0"
    return [table for (table,) in tables if store.command(sql.format(table), {"text": text})[0][0]]


def key_of(team, role):
    user = User.objects.filter(email=f"{role}@example.com").first() or User.objects.create_user(
        f"{role}@example.com", "x"
    )
    Membership.objects.update_or_create(team=team, user=user, defaults={"role": role})
    return {"Authorization": f"Bearer {do_create_api_key(user, team, 'k', ('read:stats', 'read:events'))}"}


def people_of(site, headers, form="ndjson"):
    answer = Client().get(f"/api/v1/sites/{site.pk}/export/people?format={form}", headers=headers)
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content).decode()


def test_they_are_encrypted_from_the_door_on(told, site, drain, stored):
    queued = b"".join(value for _, entry in buffer.connection().xrange("ff:stream:0") + buffer.connection().xrange("ff:stream:1")
                      for value in entry.values())  # fmt: skip
    assert b"identify" in queued and not any(secret.encode() in queued for secret in SECRETS)
    drain()
    assert "events" in tables_with("pro") and not any(tables_with(secret) for secret in SECRETS)
    [row] = [row for row in stored("event_type", "event_properties") if row["event_type"] == "identify"]
    assert row["event_properties"] == {"traits": {"plan": "pro"}}
    assert {row["name"] for row in stored("name", table="person_traits", order="name")} == set(OPEN)


def test_who_may_see_it_reads_it_and_others_see_it_masked(told, site, owner, drain):
    drain()
    team = owner.teams.get()
    for role, seen in ((Role.OWNER, OPEN), (Role.ANALYST, OPEN), (Role.VIEWER, MASKED)):
        headers = key_of(team, role)
        assert json.loads(people_of(site, headers))["traits"] == seen, role
        (row,) = csv.DictReader(io.StringIO(people_of(site, headers, "csv")))
        assert json.loads(row["traits"]) == seen
        asked = {"steps": ["identify", "purchase"], "step": 2}
        answer = Client().post(f"/api/v1/sites/{site.pk}/funnel/people", asked, "application/json", headers=headers)
        assert answer.json()["people"][0]["traits"] == seen
    answer = Client().get(f"/api/v1/sites/{site.pk}/export/people", headers=key_of(team, Role.MARKETING))
    assert answer.status_code == 403


def test_pages_show_it_by_role(told, site, owner, drain):
    drain()
    path = f"/sites/{site.pk}/product/people?period=7d&step=identify&step=purchase&number=2"
    for role, inside, outside in (
        (Role.ANALYST, "nina.berg@example.com", "n•••@"),
        (Role.VIEWER, "n•••@e•••.com", "nina.berg"),
    ):
        key_of(owner.teams.get(), role)
        viewer = Client()
        viewer.force_login(User.objects.get(email=f"{role}@example.com"))
        for page in (path, f"{path}&format=csv"):
            text = viewer.get(page).content.decode()
            assert inside in text and outside not in text, (role, page)


def test_a_file_with_names_is_not_for_those_who_see_them_masked(told, site, owner, drain):
    from analytics.saved import exports
    from analytics.saved.models import Export

    drain()
    analyst, viewer = (key_of(owner.teams.get(), role) for role in (Role.ANALYST, Role.VIEWER))
    path = f"/api/v1/sites/{site.pk}/exports"
    for headers, named_there in ((analyst, True), (viewer, False)):
        asked = {"kind": "people", "format": "csv", "date_range": "7d"}
        made = Client().post(path, asked, "application/json", headers=headers).json()
        exports.do_run(made["id"])
        assert Export.objects.get(pk=made["id"]).names is named_there
        statuses = []
        for other in (analyst, viewer):
            answer = Client().get(f"{path}/{made['id']}/file", headers=other)
            statuses.append(answer.status_code)
            if answer.status_code == 200:
                assert ("nina.berg" in b"".join(answer.streaming_content).decode()) is named_there
        assert statuses == ([200, 403] if named_there else [200, 200])


def test_user_ids_that_are_no_hashes_are_masked_as_well(told, site, owner, post, drain):
    site.collection.hash_users = False
    site.collection.save()
    known._snapshot = Snapshot()
    told(user="nina.berg@example.com")
    drain()
    team = owner.teams.get()
    assert "nina.berg@example.com" in people_of(site, key_of(team, Role.ANALYST))
    for kind in ("people", "events"):
        answer = Client().get(f"/api/v1/sites/{site.pk}/export/{kind}?format=ndjson", headers=key_of(team, Role.VIEWER))
        text = b"".join(answer.streaming_content).decode()
        assert "nina.berg" not in text and "n•••@e•••.com" in text


def test_without_a_user_nothing_is_kept_and_the_latest_word_counts(told, site, post, drain, owner):
    anonymous = event(kind="identify", event_properties={"traits": {"email": "nobody@example.com"}})
    post({"site": site.site_key, "events": [anonymous]})
    drain()
    told({"email": "nina@new.example"})
    drain()
    traits = json.loads(people_of(site, key_of(owner.teams.get(), Role.OWNER)).splitlines()[0])["traits"]
    assert traits == {**OPEN, "email": "nina@new.example"}
    assert store.command("SELECT uniqExact(person_id) FROM person_traits") == [(1,)]


def test_a_refused_event_keeps_none_of_them(told, site, post, drain):
    refused = event(
        kind="identify", event_properties={"traits": TRAITS}, user={"user_id": "u-1"}, event_timestamp="yesterday"
    )
    assert post({"site": site.site_key, "events": [refused]}).json()["rejected"]
    drain()
    [(payload,)] = store.command("SELECT payload FROM rejected_events")
    assert '"plan":"pro"' in payload and not any(secret in payload for secret in SECRETS)


@pytest.mark.parametrize("kind", ["identify", "page_view"])
@pytest.mark.parametrize("outside", [
    {"user": {"user_id": "u-9", "traits": TRAITS}}, {"user": {"user_id": "u-9"}, "traits": TRAITS},
    {"user": {"user_id": "u-9", "traits": OPEN}, "event_properties": {"traits": {"plan": "pro", "unlisted": "Elm Street"}}},
])  # fmt: skip
def test_they_are_sealed_wherever_they_stand(told, site, post, drain, stored, kind, outside):
    drain()
    store.command("TRUNCATE TABLE person_traits")
    assert post({"site": site.site_key, "events": [event(kind=kind, **outside)]}).json()["accepted"] == 1
    drain()
    assert not any(tables_with(secret) for secret in SECRETS)
    assert {"traits": {"plan": "pro"}} in [row["event_properties"] for row in stored("event_properties")]
    assert {row["name"] for row in stored("name", table="person_traits", order="name")} == set(OPEN)


def test_what_is_kept_of_bots_and_broken_lines_has_none_of_them(told, site, post, drain):
    drain()
    sent = [event(user={"user_id": "u-1", "traits": TRAITS}), event(traits=TRAITS)]
    post({"site": site.site_key, "events": sent}, agent="Googlebot/2.1")
    kind = {"CONTENT_TYPE": "application/x-ndjson", "QUERY_STRING": f"site={site.site_key}"}
    broken = [json.dumps(event(traits=TRAITS))[:-1], str(event(user={"user_id": "u-1", "traits": TRAITS}))]
    assert len(post("\n".join(broken).encode(), headers=kind).json()["rejected"]) == 2
    drain()
    assert not any(tables_with(secret) for secret in SECRETS)
    bots = [json.loads(payload) for (payload,) in store.command("SELECT payload FROM bot_events")]
    assert [one["event_properties"] for one in bots] == [{"traits": {"plan": "pro"}}] * 2
    notes = {payload for (payload,) in store.command("SELECT payload FROM rejected_events")}
    assert notes == {f"unreadable: {len(line.encode())} bytes" for line in broken}


def test_keys_are_rotated_and_retired(told, site, owner, drain, capsys, monkeypatch):
    drain()
    first = FieldKey.objects.get().name
    call_command("rotatekeys")
    assert "4 traits were encrypted anew" in capsys.readouterr().out
    second = FieldKey.objects.first().name
    assert store.command("SELECT DISTINCT key FROM person_traits") == [(second,)] and second != first
    told({"email": "nina@new.example"})  # by a process that has not looked for a new key yet
    call_command("rotatekeys", "--retire")
    assert "0 older keys are gone, 1 stay" in capsys.readouterr().out
    known._snapshot = Snapshot()
    told({"email": "nina@newest.example"})
    FieldKey.objects.filter(name=second).update(created_at=FieldKey.objects.first().created_at - rotation.LIVES_ON)
    FieldKey.objects.filter(name=first).update(created_at=FieldKey.objects.first().created_at - 2 * rotation.LIVES_ON)
    call_command("rotatekeys", "--retire")
    assert "1 older keys are gone, 0 stay" in capsys.readouterr().out
    assert [key.name for key in FieldKey.objects.all()] == [second]
    told = AuditEntry.objects.filter(action="field_keys_rotated").order_by("number").values_list("target", flat=True)
    assert list(told) == [f"new key {second}", "1 older keys forgotten"]
    traits = json.loads(people_of(site, key_of(owner.teams.get(), Role.OWNER)))["traits"]
    assert traits == {**OPEN, "email": "nina@newest.example"}


def test_a_sealed_text_opens_in_its_own_place_only(site):
    key = field_keys.get_newest()
    sealed = key.seal(site.pk, "email", "a@b.example")
    assert field_keys.open_sealed(site.pk, "email", sealed) == "a@b.example"
    for site_id, trait, text in (
        (site.pk + 1, "email", sealed),
        (site.pk, "name", sealed),
        (site.pk, "email", f"x{sealed}"),
    ):
        with pytest.raises(InvalidToken):
            field_keys.open_sealed(site_id, trait, text)
        assert field_keys.told_trait(site_id, trait, text, plain=True) == "•••"
    assert sealed.partition(":")[2] not in FieldKey.objects.get().wrapped


def test_another_secret_key_reads_nothing(told, drain, site, owner, settings):
    drain()
    settings.SECRET_KEY = "another"  # pragma: allowlist secret
    field_keys.ring.clear()
    assert set(json.loads(people_of(site, key_of(owner.teams.get(), Role.OWNER)))["traits"].values()) == {"•••"}


def test_an_erasure_reaches_them_and_an_export_hands_them_out(told, site, owner, drain):
    from analytics.privacy.reach import Reach
    from analytics.privacy.subject import check_subject

    told({"email": "other@example.com"}, user="u-2")
    drain()
    subject = check_subject(site, "user", "u-1")
    reach = Reach(77, subject)
    reach.resolve()
    assert {row["trait"]: row["value"] for row in named.export(reach)} == OPEN
    job = ledger.do_request(site, owner, "erasure", "user", subject)
    ledger.do_work(job.pk)
    job.refresh_from_db()
    assert job.state == "done", job.error
    assert store.command("SELECT count() FROM person_traits") == [(1,)]


def test_a_reader_of_one_site_does_not_get_the_table(stores):
    assert "person_traits" not in users.tables_with_sites() and "events" in users.tables_with_sites()


@pytest.mark.parametrize(("value", "shown"), [
    ("alice@example.com", "a•••@e•••.com"), ("a@mail.example.co.uk", "a•••@m•••.uk"), ("Nina Berg", "N•••"), ("+49 30 1", "•••"),
    (4711, "•••"), ("", "•••"), ({"a": 1}, "•••"), ("@x.y", "•••"), ("Ärger", "Ä•••"),
])  # fmt: skip
def test_what_masked_looks_like(value, shown):
    assert masked(value) == shown


def test_a_backup_brings_them_back(told, site, owner, drain, tmp_path):
    """Each version of them, also those that a merge would fold."""
    from analytics.services.backup import events

    drain()
    told({"email": "nina@new.example"})
    drain()
    before = people_of(site, key_of(owner.teams.get(), Role.OWNER))
    with events.snapshot_place() as place:
        rows = {"person_traits": events.take_snapshot(place)["person_traits"]}
        events.save(tmp_path, place, rows)
    saved = b"".join(path.read_bytes() for path in tmp_path.rglob("*.zst"))
    store.command("TRUNCATE TABLE person_traits")
    events.load(tmp_path, rows)
    assert rows == {"person_traits": 5} and b"nina" not in saved
    assert people_of(site, key_of(owner.teams.get(), Role.OWNER)) == before and "nina@new.example" in before


def test_a_row_that_waited_since_an_earlier_version_is_taken():
    from ingestion import writer
    from ingestion.row import Row

    new = [getattr(Row(1), name) for name in Row.__struct_fields__]
    rows = [new, new[:-1]]
    assert writer.take_traits(rows) == [] and len(rows[0]) == len(rows[1])
