"""Celery tasks, thin over plain functions."""

from celery import shared_task

from analytics.privacy import ledger


@shared_task(name="privacy.work", ignore_result=True)
def work(request_id: int) -> None:
    ledger.do_work(request_id)


@shared_task(name="privacy.resume", ignore_result=True)
def resume() -> None:
    ledger.do_resume()
