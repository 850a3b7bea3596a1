from django.apps import AppConfig


class SavedConfig(AppConfig):
    name = "analytics.saved"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.signals import access_ended
        from analytics.queries.currency import Source
        from analytics.saved.links import do_end_access
        from analytics.saved.rates import get_rates

        Source.get = staticmethod(get_rates)
        access_ended.connect(do_end_access, dispatch_uid="saved.end_access")
