"""What stores anything is registered, or says why no person is in it. A new table, model, folder or key fails here until it is."""

import pytest
from django.apps import apps

from analytics.clickhouse import client
from analytics.privacy.registry import FREE, STORAGES, known_places
from ingestion import buffer
from tests.conftest import event

pytestmark = pytest.mark.django_db


def tables():
    rows = client.read(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine != 'MaterializedView'"
        " AND name NOT LIKE '.inner%'",
        {}, "test",
    )  # fmt: skip
    return {f"table:{name}" for (name,) in rows}


def test_every_table_is_known(stores):
    assert tables() - known_places() == set(), "register them in a personal_data.py"
    named = {place for place in known_places() if place.startswith("table:")}
    assert named - tables() == set(), "these are gone"


def test_no_table_with_people_is_declared_free(stores):
    """Columns that name somebody, or keep a payload, are never free of people."""
    rows = client.read(
        "SELECT table, name FROM system.columns WHERE database = currentDatabase()"
        " AND match(name, '(user|person|visitor|device_id|session_id|payload)')",
        {}, "test",
    )  # fmt: skip
    people = {f"table:{table}" for table, _ in rows} & tables()
    assert people and people & set(FREE) == set()


def test_every_model_is_known():
    models = {f"model:{model._meta.app_label}.{model.__name__}" for model in apps.get_models()}
    assert models - known_places() == set(), "register them in a personal_data.py"
    assert {place for place in known_places() if place.startswith("model:")} - models == set(), "these are gone"


def test_every_folder_and_key_is_known(site, new_site, post, drain, settings, owner):
    """After events of each outcome went through, with a request about a person."""
    from analytics.privacy import ledger
    from analytics.privacy.subject import check_subject

    body = {"site": site.site_key, "events": [event(), event(kind="???")]}
    post(body)
    drain()
    post(body, agent="Googlebot/2.1")
    job = ledger.do_request(site, owner, "export", "user", check_subject(site, "user", "x"))
    ledger.do_work(job.pk)
    from analytics.privacy.receipt import get_key

    get_key()
    folders = {f"folder:{path.name}" for path in settings.DATA_DIR.iterdir()}
    assert folders - known_places() == set()
    parts = {key.decode().removeprefix("ff:").partition(":")[0] for key in buffer.connection().keys("ff:*")}
    assert {f"key:{name}" for name in parts} - known_places() == set()
    assert {"stream", "seen", "outcomes"} <= parts


def test_each_storage_covers_something_of_its_own():
    places = [place for storage in STORAGES.values() for place in storage.covers]
    assert len(places) == len(set(places)) and not set(places) & set(FREE)


def test_what_nobody_registered_is_found(stores):
    client.command("CREATE TABLE recordings (site_id UInt32, visitor_id UInt64) ENGINE = MergeTree ORDER BY site_id")
    try:
        assert tables() - known_places() == {"table:recordings"}
    finally:
        client.command("DROP TABLE recordings SYNC")
