from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import factors, throttle
from accounts.audit import Action, do_record
from accounts.devices import country_name
from accounts.forms import ChangePasswordForm, ProfileForm
from accounts.models import User
from accounts.sign_in import do_change_password, do_end_sessions, list_sign_ins

ATTEMPTS, WAIT_SECONDS = 8, 900


def sessions_of(request: HttpRequest, user: User) -> list[dict[str, Any]]:
    return [
        {
            "id": one.pk, "device": one.device or "A device that does not say", "place": country_name(one.country),
            "method": one.method, "since": one.created_at, "seen": one.last_seen_at,
            "is_this": one.session_key == request.session.session_key,
        } for one in list_sign_ins(user)
    ]  # fmt: skip


@never_cache
@login_required
def account(request: HttpRequest) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)
    what = request.POST.get("what")
    profile = ProfileForm(request.POST if what == "profile" else None, initial={"name": user.name})
    password = ChangePasswordForm(user, request.POST if what == "password" else None)
    if what == "profile" and profile.is_valid():
        user.name = profile.cleaned_data["name"]
        user.save(update_fields=["name"])
        messages.success(request, "Saved.")
        return redirect("account")
    if what == "password" and not throttle.take(name_of_tries(user), ATTEMPTS, WAIT_SECONDS):
        messages.error(request, f"Too many attempts. Wait {WAIT_SECONDS // 60} minutes.")
        do_record(user, Action.REAUTHENTICATION_FAILED, target=user.email, after={"why": "throttled"}, request=request)
        return redirect("account")
    if what == "password" and "current" in password.errors:
        do_record(user, Action.REAUTHENTICATION_FAILED, target=user.email, request=request)
    if what == "password" and password.is_valid():
        do_change_password(request, user, password.cleaned_data["password"])
        do_record(user, Action.PASSWORD_CHANGED, target=user.email, request=request)
        throttle.forget(name_of_tries(user))
        messages.success(request, "Your password is changed. Other devices are logged out.")
        return redirect("account")
    context = {
        "profile": profile, "password": password if user.has_usable_password() else None,
        "memberships": user.memberships.select_related("team").order_by("team__name"),
        "sessions": sessions_of(request, user), "has_factor": factors.has_factor(user),
    }  # fmt: skip
    return render(request, "accounts/account.html", context)


def name_of_tries(user: User) -> str:
    """The current password is a proof that can be guessed here as it can at the door."""
    return f"throttle:confirm:{user.pk}"


@require_POST
@login_required
def end_session(request: HttpRequest, sign_in_id: int) -> HttpResponse:
    assert isinstance(request.user, User)
    if not do_end_sessions(request.user, only=sign_in_id):
        raise Http404
    do_record(request.user, Action.SESSION_REVOKED, target="one session", request=request)
    messages.success(request, "That device is signed out.")
    return redirect("account")


@require_POST
@login_required
def end_others(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    count = do_end_sessions(request.user, keep=request.session.session_key)
    if count:
        do_record(request.user, Action.SESSION_REVOKED, target=f"{count} other sessions", request=request)
    messages.success(request, f"{count} other {'session is' if count == 1 else 'sessions are'} signed out.")
    return redirect("account")
