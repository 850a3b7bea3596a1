from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from analytics.api import analyses, audit, consent, docs, errors, export, jobs, privacy, reports, saved, views

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", docs.docs, name="api-docs"),
    path("v1/audit", audit.AuditView.as_view(), name="api-audit"),
    path("v1/sites", views.SitesView.as_view(), name="api-sites"),
    path("v1/sites/<int:site_id>", views.SiteView.as_view(), name="api-site"),
    path("v1/sites/<int:site_id>/query", views.QueryView.as_view(), name="api-query"),
    path("v1/sites/<int:site_id>/quality", views.QualityView.as_view(), name="api-quality"),
    path("v1/sites/<int:site_id>/funnel", analyses.FunnelView.as_view(), name="api-funnel"),
    path("v1/sites/<int:site_id>/retention", analyses.RetentionView.as_view(), name="api-retention"),
    path("v1/sites/<int:site_id>/paths", analyses.PathsView.as_view(), name="api-paths"),
    path("v1/sites/<int:site_id>/attribution", analyses.AttributionView.as_view(), name="api-attribution"),
    path("v1/sites/<int:site_id>/experiment", analyses.ExperimentView.as_view(), name="api-experiment"),
    path("v1/sites/<int:site_id>/funnel/people", reports.FunnelPeopleView.as_view(), name="api-funnel-people"),
    path("v1/sites/<int:site_id>/trends", reports.TrendsView.as_view(), name="api-trends"),
    path("v1/sites/<int:site_id>/lifecycle", reports.LifecycleView.as_view(), name="api-lifecycle"),
    path("v1/sites/<int:site_id>/engagement", reports.EngagementView.as_view(), name="api-engagement"),
    path("v1/sites/<int:site_id>/ltv", reports.LtvView.as_view(), name="api-ltv"),
    path("v1/sites/<int:site_id>/customers", reports.CustomersView.as_view(), name="api-customers"),
    path("v1/sites/<int:site_id>/campaigns", reports.CampaignsView.as_view(), name="api-campaigns"),
    path("v1/sites/<int:site_id>/conversions", reports.ConversionsView.as_view(), name="api-conversions"),
    path("v1/sites/<int:site_id>/errors", reports.ErrorsView.as_view(), name="api-errors"),
    path("v1/sites/<int:site_id>/vitals", reports.VitalsView.as_view(), name="api-vitals"),
    *[
        path(
            f"v1/sites/<int:site_id>/{name}{'/<int:pk>' * (view is one)}",
            view.as_view(),
            name=f"api-{name}{'-one' * (view is one)}",
        )
        for name, (listed, one) in saved.RESOURCES.items()
        for view in (listed, one)
    ],
    path("v1/sites/<int:site_id>/privacy-requests", privacy.PrivacyRequestsView.as_view(), name="api-privacy-requests"),
    path(
        "v1/sites/<int:site_id>/privacy-requests/<int:pk>",
        privacy.PrivacyRequestView.as_view(),
        name="api-privacy-request",
    ),
    path(
        "v1/sites/<int:site_id>/privacy-requests/<int:pk>/file",
        privacy.PrivacyFileView.as_view(),
        name="api-privacy-file",
    ),
    path("v1/sites/<int:site_id>/consent/log", consent.ConsentLogView.as_view(), name="api-consent-log"),
    path("v1/sites/<int:site_id>/consent/counts", consent.ConsentCountsView.as_view(), name="api-consent-counts"),
    path("v1/sites/<int:site_id>/consent/proof", consent.ConsentProofView.as_view(), name="api-consent-proof"),
    path("v1/sites/<int:site_id>/consent/history", consent.ConsentHistoryView.as_view(), name="api-consent-history"),
    path("v1/sites/<int:site_id>/consent/texts", consent.ConsentTextsView.as_view(), name="api-consent-texts"),
    path("v1/sites/<int:site_id>/privacy-notice", consent.NoticeView.as_view(), name="api-privacy-notice"),
    path("v1/sites/<int:site_id>/exports", jobs.ExportsView.as_view(), name="api-exports"),
    path("v1/sites/<int:site_id>/exports/<int:pk>", jobs.ExportJobView.as_view(), name="api-export-job"),
    path("v1/sites/<int:site_id>/exports/<int:pk>/file", jobs.ExportFileView.as_view(), name="api-export-file"),
    path("v1/sites/<int:site_id>/export/<slug:kind>", export.ExportView.as_view(), name="api-export"),
    re_path(r"^(?P<path>.*)$", errors.no_such_address),
]
