"""How the outside reaches Footfall, and how it reaches the outside."""

import contextlib
import io
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core import mail
from django.core.checks import WARNING, run_checks

from analytics.services.doctor.finding import Finding, bad, ok, warn

LOCAL = ("127.0.0.1", "::1", "localhost")


def find_address() -> Iterator[Finding]:
    reachable = settings.HOST not in LOCAL
    if not settings.BASE_URL:
        if reachable:
            yield warn(
                "address", "BASE_URL is not set.", "Set it to the public address; https:// turns secure cookies on."
            )
        else:
            yield ok("address", "For this machine only; set BASE_URL before others use it.")
        return
    if not settings.HTTPS:
        yield warn(
            "address", "BASE_URL is not https://.", "Put a proxy that ends TLS in front, and set it to https://…"
        )
    elif not settings.TRUSTED_PROXIES:
        mend = "Set it to the address of the proxy that ends TLS; without it, every visitor has the proxy's address."
        yield bad("address", "TRUSTED_PROXIES is not set, but BASE_URL is https://.", mend)
    else:
        yield from find_answer()
    if settings.ALLOWED_HOSTS == ["*"]:
        host = urlsplit(settings.BASE_URL).hostname
        yield warn("address", "Any host name is answered to.", f"Set ALLOWED_HOSTS={host}")


def find_answer() -> Iterator[Finding]:
    url = f"{settings.BASE_URL}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  the operator's own address
            yield ok("address", f"{url} answers {answer.status}.")
    except (urllib.error.URLError, OSError, ssl.SSLError) as error:
        yield warn("address", f"{url} does not answer from here: {error}.", "Check the proxy, its certificate and DNS.")


def find_mail() -> Iterator[Finding]:
    if not settings.EMAIL_URL:
        yield warn("mail", "Mails are only printed.", "Set EMAIL_URL, so that invitations and resets arrive.")
        return
    try:
        connection = mail.get_connection()
        connection.open()
        connection.close()
    except (OSError, socket.gaierror) as error:
        yield bad("mail", f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} does not answer: {error}.", "Check EMAIL_URL.")
    else:
        yield ok("mail", f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} answers.")


def find_deploy_checks() -> Iterator[Finding]:
    """What `check --deploy` says. Without https:// its warnings on TLS say what is known already."""
    if settings.DEBUG:
        yield bad("django", "DEBUG is on.", "Unset DEBUG.")
    with contextlib.redirect_stderr(io.StringIO()):
        found = [m for m in run_checks(include_deployment_checks=settings.HTTPS) if m.level >= WARNING]
    for message in found:
        yield warn(
            "django", f"{message.id}: {message.msg}", str(message.hint or "See Django's system check reference.")
        )
    if not found:
        yield ok("django", "`check --deploy` finds nothing." if settings.HTTPS else "`check` finds nothing.")
