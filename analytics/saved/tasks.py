"""Celery tasks, thin over plain functions."""

from celery import shared_task

from analytics.saved import cohorts, exports, mails


@shared_task(name="saved.calculate_cohorts", ignore_result=True)
def calculate_cohorts() -> None:
    cohorts.do_calculate_all()


@shared_task(name="saved.run_export", ignore_result=True)
def run_export(export_id: int) -> None:
    exports.do_run(export_id)


@shared_task(name="saved.resume_exports", ignore_result=True)
def resume_exports() -> None:
    exports.do_resume()


@shared_task(name="saved.send_reports", ignore_result=True)
def send_reports() -> None:
    mails.do_send_due()
