"""The Celery application. All schedules stand here."""

import os
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "analytics.settings")
# Django's checks import every page with its charts: half of the time to start. The tests and `manage.py check` run them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")


def tls_of(url: str) -> dict[str, Any] | None:
    """Celery wants to be told what redis-py does by itself: to ask for the certificate and for the name in it."""
    if urlsplit(url).scheme != "rediss":
        return None
    told = {name: value for name, value in parse_qsl(urlsplit(url).query) if name.startswith("ssl_")}
    check_name = told.pop("ssl_check_hostname", "true").lower() not in ("0", "false", "no")
    return {"ssl_cert_reqs": "required", **told, "ssl_check_hostname": check_name}


app = Celery("footfall")
app.conf.update(
    broker_url=settings.BUFFER_URL.replace("unix://", "redis+socket://"),
    broker_use_ssl=tls_of(settings.BUFFER_URL),
    broker_connection_retry_on_startup=True,
    broker_transport_options={"global_keyprefix": f"{settings.REDIS_PREFIX}:celery:", "visibility_timeout": 3600},
    task_ignore_result=True,
    task_acks_late=False,
    task_default_queue="default",
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    timezone="UTC",
    beat_schedule_filename=str(settings.DATA_DIR / "beat-schedule"),
    beat_max_loop_interval=60,
    beat_scheduler="analytics.services.beat:ClockProof",
    beat_schedule={
        "sweep": {"task": "ingestion.sweep", "schedule": 5.0, "options": {"expires": 10}},
        "cohorts": {"task": "saved.calculate_cohorts", "schedule": 3600.0, "options": {"expires": 3600}},
        "exports": {"task": "saved.resume_exports", "schedule": 300.0, "options": {"expires": 300}},
        "reports": {"task": "saved.send_reports", "schedule": 900.0, "options": {"expires": 900}},
        "trim-audit": {"task": "accounts.trim_audit", "schedule": 24 * 3600.0, "options": {"expires": 3600}},
        "key-use": {"task": "accounts.keep_key_use", "schedule": 900.0, "options": {"expires": 900}},
        "privacy": {"task": "privacy.resume", "schedule": 60.0, "options": {"expires": 60}},
        "retention": {"task": "privacy.retain", "schedule": 24 * 3600.0, "options": {"expires": 3600}},
        "forget-sessions": {"task": "accounts.forget_sessions", "schedule": 86400.0, "options": {"expires": 3600}},
        "destroy-old-salts": {"task": "ingestion.destroy_old_salts", "schedule": 600.0, "options": {"expires": 600}},
    },
)
app.autodiscover_tasks(["accounts", "ingestion", "analytics.saved", "analytics.privacy"])
app.set_default()
