"""The audit log's two tables. Rows hold texts and numbers in place of foreign keys: what is deleted stays told."""

from typing import Any, ClassVar, NoReturn

from django.db import models

ONLY_ADDED = "The audit log is only added to; accounts.audit writes it."


class Entries(models.QuerySet["AuditEntry"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError(ONLY_ADDED)

    def delete(self) -> NoReturn:
        raise TypeError(ONLY_ADDED)


class AuditEntry(models.Model):
    """One act. Triggers of both databases refuse to change a row, and to delete one after the anchor."""

    number = models.BigIntegerField(primary_key=True)  # without gaps
    at = models.DateTimeField(db_index=True)
    action = models.CharField(max_length=40, db_index=True)
    actor_id = models.BigIntegerField(null=True, db_index=True)
    actor = models.CharField(max_length=254)  # e-mail address, "anonymous", or the name of a command
    key_id = models.BigIntegerField(null=True)  # of the API key that was used
    team_id = models.BigIntegerField(null=True, db_index=True)
    site_id = models.BigIntegerField(null=True)
    target = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=50, blank=True)  # truncated: /24, /48
    changes = models.TextField(blank=True)  # {"before": …, "after": …} as canonical JSON
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects: ClassVar[models.Manager["AuditEntry"]] = models.Manager.from_queryset(Entries)()

    class Meta:
        ordering: ClassVar = ["number"]

    def __str__(self) -> str:
        return f"{self.number} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(ONLY_ADDED)
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(ONLY_ADDED)


class AuditHead(models.Model):
    """The one row that says where the log begins (after the anchor) and ends, signed. Its lock orders the writers."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)
    anchor = models.BigIntegerField(default=0)  # the last entry that retention dropped
    anchor_hash = models.CharField(max_length=64, blank=True)
    signature = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return f"{self.anchor + 1} to {self.number}"
