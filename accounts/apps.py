from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in
        from django.core.checks import register

        from accounts import audit_signals
        from accounts.oidc import check_roles
        from accounts.sign_in import note_session

        user_logged_in.connect(note_session, dispatch_uid="footfall-sign-in")
        register(check_roles)
        audit_signals.connect()
