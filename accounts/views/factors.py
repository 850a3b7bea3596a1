"""A person's second factors: seen, set up, removed. Every change is behind `confirm`, and told by mail."""

from typing import Any

import qrcode
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import factors
from accounts.actions import send_task
from accounts.audit import Action, do_record
from accounts.confirm import confirm_person, confirmed
from accounts.models import User

NEW_CODES = "new_recovery_codes"
APP = "authenticator app"


def person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@never_cache
@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    user = person(request)
    context: dict[str, Any] = {
        "has_totp": factors.has_totp(user), "has_factor": factors.has_factor(user),
        "passkeys": factors.passkeys(user),
        "codes_left": factors.count_recovery_codes(user), "required_by": factors.teams_that_require(user),
    }  # fmt: skip
    return render(request, "accounts/factors.html", context)


def square(text: str) -> dict[str, object]:
    """A QR code as one path of an SVG, so that nobody else draws it."""
    code = qrcode.QRCode(border=3)
    code.add_data(text)
    matrix = code.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark)
    return {"size": len(matrix), "path": path}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@confirmed
def app(request: HttpRequest) -> HttpResponse:
    """An authenticator app: the square, the secret to type in, and a code as the proof that it arrived."""
    user, problem = person(request), ""
    if factors.has_totp(user):
        return redirect("factors")
    if request.method == "POST":
        try:
            if factors.do_add_totp(request, user, request.POST.get("code", "")):
                return added(request, APP, "An authenticator app was added to your account")
            problem = "This code is not right. Is the clock of your phone?"
        except factors.TooManyAttempts as error:
            problem = str(error)
    secret = factors.start_totp(request)
    context = {
        "problem": problem, "square": square(factors.totp_address(user, secret)),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    }  # fmt: skip
    return render(request, "accounts/factor_app.html", context)


def added(request: HttpRequest, factor: str, what: str) -> HttpResponse:
    """With the first one come recovery codes."""
    user = person(request)
    do_record(user, Action.MFA_ADDED, target=factor, request=request)
    tell(user, what)
    if factors.count_recovery_codes(user):
        messages.success(request, "It is set up.")
        return redirect("factors")
    request.session[NEW_CODES] = True
    return redirect("recovery-codes")


def tell(user: User, what: str) -> None:
    try:
        send_task("accounts.send_notice", user_id=user.pk, what=what)
    except OSError:
        pass  # the change is made; a mail that cannot be sent does not undo it


@require_POST
@login_required
@confirmed
def remove_app(request: HttpRequest) -> HttpResponse:
    user = person(request)
    try:
        found = factors.do_remove_factor(user, "totp")
    except ValueError as error:
        messages.error(request, str(error))
        return redirect("factors")
    return (
        removed(request, APP, "The authenticator app was removed from your account") if found else redirect("factors")
    )


def removed(request: HttpRequest, factor: str, what: str) -> HttpResponse:
    user = person(request)
    do_record(user, Action.MFA_REMOVED, target=factor, request=request)
    tell(user, what)
    messages.success(request, "It is removed.")
    return redirect("factors")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def codes(request: HttpRequest) -> HttpResponse:
    """New ones are shown on the answer alone, and never again."""
    user = person(request)
    if not factors.has_factor(user):
        return redirect("factors")
    if request.method == "POST":
        confirm_person(request)
        request.session[NEW_CODES] = True
        tell(user, "New recovery codes were made for your account")
        return redirect("recovery-codes")
    if not request.session.pop(NEW_CODES, False):
        return redirect("factors")
    made = factors.do_make_recovery_codes(user)
    do_record(user, Action.RECOVERY_CODES_MADE, target=user.email, request=request)
    return render(request, "accounts/recovery_codes.html", {"codes": made, "as_file": "\n".join(made)})


@require_POST
@login_required
@confirmed
def add_passkey(request: HttpRequest) -> HttpResponse:
    user = person(request)
    try:
        credential = factors.read_credential(request.POST.get("credential", ""))
        name = factors.do_add_passkey(request, user, request.POST.get("name", ""), credential)
    except ValueError as error:
        messages.error(request, str(error))
        return redirect("factors")
    return added(request, f"passkey {name}", "A passkey was added to your account")


def passkey_name(user: User, passkey_id: int) -> str:
    name = factors.passkey_name(user, passkey_id)
    if name is None:
        raise Http404("There is no such page.")
    return name


@require_POST
@login_required
def rename_passkey(request: HttpRequest, passkey_id: int) -> HttpResponse:
    user = person(request)
    before = passkey_name(user, passkey_id)
    factors.do_rename_passkey(user, passkey_id, request.POST.get("name", ""))
    after = passkey_name(user, passkey_id)
    do_record(user, Action.MFA_CHANGED, target=f"passkey {after}", before={"name": before}, after={"name": after},
              request=request)  # fmt: skip
    messages.success(request, "Saved.")
    return redirect("factors")


@require_POST
@login_required
@confirmed
def remove_passkey(request: HttpRequest, passkey_id: int) -> HttpResponse:
    user = person(request)
    name = passkey_name(user, passkey_id)
    try:
        factors.do_remove_factor(user, "webauthn", passkey_id)
    except ValueError as error:
        messages.error(request, str(error))
        return redirect("factors")
    return removed(request, f"passkey {name}", "A passkey was removed from your account")
