"""Mails. A mail that cannot be sent is told to the person who caused it; addresses never go into the log."""

import logging

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.models import User

log = logging.getLogger(__name__)


def base_of(request: HttpRequest) -> str:
    return settings.BASE_URL or request.build_absolute_uri("/").rstrip("/")


def absolute(request: HttpRequest, path: str) -> str:
    return f"{settings.BASE_URL}{path}" if settings.BASE_URL else request.build_absolute_uri(path)


def notify(template: str, subject: str, to: str, **context: object) -> bool:
    """Send templates/emails/NAME.txt; False when the server did not take it."""
    text = render_to_string(f"emails/{template}.txt", context)
    message = EmailMultiAlternatives(subject, text, settings.DEFAULT_FROM_EMAIL, [to])
    message.attach_alternative(render_to_string("emails/frame.html", {"text": text.strip(), **context}), "text/html")
    try:
        message.send()
    except OSError as error:
        log.error("A mail (%s) could not be sent: %s", template, type(error).__name__)
        return False
    return True


def do_send_reset(email: str, base: str) -> None:
    """Runs in the worker for every address that was typed, known or not, so that no answer's time tells which."""
    user = User.objects.filter(email=email, is_active=True).first()
    if user is None or not user.has_usable_password():  # without one they log in by single sign-on
        return
    path = reverse(
        "reset", args=[urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)]
    )
    notify("reset", "Reset your Footfall password", email, link=base + path, action="Choose a new password")


def do_send_notice(user_id: int, what: str) -> None:
    """What has changed about how the person signs in: should it not have been them, they learn of it."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user:
        notify("notice", f"{what} · Footfall", user.email, what=what)
