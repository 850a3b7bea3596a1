"""Logging in, past the password: the second factor, and passkeys, which need none."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import confirm, factors, oidc
from accounts.audit import Action, do_record
from accounts.forms import LoginForm
from accounts.models import User
from accounts.sign_in import do_log_in, get_half_way
from accounts.views.entry import safe_next, show_log_in


def show_second(request: HttpRequest, user: User, problem: str = "", status: int = 200) -> HttpResponse:
    context = {
        "next": safe_next(request), "problem": problem, "has_passkey": bool(factors.passkeys(user)),
        "has_totp": factors.has_totp(user),
    }  # fmt: skip
    return render(request, "accounts/second.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second(request: HttpRequest) -> HttpResponse:
    """A code of the app, a recovery code or a passkey, after the password."""
    half_way = get_half_way(request)
    if half_way is None:
        return redirect("login")
    user, method = half_way
    if request.method != "POST":
        return show_second(request, user)
    used, problem = "", "This code is not right. Codes of the app work for half a minute, and once."
    try:
        if text := request.POST.get("credential"):
            factors.use_passkey(request, "second", factors.read_credential(text), user)
            used = "passkey"
        else:
            used = factors.use_code(user, request.POST.get("code", ""))
    except factors.TooManyAttempts as error:
        do_record(user, Action.SIGN_IN_THROTTLED, target=user.email, request=request)
        return show_second(request, user, str(error), 429)
    except ValueError as error:
        problem = str(error)
    if not used:
        do_record(user, Action.MFA_FAILED, target=user.email, after={"after": method}, request=request)
        return show_second(request, user, problem)
    return finish(request, user, f"{method} and {used}", used)


def finish(request: HttpRequest, user: User, method: str, used: str) -> HttpResponse:
    target = safe_next(request)
    do_log_in(request, user, method)
    if oidc.do_finish_link(request, user):
        messages.success(request, f"From now on you can log in with {settings.OIDC_NAME}.")
    if used == "recovery code":
        do_record(user, Action.MFA_USED, target=user.email, request=request)
        left = factors.count_recovery_codes(user)
        messages.warning(request, f"That was a recovery code; {left} are left. New ones are made in your account.")
    return redirect(target)


@require_POST
def passkey_login(request: HttpRequest) -> HttpResponse:
    """Without a password: the authenticator has checked the person, by a PIN or by a finger."""
    try:
        user = factors.use_passkey(request, "login", factors.read_credential(request.POST.get("credential", "")))
    except ValueError as error:
        do_record(None, Action.SIGN_IN_FAILED, target="passkey", after={"why": str(error)}, request=request)
        return show_log_in(request, LoginForm(), problem=str(error))
    return finish(request, user, "passkey", "passkey")


@never_cache
@require_POST
def passkey_options(request: HttpRequest, purpose: str) -> HttpResponse:
    """What the browser passes on to the authenticator."""
    user: User | None = None
    if purpose == "second":
        half_way = get_half_way(request)
        user = half_way[0] if half_way else None
    elif purpose in ("add", "confirm"):
        user = request.user if isinstance(request.user, User) else None
        if purpose == "add" and user and not confirm.is_fresh(request):
            return JsonResponse({"error": "Load this page again and confirm that it is you."}, status=403)
    if purpose != "login" and user is None:
        return JsonResponse({"error": "Your session has ended. Log in again."}, status=403)
    return JsonResponse(factors.begin_passkey(request, purpose, user))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_page(request: HttpRequest) -> HttpResponse:
    """For pages that are only looked at, as `confirm.ask` is for what is sent."""
    if not request.user.is_authenticated:
        return redirect("login")
    if request.method == "POST" or confirm.is_fresh(request):
        confirm.confirm_person(request)
        return redirect(safe_next(request))
    return confirm.render_ask(request, request.get_full_path(), [], "")
