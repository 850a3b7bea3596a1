from django.urls import include, path

from analytics.privacy.tokens import privacy_token
from analytics.services import views
from ingestion import views as ingestion

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
    path("api/v1/event-types/", ingestion.event_types, name="event-types"),
    path("api/v1/event-types/<str:name>", ingestion.event_type, name="event-type"),
    path("clients/footfall.py", ingestion.client, name="python-client"),
    path("api/v1/events/token", privacy_token, name="privacy-token"),
    path("api/", include("analytics.api.urls")),
    path("", include("accounts.urls")),
    path("", include("analytics.privacy.urls")),
    path("", include("dashboards.urls")),
]
