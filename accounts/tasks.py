"""Celery tasks, thin over plain functions."""

from celery import shared_task

from accounts import key_use
from accounts.audit import do_trim


@shared_task(name="accounts.trim_audit", ignore_result=True)
def trim_audit() -> None:
    do_trim()


@shared_task(name="accounts.keep_key_use", ignore_result=True)
def keep_key_use() -> None:
    key_use.do_keep_all()
