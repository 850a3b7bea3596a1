from typing import Any

from django.apps import AppConfig


def check_single_sign_on(**about: Any) -> list[Any]:
    """Imported when checks run: most processes never need the libraries of it."""
    from accounts.oidc import check_roles

    return check_roles(**about)


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in
        from django.core.checks import register

        from accounts import audit_signals
        from accounts.sign_in import note_session

        user_logged_in.connect(note_session, dispatch_uid="footfall-sign-in")
        register(check_single_sign_on)
        audit_signals.connect()
