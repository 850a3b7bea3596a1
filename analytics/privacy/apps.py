from django.apps import AppConfig
from django.db.models.signals import post_save
from django.utils.module_loading import autodiscover_modules


class PrivacyConfig(AppConfig):
    name = "analytics.privacy"
    label = "privacy"

    def ready(self) -> None:
        """Every app may have a `personal_data.py` that registers its storages (registry.py)."""
        autodiscover_modules("personal_data")
        from accounts.models import Collection
        from analytics.privacy.history import on_made

        post_save.connect(on_made, sender=Collection, dispatch_uid="privacy.history")
