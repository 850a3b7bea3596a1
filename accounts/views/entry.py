"""Getting in: the first account, logging in and out, a forgotten password."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.encoding import force_bytes, force_str
from django.utils.http import url_has_allowed_host_and_scheme, urlsafe_base64_decode, urlsafe_base64_encode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts import throttle
from accounts.actions import do_create_owner
from accounts.audit import Action, do_record
from accounts.forms import EmailForm, LoginForm, NewPasswordForm, SetupForm
from accounts.mail import absolute, notify
from accounts.models import SetupToken, User, hash_token

ATTEMPTS, WAIT_SECONDS = 8, 900
BACKEND = "django.contrib.auth.backends.ModelBackend"


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
        login(request, user, BACKEND)
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
        email, password = form.cleaned_data["email"], form.cleaned_data["password"]
        name = throttle.name_of(request, "login", email)
        if throttle.is_throttled(name, ATTEMPTS):
            do_record(None, Action.SIGN_IN_THROTTLED, target=email, request=request)
            form.add_error(None, f"Too many attempts. Wait {WAIT_SECONDS // 60} minutes, or reset your password.")
            return render(request, "accounts/login.html", {"form": form, "next": safe_next(request)}, status=429)
        # authenticate() hashes a password for an unknown address too, so time tells nothing
        user = authenticate(request, username=email.lower(), password=password)
        if user is not None:
            throttle.forget(name)
            login(request, user)
            return redirect(safe_next(request))
        throttle.count(name, WAIT_SECONDS)
        form.add_error(None, "E-mail and password do not match.")
    return render(request, "accounts/login.html", {"form": form, "next": safe_next(request)})


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("login")


@require_http_methods(["GET", "HEAD", "POST"])
def forgot(request: HttpRequest) -> HttpResponse:
    """The answer is the same whether the address has an account or not."""
    form = EmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"].lower()
        name = throttle.name_of(request, "reset", "")
        if throttle.is_throttled(name, 5):
            form.add_error(None, "Too many requests. Wait an hour.")
            return render(request, "accounts/forgot.html", {"form": form}, status=429)
        throttle.count(name, 3600)
        user = User.objects.filter(email=email, is_active=True).first()
        if user:
            send_reset(request, user)
            do_record(user, Action.PASSWORD_RESET_ASKED, target=email, request=request)
        return render(request, "accounts/forgot_sent.html", {"email": email})
    return render(request, "accounts/forgot.html", {"form": form})


def send_reset(request: HttpRequest, user: User) -> None:
    path = reverse(
        "reset", args=[urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)]
    )
    notify(
        "reset",
        "Reset your Footfall password",
        user.email,
        link=absolute(request, path),
        action="Choose a new password",
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    user = user_of(uid)
    if user is None or not default_token_generator.check_token(user, token):
        return render(request, "accounts/reset_closed.html", status=403)
    form = NewPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        user.set_password(form.cleaned_data["password"])
        user.save(update_fields=["password"])
        do_record(user, Action.PASSWORD_RESET, target=user.email, request=request)
        messages.success(request, "Your password is changed. Log in with it.")
        return redirect("login")
    return render(request, "accounts/reset.html", {"form": form})


def user_of(uid: str) -> User | None:
    try:
        pk: Any = int(force_str(urlsafe_base64_decode(uid)))
    except (ValueError, OverflowError):
        return None
    return User.objects.filter(pk=pk, is_active=True).first()
