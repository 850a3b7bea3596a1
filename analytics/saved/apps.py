from django.apps import AppConfig


class SavedConfig(AppConfig):
    name = "analytics.saved"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.signals import access_ended, site_moved
        from analytics.queries.currency import Source
        from analytics.saved.links import do_end_access, do_end_reports
        from analytics.saved.rates import get_rates

        Source.get = staticmethod(get_rates)
        access_ended.connect(do_end_access, dispatch_uid="saved.end_access")
        site_moved.connect(do_end_reports, dispatch_uid="saved.end_reports")
