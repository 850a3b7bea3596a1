from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from accounts import confirm
from accounts.access import SecondFactorNeeded
from accounts.models import User
from accounts.sign_in import do_note_seen

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        # Text becomes markup or the address of a script only by way of static/ui/parts/trusted.ts.
        "trusted-types default footfall",
        "require-trusted-types-for 'script'",
    ]
)
# Names that Chromium, Firefox and Safari know; one that a browser does not know is a warning in its console.
UNUSED = (
    "accelerometer camera display-capture encrypted-media geolocation gyroscope magnetometer microphone midi payment"
    " picture-in-picture screen-wake-lock usb xr-spatial-tracking"
)
PERMISSIONS = ", ".join(f"{name}=()" for name in UNUSED.split())


class ContentSecurityPolicy:
    """The browser's part: what a page may load and run, who may frame it, who may load an answer into a page of theirs.

    Django's SecurityMiddleware adds X-Content-Type-Options, Referrer-Policy and Cross-Origin-Opener-Policy.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        # The tracker, which pages of others load, says cross-origin for itself.
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


def let_frame(response: HttpResponse) -> None:
    """Pages of others may show it in a frame."""
    response.xframe_options_exempt = True  # read by Django's own middleware
    response["Content-Security-Policy"] = POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")
    response["Cross-Origin-Resource-Policy"] = "cross-origin"


class NoNulls:
    """No keyboard types a NUL, and Postgres keeps none: an address or a form with one is refused before a view sees it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        values = [request.path, *(value for name in request.GET for value in request.GET.getlist(name))]
        if request.method == "POST" and not request.path.startswith("/api/"):  # there the parser looks
            values += [value for name in request.POST for value in request.POST.getlist(name)]
        if not any("\0" in value for value in values):
            return None
        if request.path.startswith("/api/"):
            told = {
                "code": "bad_query",
                "message": "expected texts without NUL characters, got one with it",
                "field": "query",
            }
            return JsonResponse({"error": told}, status=400)
        return render(request, "400.html", status=400)


class Compressed(GZipMiddleware):
    """Pages and panels, not files: those are streamed, in pieces that a client may ask for by their bytes."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return response if response.streaming else super().process_response(request, response)


class Doors:
    """Notes that a session is in use, and leads on who a view did not let in yet."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.session.accessed and isinstance(request.user, User):
            do_note_seen(request, request.user)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, confirm.NeedsConfirmation):
            return confirm.ask(request, str(exception))
        if isinstance(exception, SecondFactorNeeded):
            if "HX-Request" in request.headers:
                return HttpResponseClientRedirect(reverse("factors"))
            messages.warning(request, str(exception))
            return redirect("factors")
        return None
