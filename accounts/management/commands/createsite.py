import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions import do_create_api_key, do_create_site
from accounts.audit import Action, do_record
from accounts.checks import check_currency, check_domain, check_timezone
from accounts.models import Membership, Role


class Command(BaseCommand):
    help = "Add a site to its owner's team and print its keys, which are shown only this once."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("domain")
        parser.add_argument("--owner", required=True, help="the owner's e-mail address")
        parser.add_argument("--timezone", default="UTC")
        parser.add_argument("--currency", default="EUR")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, domain: str, owner: str, **options: Any) -> None:
        membership = Membership.objects.filter(user__email=owner.lower(), role=Role.OWNER).select_related().first()
        if membership is None:
            raise CommandError(f"{owner} owns no team. Create the account first: manage.py createowner {owner}")
        try:
            domain = check_domain(domain)
            zone, currency = check_timezone(options["timezone"]), check_currency(options["currency"])
        except ValueError as error:
            raise CommandError(str(error)) from None
        new = do_create_site(membership.team, domain, zone, currency)
        key = do_create_api_key(membership.user, membership.team, f"createsite {domain}")
        do_record("command createsite", Action.SITE_MADE, membership.team, new.site, target=domain)
        self.report(options["json"], new.site.pk, domain, new.site.site_key, new.ingest_secret, key)

    def report(self, as_json: bool, *values: object) -> None:
        names = ("id", "domain", "site_key", "ingest_secret", "api_key")
        pairs = dict(zip(names, values, strict=True))
        self.stdout.write(json.dumps(pairs) if as_json else "\n".join(f"{k}: {v}" for k, v in pairs.items()))
