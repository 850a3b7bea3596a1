"""Getting in: the first account, logging in and out, a forgotten password."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, logout
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.encoding import force_str
from django.utils.http import url_has_allowed_host_and_scheme, urlsafe_base64_decode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts import oidc, throttle
from accounts.actions import do_create_owner, send_task
from accounts.audit import Action, do_record
from accounts.forms import EmailForm, LoginForm, NewPasswordForm, SetupForm
from accounts.mail import base_of
from accounts.models import SetupToken, User, hash_token
from accounts.sign_in import do_log_in, do_reset_password, go_on

ATTEMPTS, WAIT_SECONDS = 8, 900  # by one address for one account
ATTEMPTS_BY_ADDRESS, ATTEMPTS_AT_ACCOUNT, HOUR = 100, 100, 3600


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    if User.objects.exists():
        return redirect("login")
    token = request.GET.get("token", "")
    if not SetupToken.objects.filter(token_hash=hash_token(token)).exists():
        return render(request, "accounts/setup_closed.html", status=403)
    form = SetupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        with transaction.atomic():  # the link is used up first: it makes one owner, even when it is sent twice at once
            if not SetupToken.objects.filter(token_hash=hash_token(token)).delete()[0]:
                return redirect("login")
            user = do_create_owner(data["email"], data["password"], data["name"], data["team"])
        do_record(user, Action.ACCOUNT_MADE, user.teams.get(), target=user.email, request=request)
        do_log_in(request, user, "set-up link")
        return redirect("new-site")
    return render(request, "accounts/setup.html", {"form": form})


def leave_panel(request: HttpRequest) -> HttpResponse:
    """A panel asked after its session had ended: the whole page goes to log in, and comes back."""
    page = urlsplit(request.headers.get("HX-Current-URL", "")).path
    return HttpResponseClientRedirect(f"{reverse('login')}?{urlencode({'next': page})}")


def safe_next(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure())
    return target if safe else reverse("sites")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(safe_next(request))
    if "HX-Request" in request.headers:
        return leave_panel(request)
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email, password = form.cleaned_data["email"].lower(), form.cleaned_data["password"]
        if not may_try(request, email):
            do_record(meant(email), Action.SIGN_IN_THROTTLED, target=email, request=request)
            form.add_error(None, f"Too many attempts. Wait {WAIT_SECONDS // 60} minutes, or reset your password.")
            return show_log_in(request, form, status=429)
        # authenticate() hashes a password for an unknown address too, so time tells nothing
        user = authenticate(request, username=email, password=password)
        if isinstance(user, User):
            forget_tries(request, email)
            return enter(request, user, "password")
        form.add_error(None, "E-mail and password do not match.")
    return show_log_in(request, form)


def show_log_in(request: HttpRequest, form: LoginForm, status: int = 200, problem: str = "") -> HttpResponse:
    provider = settings.OIDC_NAME if oidc.is_on() else ""
    context = {"form": form, "next": safe_next(request), "provider": provider, "problem": problem}
    return render(request, "accounts/login.html", context, status=status)


def enter(request: HttpRequest, user: User, method: str, target: str = "") -> HttpResponse:
    """After the first factor: in, or on to the second."""
    target = target or safe_next(request)
    if not go_on(request, user, method):
        return redirect(f"{reverse('second')}?{urlencode({'next': target})}")
    if oidc.do_finish_link(request, user):
        messages.success(request, f"From now on you can log in with {settings.OIDC_NAME}.")
    return redirect(target)


def names_of_tries(request: HttpRequest, email: str) -> tuple[tuple[str, int, int], ...]:
    return (
        (throttle.name_of(request, "login", email), ATTEMPTS, WAIT_SECONDS),
        (throttle.name_of(request, "login-address", ""), ATTEMPTS_BY_ADDRESS, WAIT_SECONDS),
        (throttle.hashed("login-account", email), ATTEMPTS_AT_ACCOUNT, HOUR),
    )


def may_try(request: HttpRequest, email: str) -> bool:
    """Counted by address and account, by address, and by account; one that is refused by the first counts no further."""
    return all(throttle.take(*name) for name in names_of_tries(request, email))


def meant(email: str) -> User | None:
    """Whose account somebody tries: what is recorded of it, their teams see."""
    return User.objects.filter(email=email).first()


def forget_tries(request: HttpRequest, email: str) -> None:
    names = names_of_tries(request, email)
    throttle.forget(names[0][0])
    throttle.forget(names[2][0])


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("login")


@require_http_methods(["GET", "HEAD", "POST"])
def forgot(request: HttpRequest) -> HttpResponse:
    """The answer is the same whether the address has an account or not, and so is its time: the worker looks it up."""
    form = EmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"].lower()
        name = throttle.name_of(request, "reset", "")
        if not throttle.take(name, 5, HOUR):
            form.add_error(None, "Too many requests. Wait an hour.")
            return render(request, "accounts/forgot.html", {"form": form}, status=429)
        try:
            send_task("accounts.send_reset", email=email, base=base_of(request))
        except OSError:
            form.add_error(None, "No mail can be sent at the moment. Try again later.")
            return render(request, "accounts/forgot.html", {"form": form}, status=503)
        do_record(meant(email), Action.PASSWORD_RESET_ASKED, target=email, request=request)  # known or not: same time
        return render(request, "accounts/forgot_sent.html", {"email": email})
    return render(request, "accounts/forgot.html", {"form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    user = user_of(uid)
    if user is None or not default_token_generator.check_token(user, token):
        return render(request, "accounts/reset_closed.html", status=403)
    form = NewPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        do_reset_password(user, form.cleaned_data["password"])
        do_record(user, Action.PASSWORD_RESET, target=user.email, request=request)
        forget_tries(request, user.email)
        messages.success(request, "Your password is changed. Log in with it.")
        return redirect("login")
    return render(request, "accounts/reset.html", {"form": form})


def user_of(uid: str) -> User | None:
    try:
        pk: Any = int(force_str(urlsafe_base64_decode(uid)))
    except (ValueError, OverflowError):
        return None
    return User.objects.filter(pk=pk, is_active=True).first()
