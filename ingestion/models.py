from typing import ClassVar

from django.db import models


class Salt(models.Model):
    """The random salt of one UTC day. Deleted 48 hours after it was made, and with it every way back to an address."""

    day = models.DateField(unique=True)
    value = models.BinaryField(max_length=16)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["day"]

    def __str__(self) -> str:
        return f"salt of {self.day}"
