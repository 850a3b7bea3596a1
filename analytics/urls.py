from django.urls import include, path

from analytics.services import views
from ingestion import views as catalogue

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
    path("api/v1/event-types/", catalogue.event_types, name="event-types"),
    path("api/v1/event-types/<str:name>", catalogue.event_type, name="event-type"),
    path("api/", include("analytics.api.urls")),
    path("", include("accounts.urls")),
    path("", include("dashboards.urls")),
]
