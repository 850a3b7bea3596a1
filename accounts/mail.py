"""Mails. A mail that cannot be sent is told to the person who caused it; addresses never go into the log."""

import logging

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest
from django.template.loader import render_to_string

log = logging.getLogger(__name__)


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
