from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.audit import Action, do_record
from accounts.opt_outs import do_opt_in, do_opt_out
from ingestion.steps.personal import marks_of


class Command(BaseCommand):
    help = "Leave one person out on every site of this server, from now on. Only a keyed hash of the id is kept."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--user", default="", help="the id that sites pass to identify()")
        which.add_argument("--device", default="")
        parser.add_argument("--undo", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        marks = marks_of(0, options["user"], options["device"])
        changed = do_opt_in(None, marks) if options["undo"] else do_opt_out(None, marks)
        target = "tracked again" if options["undo"] else "opted out"
        do_record("command", Action.PRIVACY_REQUEST, target=f"A person, on every site: {target}")
        self.stdout.write("Done." if changed else "It was so already.")
