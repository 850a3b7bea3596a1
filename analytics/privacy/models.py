"""The ledger of requests about a person."""

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from accounts.models import Site
from analytics.privacy.history_models import ConsentText, SettingsVersion

__all__ = ["ConsentText", "PrivacyRequest", "Retention", "SettingsVersion"]

DEADLINE = timedelta(days=30)


def deadline() -> datetime:
    return now() + DEADLINE


class PrivacyRequest(models.Model):
    """Export or deletion of all that is held of one person. Who it is, is known by keyed hashes alone."""

    class Kind(models.TextChoices):
        EXPORT = "export", "Export"
        ERASURE = "erasure", "Deletion"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"

    KEPT_FOR = timedelta(days=7)  # the archive of an export
    site = models.ForeignKey(Site, models.CASCADE, related_name="privacy_requests")
    number = models.UUIDField(default=uuid4, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    named_by = models.CharField(max_length=8)  # user, device or token
    subject = models.TextField(blank=True)  # keyed hashes (subject.py); emptied when an erasure is done
    mark = models.CharField(max_length=32, db_index=True)  # who knows the id can find the entry; nothing leads back
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    steps = models.JSONField(default=list)  # {"name", "about", "state", "found", "left"}
    error = models.CharField(max_length=300, blank=True)  # why it waits
    created_at = models.DateTimeField(default=now)
    due_at = models.DateTimeField(default=deadline)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    receipt = models.JSONField(null=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {str(self.number)[:8]}"

    @property
    def progress(self) -> float:
        """0 to 1."""
        done = sum(step["state"] == "done" for step in self.steps)
        return done / len(self.steps) if self.steps else 0.0

    @property
    def is_late(self) -> bool:
        return self.state != self.State.DONE and now() > self.due_at

    @property
    def archive_until(self) -> datetime | None:
        return self.finished_at + self.KEPT_FOR if self.finished_at and self.kind == self.Kind.EXPORT else None

    @property
    def found_nothing(self) -> bool:
        return self.state == self.State.DONE and not any(step["found"] for step in self.steps)

    def find_step(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(step for step in self.steps if step["name"] == name)
        return found


class Retention(models.Model):
    """How many days a site keeps each kind of data (retention.py); what is not named is kept as long as the tables do."""

    site = models.OneToOneField(Site, models.CASCADE, related_name="retention")
    days = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"retention of {self.site}"
