"""What a site's owner had set at which time, and which text asked for consent: versions that are never changed."""

from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils.timezone import now

from accounts.models import Site


class Version(models.Model):
    """Numbered from 1 on each site. Written once."""

    site = models.ForeignKey(Site, models.CASCADE)
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=now)
    author = models.CharField(max_length=254)  # an e-mail address, or what it was that is nobody

    class Meta:
        abstract = True
        ordering: ClassVar = ["-number"]

    def __str__(self) -> str:
        return f"version {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            refuse()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        refuse()


def refuse() -> NoReturn:
    raise TypeError("Versions are written once; they go with their site.")


class SettingsVersion(Version):
    """All that decides what is collected of whom, and how long it is kept."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="settings_versions")
    settings = models.JSONField()

    class Meta(Version.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["site", "number"], name="one_settings_version_per_number")
        ]


class ConsentText(Version):
    """The text by which the site asks for consent, by language tag."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="consent_texts")
    texts = models.JSONField()  # "en" -> text; {}: there is none any more

    class Meta(Version.Meta):
        abstract = False
        constraints: ClassVar = [models.UniqueConstraint(fields=["site", "number"], name="one_consent_text_per_number")]
