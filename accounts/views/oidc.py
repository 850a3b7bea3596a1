"""To the provider of single sign-on and back."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import confirm, oidc
from accounts.audit import Action, do_record
from accounts.mail import absolute
from accounts.models import User
from accounts.sign_in import do_end_sessions
from accounts.views.entry import enter, safe_next

NEXT = "oidc_next"


def refuse(request: HttpRequest, problem: str) -> HttpResponse:
    return render(request, "accounts/oidc_refused.html", {"problem": problem}, status=403)


@never_cache
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    if not oidc.is_on():
        raise Http404
    request.session[NEXT] = safe_next(request)
    try:
        return oidc.start(request, absolute(request, reverse("oidc-callback")), request.user.is_authenticated)
    except oidc.SignInRefused as error:
        return refuse(request, str(error))


@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    if not oidc.is_on():
        raise Http404
    try:
        return sign_in(request, oidc.finish(request))
    except oidc.SignInRefused as error:
        do_record(
            error.user, Action.SIGN_IN_FAILED, target=settings.OIDC_NAME, after={"why": str(error)}, request=request
        )
        return refuse(request, str(error))


def sign_in(request: HttpRequest, claims: oidc.Claims) -> HttpResponse:
    target = request.session.pop(NEXT, "") or reverse("sites")
    user = oidc.find_user(claims)
    if isinstance(request.user, User):
        if user != request.user:
            raise oidc.SignInRefused(f"You are logged in as {request.user.email}. Log out first.", request.user)
        oidc.check_says_when(claims, user)
        if oidc.is_just_proven(claims):
            confirm.do_confirm(request, user, settings.OIDC_NAME)
        return redirect(target)
    if user is None and claims.email and User.objects.filter(email=claims.email).exists():
        return ask_for_password(request, claims, target)
    user = user or oidc.do_make_user(claims, request)
    oidc.do_follow_groups(user, claims.groups)
    if not user.is_active or not (user.memberships.exists() or user.grants.exists()):
        do_end_sessions(user)
        raise oidc.SignInRefused("None of your groups may use Footfall. Ask whoever runs it.", user)
    answer = enter(request, user, settings.OIDC_NAME, target)
    if not oidc.is_just_proven(claims):
        confirm.do_age(request)  # the provider remembered the browser, or may have; nobody has shown that it is them
    return answer


def ask_for_password(request: HttpRequest, claims: oidc.Claims, target: str) -> HttpResponse:
    """An address alone proves nothing about who holds the account: its password does."""
    logout(request)
    oidc.keep_link(request, claims)
    messages.info(
        request, f"{claims.email} has an account here. Log in with its password once, and they are connected."
    )
    return redirect(f"{reverse('login')}?{urlencode({'next': target})}")
