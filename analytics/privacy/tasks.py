"""Celery tasks, thin over plain functions."""

from celery import shared_task

from analytics.privacy import history, ledger, retention


@shared_task(name="privacy.work", ignore_result=True)
def work(request_id: int) -> None:
    ledger.do_work(request_id)


@shared_task(name="privacy.resume", ignore_result=True)
def resume() -> None:
    ledger.do_resume()


@shared_task(name="privacy.retain", ignore_result=True)
def retain() -> None:
    retention.do_enforce_all()
    history.do_note_all()
