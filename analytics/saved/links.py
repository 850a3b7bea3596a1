"""Links to a dashboard for people without an account."""

from typing import Any

from django.utils.crypto import constant_time_compare

from accounts.access import get_site_role
from accounts.models import User
from analytics.saved.models import Link, Report


def find_link(token: str) -> Link | None:
    """By its token alone; whether a password was given is another question."""
    number, _, _mac = token.partition("-")
    if not number.isdecimal() or len(number) > 12:
        return None
    link = Link.objects.select_related("site__team", "created_by").filter(pk=int(number)).first()
    if link is None or not link.is_open or not constant_time_compare(link.token, token):
        return None
    # A link shows no more than its maker may see, and nothing once they see nothing.
    return link if get_site_role(link.created_by, link.site) is not None else None


def do_end_access(sender: Any, user: User, site_ids: list[int], **_: Any) -> None:
    """Somebody no longer sees these sites: the links and the reports that they made stop, whoever is mailed by these, and
    what others made is no longer mailed to them."""
    Link.objects.filter(site__in=site_ids, created_by=user).delete()
    Report.objects.filter(site__in=site_ids, created_by=user).delete()
    for report in Report.objects.filter(site__in=site_ids):
        others = [address for address in report.recipients if address.lower() != user.email.lower()]
        if len(others) < len(report.recipients):
            report.recipients = others
            report.save(update_fields=["recipients"])


def do_end_reports(sender: Any, site_id: int, **_: Any) -> None:
    """The site is another team's: whom the old one mailed, it does not know."""
    Report.objects.filter(site=site_id).delete()
