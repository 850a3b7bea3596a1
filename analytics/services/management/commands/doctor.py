import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from analytics.services.doctor.examine import examine

MARKS = {"ok": "ok  ", "warn": "look", "bad": "MEND"}


class Command(BaseCommand):
    help = "Examine this installation and say what to mend. The exit code is 1 if something is bad."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = examine()
        if options["json"]:
            self.stdout.write(json.dumps([finding._asdict() for finding in findings], indent=1))
        else:
            for finding in findings:
                self.stdout.write(f"{MARKS[finding.state]}  {finding.name:12} {finding.text}")
                if finding.mend:
                    self.stdout.write(f"{'':19}→ {finding.mend}")
        if any(finding.state == "bad" for finding in findings):
            sys.exit(1)
