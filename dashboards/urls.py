from django.urls import path

from dashboards import (
    adoption,
    breakdown,
    builder,
    campaigns,
    channels,
    compare,
    costs,
    customers,
    download,
    engagement,
    errors,
    executive,
    experiments,
    explorer,
    filtering,
    flow,
    funnel,
    goals,
    headline,
    health,
    installation,
    lifecycle,
    live,
    ltv,
    marketing,
    people,
    product,
    retention,
    searches,
    series,
    sparkline,
    trends,
    vitals,
)
from dashboards.library import reports, spend, views
from dashboards.library.shelves import SHELVES

PRODUCT = {
    "trends": trends.view,
    "funnel": funnel.view,
    "retention": retention.view,
    "flow": flow.view,
    "lifecycle": lifecycle.view,
    "adoption": adoption.view,
    "experiments": experiments.view,
    "vitals": vitals.view,
    "errors": errors.view,
    "explorer": explorer.view,
}
MARKETING = {
    "attribution": marketing.attribution, "campaigns": campaigns.view, "channels": channels.view, "customers": customers.view,
    "ltv": ltv.view, "searches": searches.view,
}  # fmt: skip

urlpatterns = [
    path("sites/<int:site_id>/", executive.home, name="site-home"),
    path("sites/<int:site_id>/executive", executive.view, name="executive"),
    path("sites/<int:site_id>/executive/panels/headline", headline.view, name="panel-headline"),
    path("sites/<int:site_id>/executive/panels/people", people.view, name="panel-people"),
    path("sites/<int:site_id>/executive/panels/goals", goals.view, name="panel-goals"),
    path("sites/<int:site_id>/executive/panels/engagement", engagement.view, name="panel-engagement"),
    path("sites/<int:site_id>/executive/panels/funnel", funnel.short, name="panel-funnel-short"),
    path("sites/<int:site_id>/executive/panels/retention", retention.short, name="panel-retention-short"),
    path("sites/<int:site_id>/executive/panels/feed", live.feed, name="panel-feed"),
    path("sites/<int:site_id>/<slug:page>/compare", compare.view, name="panel-compare"),
    path("sites/<int:site_id>/<slug:page>/report.pdf", download.view, name="download"),
    path("sites/<int:site_id>/filter", filtering.view, name="filter"),
    path("sites/<int:site_id>/filter/values", filtering.values, name="filter-values"),
    path("sites/<int:site_id>/executive/panels/series", series.view, name="panel-series"),
    path("sites/<int:site_id>/executive/panels/<slug:group>", breakdown.view, name="panel-breakdown"),
    path("sites/<int:site_id>/executive/details/<slug:dimension>", breakdown.details, name="details"),
    path("sites/<int:site_id>/product", product.view, name="product"),
    path("sites/<int:site_id>/product/people", funnel.people, name="funnel-people"),
    *[path(f"sites/<int:site_id>/product/panels/{name}", view, name=f"panel-{name}") for name, view in PRODUCT.items()],
    path("sites/<int:site_id>/marketing", marketing.view, name="marketing"),
    *[
        path(f"sites/<int:site_id>/marketing/panels/{name}", view, name=f"panel-{name}")
        for name, view in MARKETING.items()
    ],
    path("sites/<int:site_id>/marketing/links", builder.view, name="builder"),
    path("sites/<int:site_id>/live", live.view, name="live"),
    path("sites/<int:site_id>/live/now", live.now, name="live-now"),
    path("sites/<int:site_id>/health", health.view, name="health"),
    path("sites/<int:site_id>/health/queries", costs.view, name="costs"),
    path("sites/<int:site_id>/health/now", health.now, name="health-now"),
    path("sites/<int:site_id>/health/refused", health.refused, name="health-refused"),
    path("sites/<int:site_id>/health/replay", health.replay, name="health-replay"),
    path("sites/<int:site_id>/sparkline", sparkline.view, name="sparkline"),
    path("sites/<int:site_id>/installation/status", installation.status, name="installation-status"),
    *[
        path(f"sites/<int:site_id>/settings/{shelf.name}{tail}", view, name=f"{shelf.name}{name}")
        for shelf in SHELVES
        for tail, name, view in (
            ("", "", shelf.view),
            ("/<int:pk>", "-one", shelf.view),
            ("/<int:pk>/delete", "-delete", shelf.delete),
        )
    ],
    path("sites/<int:site_id>/settings/reports/<int:pk>/send", reports.send, name="send-report"),
    path("sites/<int:site_id>/settings/formulas", views.engagement_settings, name="engagement-settings"),
    path("sites/<int:site_id>/settings/spend", spend.view, name="spend"),
    path("sites/<int:site_id>/settings/spend/<int:pk>/delete", spend.delete, name="spend-delete"),
    path("sites/<int:site_id>/settings/spend/import", spend.preview, name="spend-preview"),
    path("sites/<int:site_id>/views/save", views.save_view, name="save-view"),
    path("sites/<int:site_id>/views/<int:pk>/delete", views.delete_view, name="delete-view"),
    path("sites/<int:site_id>/segments/save", views.save_segment, name="save-segment"),
    path("share/<str:token>", views.shared, name="shared"),
    path("unsubscribe/<str:token>", views.unsubscribe, name="unsubscribe"),
]
