"""Links to a dashboard for people without an account."""

from django.utils.crypto import constant_time_compare

from analytics.saved.models import Link


def find_link(token: str) -> Link | None:
    """By its token alone; whether a password was given is another question."""
    number, _, _mac = token.partition("-")
    if not number.isdecimal() or len(number) > 12:
        return None
    link = Link.objects.select_related("site__team").filter(pk=int(number)).first()
    return link if link and link.is_open and constant_time_compare(link.token, token) else None


def get_link(value: str) -> Link | None:
    """`value`: TOKEN, or TOKEN:GRANT where there is a password."""
    token, _, grant = value.partition(":")
    link = find_link(token)
    return link if link and (not link.password or link.accepts(grant)) else None
