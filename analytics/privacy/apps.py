from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class PrivacyConfig(AppConfig):
    name = "analytics.privacy"
    label = "privacy"

    def ready(self) -> None:
        """Every app may have a `personal_data.py` that registers its storages (registry.py)."""
        autodiscover_modules("personal_data")
