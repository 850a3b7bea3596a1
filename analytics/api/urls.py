from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from analytics.api import docs, errors, views

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", docs.docs, name="api-docs"),
    path("v1/sites", views.SitesView.as_view(), name="api-sites"),
    path("v1/sites/<int:site_id>", views.SiteView.as_view(), name="api-site"),
    path("v1/sites/<int:site_id>/query", views.QueryView.as_view(), name="api-query"),
    path("v1/sites/<int:site_id>/quality", views.QualityView.as_view(), name="api-quality"),
    re_path(r"^(?P<path>.*)$", errors.no_such_address),
]
