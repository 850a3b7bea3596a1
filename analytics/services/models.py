from typing import ClassVar

from django.db import models


class Store(models.Model):
    """That a store has been prepared by this installation: an empty one later on is a mistake, not a fresh start."""

    name = models.CharField(max_length=32, unique=True)
    prepared_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
