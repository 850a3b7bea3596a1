from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from analytics.api import analyses, docs, errors, export, views

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", docs.docs, name="api-docs"),
    path("v1/sites", views.SitesView.as_view(), name="api-sites"),
    path("v1/sites/<int:site_id>", views.SiteView.as_view(), name="api-site"),
    path("v1/sites/<int:site_id>/query", views.QueryView.as_view(), name="api-query"),
    path("v1/sites/<int:site_id>/quality", views.QualityView.as_view(), name="api-quality"),
    path("v1/sites/<int:site_id>/funnel", analyses.FunnelView.as_view(), name="api-funnel"),
    path("v1/sites/<int:site_id>/retention", analyses.RetentionView.as_view(), name="api-retention"),
    path("v1/sites/<int:site_id>/paths", analyses.PathsView.as_view(), name="api-paths"),
    path("v1/sites/<int:site_id>/attribution", analyses.AttributionView.as_view(), name="api-attribution"),
    path("v1/sites/<int:site_id>/experiment", analyses.ExperimentView.as_view(), name="api-experiment"),
    path("v1/sites/<int:site_id>/export/<slug:kind>", export.ExportView.as_view(), name="api-export"),
    re_path(r"^(?P<path>.*)$", errors.no_such_address),
]
