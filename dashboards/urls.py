from django.urls import path

from dashboards import (
    breakdown,
    executive,
    funnel,
    headline,
    health,
    installation,
    live,
    marketing,
    product,
    retention,
    series,
    sparkline,
)
from dashboards import flow as flows

urlpatterns = [
    path("sites/<int:site_id>/", executive.home, name="site-home"),
    path("sites/<int:site_id>/executive", executive.view, name="executive"),
    path("sites/<int:site_id>/executive/panels/headline", headline.view, name="panel-headline"),
    path("sites/<int:site_id>/executive/panels/series", series.view, name="panel-series"),
    path("sites/<int:site_id>/executive/panels/<slug:group>", breakdown.view, name="panel-breakdown"),
    path("sites/<int:site_id>/executive/details/<slug:dimension>", breakdown.details, name="details"),
    path("sites/<int:site_id>/product", product.view, name="product"),
    path("sites/<int:site_id>/product/panels/funnel", funnel.view, name="panel-funnel"),
    path("sites/<int:site_id>/product/panels/retention", retention.view, name="panel-retention"),
    path("sites/<int:site_id>/product/panels/flow", flows.view, name="panel-flow"),
    path("sites/<int:site_id>/marketing", marketing.view, name="marketing"),
    path("sites/<int:site_id>/marketing/panels/attribution", marketing.attribution, name="panel-attribution"),
    path("sites/<int:site_id>/live", live.view, name="live"),
    path("sites/<int:site_id>/live/now", live.now, name="live-now"),
    path("sites/<int:site_id>/health", health.view, name="health"),
    path("sites/<int:site_id>/health/now", health.now, name="health-now"),
    path("sites/<int:site_id>/health/refused", health.refused, name="health-refused"),
    path("sites/<int:site_id>/health/replay", health.replay, name="health-replay"),
    path("sites/<int:site_id>/sparkline", sparkline.view, name="sparkline"),
    path("sites/<int:site_id>/installation/status", installation.status, name="installation-status"),
]
