from django.urls import path

from analytics.privacy import masking_views, retention_views, views

BASE = "sites/<int:site_id>/settings/privacy"
urlpatterns = [
    path(BASE, views.requests, name="privacy"),
    path(f"{BASE}/retention", retention_views.retention, name="privacy-retention"),
    path(f"{BASE}/masking", masking_views.masking, name="privacy-masking"),
    path(f"{BASE}/opt-outs", views.opt_outs, name="privacy-opt-outs"),
    path(f"{BASE}/<int:pk>", views.one, name="privacy-request"),
    path(f"{BASE}/<int:pk>/withdraw", views.withdraw, name="privacy-withdraw"),
    path(f"{BASE}/<int:pk>/receipt", views.receipt, name="privacy-receipt"),
    path(f"{BASE}/<int:pk>/archive", views.archive, name="privacy-archive"),
]
