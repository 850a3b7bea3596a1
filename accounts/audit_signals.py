"""Sign-ins and sign-outs for the audit log, by Django's own signals: whatever way in is built, it is recorded."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from accounts.audit import Action, do_record
from accounts.models import User
from accounts.sign_in import WAY_IN


def signed_in(sender: Any, request: HttpRequest | None, user: User, **_: Any) -> None:
    way = request.META.get(WAY_IN) if request is not None else None
    do_record(user, Action.SIGN_IN, target=user.email, after={"by": way} if way else None, request=request)


def signed_out(sender: Any, request: HttpRequest | None, user: User | None, **_: Any) -> None:
    if user is not None:
        do_record(user, Action.SIGN_OUT, target=user.email, request=request)


def failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Under the account that was meant, if there is one, so that its teams see it."""
    named = str(credentials.get("username") or credentials.get("email") or "").lower()
    meant = User.objects.filter(email=named).first() if named else None
    do_record(meant, Action.SIGN_IN_FAILED, target=named, request=request)


def connect() -> None:
    user_logged_in.connect(signed_in, dispatch_uid="audit.signed_in")
    user_logged_out.connect(signed_out, dispatch_uid="audit.signed_out")
    user_login_failed.connect(failed, dispatch_uid="audit.failed")
