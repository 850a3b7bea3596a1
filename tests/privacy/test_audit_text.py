"""What people of the team wrote may name a visitor; the audit log, which no erasure reaches, tells only that it changed."""

import json

import pytest
from django.test import Client

from accounts.actions import do_create_api_key
from accounts.audit_models import AuditEntry
from analytics.saved.models import Annotation, Link, Segment

pytestmark = pytest.mark.django_db
NOTE = {"moment": "2026-01-01T10:00", "text": "Called plainid-99 back"}


def entries():
    return list(AuditEntry.objects.order_by("number"))


def silent(*actions):
    """The entries, none of which may name her."""
    made = [entry for entry in entries() if entry.action in actions]
    assert made and not any("plainid-99" in entry.target + entry.changes for entry in made)
    return made


def test_a_page_that_saves_a_note_tells_the_log_only_that(client_in, site):
    base = f"/sites/{site.pk}/settings"
    client_in.post(f"{base}/annotations", NOTE)
    note = Annotation.objects.get()
    client_in.post(f"{base}/annotations/{note.pk}", NOTE | {"text": "Called plainid-99 twice"})
    client_in.post(f"{base}/annotations/{note.pk}/delete")
    made, changed, deleted = silent("saved_made", "saved_changed", "saved_deleted")
    assert made.target == changed.target == deleted.target == f"annotation {note.pk}"
    told = json.loads(changed.changes)
    assert told["before"]["text"] != told["after"]["text"] and told["before"]["link"] == told["after"]["link"] == ""
    assert told["before"] == json.loads(deleted.changes)["before"] | {"text": told["before"]["text"]}


def test_links_and_segments_are_told_of_alike(client_in, site):
    client_in.post(f"/sites/{site.pk}/settings/links", {"name": "For plainid-99", "page": "executive"})
    saved = {"name": "Of plainid-99", "back": "executive", "f": "is,props.member,plainid-99"}
    client_in.post(f"/sites/{site.pk}/segments/save", saved)
    assert Segment.objects.get().filters == [["is", "props.member", ["plainid-99"]]]
    link, segment = silent("link_made", "saved_made")
    assert (link.target, segment.target) == (f"link {Link.objects.get().pk}", f"segment {Segment.objects.get().pk}")


def test_the_api_tells_the_log_no_more(owner, site):
    key = do_create_api_key(owner, owner.teams.get(), "k", ("read:stats", "write:events", "admin"))
    asked = {"content_type": "application/json", "headers": {"Authorization": f"Bearer {key}"}}
    base = f"/api/v1/sites/{site.pk}/annotations"
    made = Client().post(base, NOTE | {"moment": "2026-01-01T10:00:00Z"}, **asked).json()
    Client().patch(f"{base}/{made['id']}", {"text": "plainid-99"}, **asked)
    Client().delete(f"{base}/{made['id']}", **asked)
    told = silent("saved_made", "saved_changed", "saved_deleted")
    assert [entry.target for entry in told] == [f"annotation {made['id']}"] * 3
