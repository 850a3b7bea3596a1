"""A history of other people and of one person, on a site; and the same of the others alone, on its twin."""

import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.actions import do_create_site
from analytics.clickhouse import client
from analytics.privacy import ledger, removal
from analytics.privacy.models import PrivacyRequest
from analytics.privacy.subject import check_subject, device_hash
from ingestion.steps.identity import user_hash
from tests.queries.history import make_history

PERSON = "nina@example.com"
DEVICE = "0b5d7b1e-6c5c-4a3e-8a39-5f6a3c1d2e3f"
SESSION = 900_000


@pytest.fixture(scope="session")
def tidy(stores):
    """Tables that look for replaced parts every second."""
    for (table,) in client.read(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'", {}, "test"
    ):
        client.command(f"ALTER TABLE {table} MODIFY SETTING cleanup_delay_period = 1, max_cleanup_delay_period = 1")


@pytest.fixture(autouse=True)
def quick(tidy, monkeypatch, settings):
    """No files of the test before, whose numbers are used again."""
    for name in ("exports", "privacy"):
        shutil.rmtree(settings.DATA_DIR / name, ignore_errors=True)
    monkeypatch.setattr(removal, "PATIENCE", 60.0)


@pytest.fixture
def twin(owner):
    return do_create_site(owner.teams.get(), "twin.example", "UTC", "EUR").site


def user_id(site: Any, name: str = PERSON) -> dict[str, Any]:
    hashed = user_hash(site.pk, name)
    return {"user_id": hashed, "person_id": int(hashed[:16], 16)}


def rows_of_person(site: Any) -> list[dict[str, Any]]:
    """Two visits on her device, the first without a sign-in; one on a shared device, before and after somebody else's; one from
    a server."""
    now = datetime.now(UTC)
    device, shared = device_hash(site.pk, DEVICE), 4242
    her, other = user_id(site), {"user_id": "u-other", "person_id": 777_777}

    def event(hours: float, session: int, visitor: int, **more: Any) -> dict[str, Any]:
        start = now - timedelta(hours=hours + session % 10)
        return {
            "timestamp": start, "received_at": start, "session_id": SESSION + session, "visitor_id": visitor, "person_id": visitor,
            "device_id": visitor, "session_start": now - timedelta(hours=30 + session), "path": f"/p{session}", "country": "NP",
        } | more  # fmt: skip

    others = {"whose": "other"}
    return [
        event(40, 1, device), event(39, 1, device), event(20, 2, device), event(19.9, 2, device, **her),
        event(19.8, 2, device, event_type="purchase", order_id="n1", revenue=5, **her),
        event(10, 3, shared), event(9.9, 3, shared, **her), event(5, 6, 5_555_555, device_id=0, **her),
        event(3, 4, shared, **other, **others), event(8, 5, shared, path="/other", **others),
    ]  # fmt: skip


@pytest.fixture
def histories(site, twin, insert_events):
    """Others' rows go to both sites; hers to `site` alone. In the same blocks, since that is how they arrive."""
    middle = datetime.now(UTC) - timedelta(days=6)
    others = make_history(3, middle)
    person = rows_of_person(site)
    hers = [row for row in person if "whose" not in row]
    shared = [{k: v for k, v in row.items() if k != "whose"} for row in person if "whose" in row]
    insert_events(site, others + hers + shared)
    insert_events(twin, others + shared)
    return hers


@pytest.fixture
def ask(site, owner):
    """`ask("erasure", "user", PERSON)`: a request, worked."""

    def make(kind: str, named_by: str = "user", value: str = PERSON) -> PrivacyRequest:
        job = ledger.do_request(site, owner, kind, named_by, check_subject(site, named_by, value))
        ledger.do_work(job.pk)
        job.refresh_from_db()
        return job

    return make


def count(sql: str) -> int:
    return int(client.read(f"SELECT count() FROM {sql}", {}, "test")[0][0])
