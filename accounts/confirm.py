"""The door before what is dangerous: who asks has shown within ten minutes that it is them.

A view calls `confirm_person(request)` after its check of rights, or is wrapped in `@confirmed`. Where the last proof is too
old, the person is asked for one, and what they had sent goes on by itself with it.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts import factors, throttle
from accounts.audit import Action, do_record
from accounts.models import User
from accounts.sign_in import CONFIRMED_AT

FRESH_SECONDS = 600
ATTEMPTS, WAIT_SECONDS = 8, 900
FIELDS = ("confirm_password", "confirm_code", "confirm_credential")
NOT_KEPT = (*FIELDS, "confirm_for", "csrfmiddlewaretoken")
View = Callable[..., HttpResponse]


class NeedsConfirmation(Exception):
    """Answered by the middleware with the page that asks. Its text says what was wrong with the last proof."""


def is_fresh(request: HttpRequest) -> bool:
    return bool(time.time() - request.session.get(CONFIRMED_AT, 0) < FRESH_SECONDS)


def confirm_person(request: HttpRequest) -> None:
    """Raises NeedsConfirmation."""
    if is_fresh(request):
        return
    if not any(request.POST.get(name) for name in FIELDS):
        raise NeedsConfirmation
    user = request.user
    assert isinstance(user, User)
    try:
        way = check_proof(request)
    except ValueError as error:
        do_record(user, Action.REAUTHENTICATION_FAILED, target=user.email, after={"why": str(error)}, request=request)
        raise NeedsConfirmation(str(error)) from None
    if way == "recovery code":
        do_record(user, Action.MFA_USED, target=user.email, request=request)
    do_confirm(request, user, way)


def do_confirm(request: HttpRequest, user: User, way: str) -> None:
    request.session[CONFIRMED_AT] = time.time()
    do_record(user, Action.REAUTHENTICATED, target=user.email, after={"by": way}, request=request)


def do_age(request: HttpRequest) -> None:
    request.session.pop(CONFIRMED_AT, None)


def check_proof(request: HttpRequest) -> str:
    """A password, a code or a passkey, whichever was sent: which it was. Raises ValueError, its text for the person."""
    user = request.user
    assert isinstance(user, User)
    if credential := request.POST.get("confirm_credential"):
        factors.use_passkey(request, "confirm", factors.read_credential(credential), user)
        return "passkey"
    if code := request.POST.get("confirm_code"):
        if used := factors.use_code(user, code):
            return used
        raise ValueError("This code is not right.")
    name = f"throttle:confirm:{user.pk}"
    if not throttle.take(name, ATTEMPTS, WAIT_SECONDS):
        raise ValueError(f"Too many attempts. Wait {WAIT_SECONDS // 60} minutes.")
    if not user.check_password(request.POST.get("confirm_password", "")):
        raise ValueError("This is not your password.")
    throttle.forget(name)
    return "password"


def confirmed(view: View) -> View:
    """Stands below login_required."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        confirm_person(request)
        return view(request, *args, **kwargs)

    return inner


def ask(request: HttpRequest, problem: str = "") -> HttpResponse:
    """The page that asks. What was sent is in it, and is sent again with the proof."""
    if request.method != "POST":
        return redirect(f"{reverse('confirm')}?{urlencode({'next': request.get_full_path()})}")
    kept = [
        (name, value) for name, values in request.POST.lists() if name not in NOT_KEPT
        for value in values
    ]  # fmt: skip
    return render_ask(request, request.get_full_path(), kept, problem)


def page_before(request: HttpRequest) -> str:
    """Where single sign-on comes back to: it takes what was sent to nobody."""
    return request.GET.get("next") or urlsplit(request.headers.get("Referer", "")).path or reverse("account")


def render_ask(request: HttpRequest, action: str, kept: list[tuple[str, str]], problem: str) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)
    context = {
        "action": action, "kept": kept, "problem": problem, "has_password": user.has_usable_password(),
        "has_totp": factors.has_totp(user), "has_passkey": bool(factors.passkeys(user)),
        "provider": settings.OIDC_NAME if user.identities.exists() else "", "back": page_before(request),
    }  # fmt: skip
    return render(request, "accounts/confirm.html", context, status=403 if problem else 200)
