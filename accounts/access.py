"""The one permission door: every site and every team is reached through these functions.

A person's role on a site is that of their team, unless the site has another for them (SiteGrant), which may be more or less;
owners of a team are owners of each of its sites. A grant alone lets somebody see one site of a team they are not in.
"""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404

from accounts import factors
from accounts.models import Membership, Role, Site, SiteGrant, Team, User

Person = User | AnonymousUser
LEAST = Role.MARKETING  # sees figures
PEOPLE = Role.VIEWER  # sees single people too: lists of them, their events, what they do now
NAMES = Role.ANALYST  # and who they are: traits such as an e-mail address, which others see masked


def get_role(user: Person, team_id: int) -> Role | None:
    if not isinstance(user, User) or not user.is_active:
        return None
    membership = Membership.objects.filter(team_id=team_id, user=user).only("role").first()
    return Role(membership.role) if membership else None


def get_site_role(user: Person, site: Site) -> Role | None:
    held = get_role(user, site.team_id)
    if held == Role.OWNER or not isinstance(user, User) or not user.is_active:
        return held
    grant = SiteGrant.objects.filter(site=site, user=user).only("role").first()
    return Role(grant.role) if grant else held


def check_role(held: Role | None, wanted: Role) -> Role:
    """A stranger learns nothing (404); a member who may do less is told so (403)."""
    if held is None:
        raise Http404("There is no such page.")
    if held.rank < wanted.rank:
        raise PermissionDenied(f"This takes the role {wanted.label}; yours is {held.label}.")
    return held


class SecondFactorNeeded(PermissionDenied):
    """The middleware leads the person to where they set one up."""


def check_factor(user: Person, team: Team) -> None:
    """Of who sees one site alone it is asked like of the team's members."""
    if team.require_second_factor and isinstance(user, User) and factors.lacks_factor(user):
        raise SecondFactorNeeded(f"{team} asks for a second factor: set one up first.")


def reach_site(user: Person, site_id: int, role: Role = LEAST) -> Site:
    """For keys, whose maker was let in when they made it: no second factor is asked of a program."""
    site = Site.objects.select_related("team").filter(pk=site_id).first()
    if site is None:
        raise Http404("There is no such page.")
    check_role(get_site_role(user, site), role)
    return site


def access_site(user: Person, site_id: int, role: Role = LEAST) -> Site:
    site = reach_site(user, site_id, role)
    check_factor(user, site.team)
    return site


def reach_team(user: Person, team_id: int, role: Role = LEAST) -> Team:
    """As reach_site."""
    team = Team.objects.filter(pk=team_id).first()
    if team is None:
        raise Http404("There is no such page.")
    check_role(get_role(user, team.pk), role)
    return team


def access_team(user: Person, team_id: int, role: Role = LEAST) -> Team:
    team = reach_team(user, team_id, role)
    check_factor(user, team)
    return team


def member_sites(user: Person) -> QuerySet[Site]:
    """All that the person has a role on, by the team or by a grant."""
    if not isinstance(user, User) or not user.is_active:
        return Site.objects.none()
    seen = Q(team__memberships__user=user) | Q(grants__user=user)
    return Site.objects.filter(seen).select_related("team").distinct()


def visible_sites(user: Person) -> QuerySet[Site]:
    """Without those of teams that ask for a second factor, while the person has none."""
    found = member_sites(user)
    if isinstance(user, User) and factors.lacks_factor(user):
        return found.exclude(team__require_second_factor=True)
    return found


def site_configurations() -> list[Site]:
    """All sites, for the ingestion cache alone; no person asks here."""
    return list(Site.objects.select_related("collection").prefetch_related("event_schemas"))


def domain_of(site_id: int) -> str:
    """Of a site that is known already, past the door; empty where there is none any more."""
    return Site.objects.filter(pk=site_id).values_list("domain", flat=True).first() or ""


def reporting_of(site_id: int) -> tuple[str, str]:
    """Currency and time zone that a site's figures are in; empty where there is no such site. For reports, past the door."""
    return Site.objects.filter(pk=site_id).values_list("currency", "timezone").first() or ("", "")
