"""Who joins and leaves a team or a site, and with which role."""

import secrets

from django.db import transaction
from django.utils.timezone import now

from accounts.access import get_role, get_site_role
from accounts.models import ApiKey, Invitation, Membership, Role, Site, SiteGrant, Team, User, hash_token
from accounts.sign_in import do_end_sessions
from accounts.signals import access_ended


def do_invite(team: Team, inviter: User, email: str, role: Role, site: Site | None = None) -> str:
    """The token for the link; an open invitation of the same address to the same is replaced. `site`: to this one alone."""
    Invitation.objects.filter(team=team, site=site, email=email.lower(), accepted_at=None).delete()
    token = secrets.token_urlsafe(24)
    Invitation.objects.create(
        team=team, site=site, email=email.lower(), role=role, token_hash=hash_token(token), invited_by=inviter
    )
    return token


def check_inviter(invitation: Invitation) -> None:
    """Raises ValueError, its text for the person, where whoever sent it could not send it now: shut out, or demoted."""
    inviter, site = invitation.invited_by, invitation.site
    held = get_site_role(inviter, site) if site is not None else get_role(inviter, invitation.team_id)
    if held is None or held.rank < max(Role.ADMIN.rank, invitation.rank):
        raise ValueError("Whoever sent it may not invite to this any more.")


@transaction.atomic
def do_accept(invitation: Invitation, user: User) -> None:
    """Raises ValueError where it was used up or withdrawn in the meantime, and as check_inviter."""
    held = Invitation.objects.select_for_update(of=("self",)).filter(pk=invitation.pk, accepted_at=None).first()
    if held is None:
        raise ValueError("It is used, withdrawn or older than seven days.")
    check_inviter(held)
    if held.site is not None:
        SiteGrant.objects.get_or_create(site=held.site, user=user, defaults={"role": held.role})
    else:
        Membership.objects.get_or_create(team=held.team, user=user, defaults={"role": held.role})
    held.accepted_at = now()
    held.save(update_fields=["accepted_at"])


def check_keeps_an_owner(membership: Membership) -> None:
    """Within a transaction: the lock on the team keeps two owners from demoting each other at once."""
    Team.objects.select_for_update().get(pk=membership.team_id)
    membership.refresh_from_db(fields=["role"])
    others = Membership.objects.filter(team_id=membership.team_id, role=Role.OWNER).exclude(pk=membership.pk)
    if membership.role == Role.OWNER and not others.exists():
        raise ValueError("A team needs an owner: make somebody else one first.")


@transaction.atomic
def do_change_role(membership: Membership, role: Role) -> None:
    """Open invitations of theirs that give more than they have left are withdrawn."""
    if role != Role.OWNER:
        check_keeps_an_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    invitations = Invitation.objects.filter(team_id=membership.team_id, invited_by=membership.user_id, accepted_at=None)
    for invitation in invitations:
        if role.rank < max(Role.ADMIN.rank, invitation.rank):
            invitation.delete()


@transaction.atomic
def do_remove_member(membership: Membership) -> None:
    """Their keys of this team, their roles on its sites, the links they shared and the invitations they sent go with them;
    and their sessions, when nothing is left that they may see."""
    check_keeps_an_owner(membership)
    team, user = membership.team_id, membership.user
    ApiKey.objects.filter(team_id=team, user=user).delete()
    Invitation.objects.filter(team_id=team, invited_by=user, accepted_at=None).delete()
    SiteGrant.objects.filter(site__team_id=team, user=user).delete()
    sites = list(Site.objects.filter(team_id=team).values_list("pk", flat=True))
    membership.delete()
    access_ended.send(Membership, user=user, site_ids=sites)
    do_end_idle_sessions(user)


def do_end_idle_sessions(user: User) -> None:
    """Of who is in no team and sees no site."""
    if not user.memberships.exists() and not user.grants.exists():
        do_end_sessions(user)


@transaction.atomic
def do_grant(site: Site, user: User, role: Role) -> None:
    SiteGrant.objects.update_or_create(site=site, user=user, defaults={"role": role})


@transaction.atomic
def do_end_grant(grant: SiteGrant) -> None:
    """A member of the team has the team's role again; anybody else no longer sees the site."""
    site, user = grant.site, grant.user
    grant.delete()
    if get_site_role(user, site) is None:
        Invitation.objects.filter(site=site, invited_by=user, accepted_at=None).delete()
        access_ended.send(SiteGrant, user=user, site_ids=[site.pk])
        do_end_idle_sessions(user)
