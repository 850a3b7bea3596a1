from django.urls import path

from analytics.privacy import consent_views, masking_views, retention_views, views

BASE = "sites/<int:site_id>/settings/privacy"
urlpatterns = [
    path(BASE, views.requests, name="privacy"),
    path(f"{BASE}/retention", retention_views.retention, name="privacy-retention"),
    path(f"{BASE}/masking", masking_views.masking, name="privacy-masking"),
    path(f"{BASE}/opt-outs", views.opt_outs, name="privacy-opt-outs"),
    path(f"{BASE}/consent", consent_views.consent, name="privacy-consent"),
    path(f"{BASE}/consent/text", consent_views.consent_text, name="privacy-consent-text"),
    path(f"{BASE}/log", consent_views.log, name="privacy-log"),
    path(f"{BASE}/log/csv", consent_views.log_csv, name="privacy-log-csv"),
    path(f"{BASE}/history", consent_views.settings_history, name="privacy-history"),
    path(f"{BASE}/collected", consent_views.collected, name="privacy-collected"),
    path(f"{BASE}/collected/notice", consent_views.notice, name="privacy-notice"),
    path("consent", consent_views.proof, name="consent-proof"),
    path(f"{BASE}/<int:pk>", views.one, name="privacy-request"),
    path(f"{BASE}/<int:pk>/withdraw", views.withdraw, name="privacy-withdraw"),
    path(f"{BASE}/<int:pk>/receipt", views.receipt, name="privacy-receipt"),
    path(f"{BASE}/<int:pk>/archive", views.archive, name="privacy-archive"),
]
