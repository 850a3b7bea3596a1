import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.celery import app
from analytics.services.supervisor import beat_command, web_command, worker_command

COMMANDS = {"web": web_command, "worker": worker_command, "beat": beat_command}


class Command(BaseCommand):
    help = "Run one service in this process, for containers; `ping` asks whether a worker answers."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("service", choices=[*COMMANDS, "ping"])

    def handle(self, *args: Any, service: str, **options: Any) -> None:
        if service == "ping":
            if not app.control.ping(timeout=5):
                raise CommandError("No worker answers.")
            return
        os.chdir(settings.BASE_DIR)
        command = COMMANDS[service]()
        os.execv(command[0], command)  # noqa: S606  no shell: the command is our own
