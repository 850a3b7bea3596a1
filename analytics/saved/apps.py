from django.apps import AppConfig


class SavedConfig(AppConfig):
    name = "analytics.saved"

    def ready(self) -> None:
        from accounts.signals import access_ended
        from analytics.saved.links import do_end_access

        access_ended.connect(do_end_access, dispatch_uid="saved.end_access")
