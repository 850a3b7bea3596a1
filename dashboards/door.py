"""Who looks at a dashboard: a member of the team, or a guest with a shared link."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.access import LEAST, NAMES, PEOPLE, access_site, get_site_role
from accounts.models import Role, Site
from analytics.saved.links import find_link
from analytics.saved.models import Link
from dashboards.groups import is_on

SHARE = "share"


@dataclass(frozen=True, slots=True)
class Door:
    site: Site
    link: Link | None = None
    role: Role | None = None

    @property
    def is_guest(self) -> bool:
        return self.link is not None

    @property
    def sees_people(self) -> bool:
        return self.may(PEOPLE)

    @property
    def sees_names(self) -> bool:
        return self.may(NAMES)

    def may(self, role: Role) -> bool:
        return self.role is not None and self.role.rank >= role.rank


class Closed(Exception):
    """The answer for who may not pass: the log-in page."""

    def __init__(self, answer: HttpResponse) -> None:
        self.answer = answer


def enter(request: HttpRequest, site_id: int, people: bool = False) -> Door:
    """`people`: it shows single people, which neither guests nor marketing viewers see.

    Raises Http404, PermissionDenied, Closed.
    """
    token = request.GET.get(SHARE, "")
    if token:
        link = find_link(token)
        below = request.path_info.removeprefix(f"/sites/{site_id}/")
        if link is None or link.site_id != site_id or people or not is_on(link.page, below):
            raise Http404("There is no such page.")
        if link.password and not link.accepts(request.COOKIES.get(link.cookie, "")):
            raise Closed(redirect("shared", link.token))
        return Door(link.site, link)
    if not request.user.is_authenticated:
        raise Closed(redirect_to_login(request.get_full_path()))
    site = access_site(request.user, site_id, PEOPLE if people else LEAST)
    return Door(site, None, get_site_role(request.user, site))


def fixed_filters(door: Door) -> list[str]:
    """What a guest cannot take away: the filters and segments of the link."""
    if door.link is None:
        return []
    return [text for name, text in parse_qsl(door.link.query) if name == "f"]


def fixed_segments(door: Door) -> list[str]:
    return [text for name, text in parse_qsl(door.link.query) if name == "segment"] if door.link else []
