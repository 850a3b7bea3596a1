"""Who sees a site: the Access tab of its settings, and leaving a site."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import access_site, get_site_role
from accounts.audit import Action, do_record
from accounts.forms import InviteForm
from accounts.membership import do_end_grant, do_grant
from accounts.models import SITE_ROLES, Membership, Role, Site, SiteGrant, User
from accounts.views.team import check_grants, send_invitation, withdraw


@dataclass(frozen=True, slots=True)
class Seer:
    """A person who sees the site."""

    user: User
    team_role: Role | None
    grant: SiteGrant | None

    @property
    def role(self) -> Role:
        held = self.team_role
        if self.grant is not None and held != Role.OWNER:
            return Role(self.grant.role)
        assert held is not None
        return held

    @property
    def chosen(self) -> str:
        return self.grant.role if self.grant else ""


def seers(site: Site) -> list[Seer]:
    grants = {grant.user_id: grant for grant in site.grants.select_related("user")}
    members = Membership.objects.filter(team_id=site.team_id).select_related("user").order_by("created_at")
    found = [Seer(one.user, Role(one.role), grants.pop(one.user_id, None)) for one in members]
    return [*found, *(Seer(grant.user, None, grant) for grant in grants.values())]


def seer_of(site: Site, user_id: int) -> Seer:
    found = next((one for one in seers(site) if one.user.pk == user_id), None)
    if found is None:
        raise Http404("There is no such page.")
    return found


def mine_on(request: HttpRequest, site: Site) -> Role:
    role = get_site_role(request.user, site)
    assert role is not None
    return role


def check_may_change(mine: Role, who: Seer) -> None:
    """Owners are owners of every site of their team; nobody changes who may do more than they."""
    if who.team_role == Role.OWNER:
        raise PermissionDenied("An owner of the team is owner of each of its sites.")
    check_grants(mine, who.role.value)
    if who.team_role is not None:
        check_grants(mine, who.team_role.value)


def site_role(wanted: str) -> Role:
    if wanted not in [role.value for role in SITE_ROLES]:
        raise Http404
    return Role(wanted)


@require_GET
@login_required
def access(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    mine = mine_on(request, site)
    people = [
        (
            one,
            one.team_role != Role.OWNER and max(one.role.rank, one.team_role.rank if one.team_role else 0) <= mine.rank,
        )
        for one in seers(site)
    ]
    context = {
        "site": site, "tab": "access", "people": people, "invite": InviteForm(),
        "roles": [(role.value, role.label) for role in SITE_ROLES],
        "invitations": site.invitations.filter(accepted_at=None).order_by("-created_at"),
    }  # fmt: skip
    return render(request, "accounts/settings_access.html", context)


@require_POST
@login_required
def invite(request: HttpRequest, site_id: int) -> HttpResponse:
    """To this site alone: they do not become members of the team."""
    site = access_site(request.user, site_id, Role.ADMIN)
    form = InviteForm(request.POST)
    if not form.is_valid():
        messages.error(request, "This is not an e-mail address that can be invited.")
        return redirect("settings-access", site_id=site.pk)
    email = form.cleaned_data["email"].lower()
    role = check_grants(mine_on(request, site), site_role(form.cleaned_data["role"]).value)
    if any(one.user.email == email for one in seers(site)):
        messages.error(request, "This person sees the site already; their role is in the list.")
        return redirect("settings-access", site_id=site.pk)
    send_invitation(request, site.team, email, role, site)
    return redirect("settings-access", site_id=site.pk)


@require_POST
@login_required
def revoke_invitation(request: HttpRequest, site_id: int, invitation_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    withdraw(request, site.invitations.filter(pk=invitation_id, accepted_at=None).first())
    return redirect("settings-access", site_id=site.pk)


@require_POST
@login_required
def change(request: HttpRequest, site_id: int, user_id: int) -> HttpResponse:
    """An empty role is the team's again; for somebody from outside the team it is the end."""
    site = access_site(request.user, site_id, Role.ADMIN)
    mine, who, wanted = mine_on(request, site), seer_of(site, user_id), request.POST.get("role", "")
    check_may_change(mine, who)
    if wanted:
        role = check_grants(mine, site_role(wanted).value)
        do_grant(site, who.user, role)
    elif who.grant is not None:
        do_end_grant(who.grant)
    do_record(request.user, Action.SITE_ROLE_CHANGED, None, site, target=who.user.email, before={"role": who.chosen or None},
              after={"role": wanted or None}, request=request)  # fmt: skip
    messages.success(request, "The role on this site is changed.")
    return redirect("settings-access", site_id=site.pk)


@require_POST
@login_required
def leave(request: HttpRequest, site_id: int) -> HttpResponse:
    """For who sees the site without being in its team; members leave the team."""
    site = access_site(request.user, site_id)
    who = seer_of(site, request.user.pk or 0)
    if who.team_role is not None or who.grant is None:
        messages.error(request, "You see this site as a member of its team: leave the team on its page.")
        return redirect("sites")
    do_end_grant(who.grant)
    left = {"role": who.chosen}
    do_record(request.user, Action.MEMBER_LEFT, None, site, target=who.user.email, before=left, request=request)
    messages.success(request, f"You no longer see {site.domain}.")
    return redirect("sites")
