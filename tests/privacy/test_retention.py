import json
from datetime import UTC, datetime, timedelta

import pytest

from accounts.audit import Action
from accounts.audit_models import AuditEntry
from analytics.clickhouse import client
from analytics.privacy import retention
from analytics.privacy.models import Retention
from tests.privacy.conftest import count

pytestmark = pytest.mark.django_db


@pytest.fixture
def old_and_new(site, twin, insert_events):
    now = datetime.now(UTC)
    for number, one in enumerate((site, twin)):
        insert_events(one, [
            {"timestamp": now - timedelta(days=days), "received_at": now - timedelta(days=days), "session_id": 10 * number + days + 1,
             "visitor_id": 5, "person_id": 5}
            for days in (0, 3, 40, 41)
        ])  # fmt: skip
        rows = [[one.pk] * 2, [now, now - timedelta(days=20)], ["bad_url"] * 2, [""] * 2, ["{}", "{ }"], ["{}"] * 2]
        client.insert(
            "rejected_events", ("site_id", "received_at", "reason", "field", "payload", "context"), rows, f"r{number}"
        )


def kept(site):
    tables = ("events", "sessions", "visits", "traffic_15m", "rejected_events")
    return [count(f"{table} WHERE site_id = {site.pk}") for table in tables]


def test_the_preview_says_what_the_night_does(client_in, site, twin, old_and_new):
    page = f"/sites/{site.pk}/settings/privacy/retention"
    form = {"events": 30, "recent": 7, "rejected": 10, "bots": 30, "counts": 400, "consents": 1095}
    shown = client_in.get(page).content.decode()
    assert "Would go" not in shown and "are free" in shown
    preview = client_in.post(page, form | {"preview": "1"}).content.decode()
    assert "Would go" in preview and "8 rows" in preview, "2 of each of four tables"
    assert not Retention.objects.exists() and kept(site) == [4, 4, 4, 4, 2]
    assert client_in.post(page, form | {"save": "1"}).status_code == 302
    assert retention.get_days(site.pk) == form and retention.get_use(site.pk, "events", 30).going_rows == 8
    retention.do_enforce_all()
    assert kept(site) == [2, 2, 2, 2, 1] and kept(twin) == [4, 4, 4, 4, 2]
    assert retention.get_use(site.pk, "events", 30).going_rows == 0
    told = AuditEntry.objects.get(action=Action.RETENTION_ENFORCED)
    assert told.site_id == site.pk and json.loads(told.changes)["after"] == dict.fromkeys(
        ("events", "sessions", "visits", "traffic_15m"), 2
    ) | {"rejected_events": 1}
    retention.do_enforce_all()
    assert AuditEntry.objects.filter(action=Action.RETENTION_ENFORCED).count() == 1, "nothing went, nothing is told"


def test_a_site_keeps_no_longer_than_the_server(client_in, site, stores):
    page = f"/sites/{site.pk}/settings/privacy/retention"
    answer = client_in.post(
        page, {"events": 9999, "recent": 8, "rejected": 10, "bots": 30, "counts": 400, "consents": 1095, "save": "1"}
    )
    assert answer.status_code == 200 and not Retention.objects.exists()
    retention.do_set(site.pk, {"events": 9999})
    assert retention.get_days(site.pk)["events"] == 1095


def test_it_says_when_the_disk_is_full(site, old_and_new):
    disk = retention.get_disk()
    assert disk.total > disk.free > 0 and disk.a_day > 0
    assert retention.Disk(100, 50, 5).days_left == 10 and retention.Disk(100, 50, 0).days_left is None
