"""No e-mail address gets into a log, whatever library or traceback has it in its text: n•••@e•••.com."""

import logging
import re

from django.core.mail.backends.console import EmailBackend
from django.core.mail.message import EmailMessage

ADDRESS = re.compile(r"([\w.+'-]{1,64})(@|%40)([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*)\.([A-Za-z]{2,24})\b")


def without_addresses(text: str) -> str:
    if "@" not in text and "%40" not in text:
        return text
    return ADDRESS.sub(lambda found: f"{found[1][0]}•••{found[2]}{found[3][0]}•••.{found[4]}", text)


class Formatter(logging.Formatter):
    """With the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return without_addresses(super().format(record))


class Printed(EmailBackend):
    """Without EMAIL_URL mails are printed, and what is printed ends up in a log: the text with its link, not the address."""

    def write_message(self, message: EmailMessage) -> None:
        text = message.message().as_string()
        self.stream.write(f"{without_addresses(text)}\n{'-' * 79}\n")
