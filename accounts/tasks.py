"""Celery tasks, thin over plain functions."""

from celery import shared_task

from accounts import key_use, mail, sign_in
from accounts.audit import do_trim


@shared_task(name="accounts.trim_audit", ignore_result=True)
def trim_audit() -> None:
    do_trim()


@shared_task(name="accounts.keep_key_use", ignore_result=True)
def keep_key_use() -> None:
    key_use.do_keep_all()


@shared_task(name="accounts.send_reset", ignore_result=True)
def send_reset(email: str, base: str) -> None:
    mail.do_send_reset(email, base)


@shared_task(name="accounts.send_notice", ignore_result=True)
def send_notice(user_id: int, what: str) -> None:
    mail.do_send_notice(user_id, what)


@shared_task(name="accounts.forget_sessions", ignore_result=True)
def forget_sessions() -> None:
    sign_in.do_forget_sessions()
