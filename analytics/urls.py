from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import include, path
from django.views.static import serve

from analytics.services import views


def tracker(request: HttpRequest) -> HttpResponseBase:
    """The script under its stable address: cached for an hour, checked again by its date, readable from any site."""
    response = serve(request, "footfall.js", document_root=str(settings.BASE_DIR / "static" / "dist" / "js"))
    response["Cache-Control"] = "public, max-age=3600"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Content-Type"] = "text/javascript; charset=utf-8"
    return response


urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
    path("js/footfall.js", tracker, name="tracker"),
    path("api/", include("analytics.api.urls")),
    path("", include("accounts.urls")),
    path("", include("dashboards.urls")),
]
