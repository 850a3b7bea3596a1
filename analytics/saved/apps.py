from django.apps import AppConfig


class SavedConfig(AppConfig):
    name = "analytics.saved"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from analytics.queries.currency import Source
        from analytics.saved.rates import get_rates

        Source.get = staticmethod(get_rates)
