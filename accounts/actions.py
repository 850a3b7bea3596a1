"""What changes people, teams, sites and keys. Pages, commands and the API all come through here."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.timezone import now

from accounts.models import ApiKey, Collection, Invitation, Membership, Role, SetupToken, Site, Team, User, hash_token
from accounts.sign_in import do_end_sessions

SCOPES = ("read:stats", "read:events", "write:events", "admin")


@dataclass(frozen=True)
class NewSite:
    """A site with the secrets that can be read only now."""

    site: Site
    ingest_secret: str


@transaction.atomic
def do_create_owner(email: str, password: str, name: str = "", team_name: str = "") -> User:
    user = User.objects.create_user(email, password, name=name)
    team = Team.objects.create(name=team_name or f"{name or email.split('@')[0]}'s team")
    Membership.objects.create(team=team, user=user, role=Role.OWNER)
    SetupToken.objects.all().delete()
    return user


@transaction.atomic
def do_create_site(team: Team, domain: str, timezone_name: str = "UTC", currency: str = "EUR") -> NewSite:
    secret = "ffs_" + secrets.token_urlsafe(32)
    site = Site.objects.create(
        team=team, domain=domain, timezone=timezone_name, currency=currency, ingest_secret_hash=hash_token(secret)
    )
    Collection.objects.create(site=site)
    return NewSite(site, secret)


def do_renew_ingest_secret(site: Site) -> str:
    secret = "ffs_" + secrets.token_urlsafe(32)
    site.ingest_secret_hash = hash_token(secret)
    site.save(update_fields=["ingest_secret_hash"])
    return secret


def do_create_api_key(
    user: User, team: Team, name: str, scopes: tuple[str, ...] = ("read:stats", "read:events"), days: int = 0
) -> str:
    """`days`: how long it works; 0: until it is revoked."""
    until = now() + timedelta(days=days) if days else None
    key = "ffk_" + secrets.token_urlsafe(32)
    ApiKey.objects.create(
        user=user,
        team=team,
        name=name,
        prefix=key[:10],
        key_hash=hash_token(key),
        scopes=list(scopes),
        expires_at=until,
    )
    return key


def do_create_setup_token() -> str | None:
    """A fresh one-time set-up token, or None once anybody has an account."""
    if User.objects.exists():
        return None
    token = secrets.token_urlsafe(24)
    SetupToken.objects.create(token_hash=hash_token(token), created_at=now())
    return token


def do_invite(team: Team, inviter: User, email: str, role: Role) -> str:
    """The token for the link; an open invitation of the same address is replaced."""
    Invitation.objects.filter(team=team, email=email.lower(), accepted_at=None).delete()
    token = secrets.token_urlsafe(24)
    Invitation.objects.create(
        team=team, email=email.lower(), role=role, token_hash=hash_token(token), invited_by=inviter
    )
    return token


@transaction.atomic
def do_accept(invitation: Invitation, user: User) -> None:
    Membership.objects.get_or_create(team=invitation.team, user=user, defaults={"role": invitation.role})
    invitation.accepted_at = now()
    invitation.save(update_fields=["accepted_at"])


def check_keeps_an_owner(membership: Membership) -> None:
    """Within a transaction: the lock on the team keeps two owners from demoting each other at once."""
    Team.objects.select_for_update().get(pk=membership.team_id)
    membership.refresh_from_db(fields=["role"])
    others = Membership.objects.filter(team_id=membership.team_id, role=Role.OWNER).exclude(pk=membership.pk)
    if membership.role == Role.OWNER and not others.exists():
        raise ValueError("A team needs an owner: make somebody else one first.")


def do_require_factor(team: Team, required: bool) -> None:
    team.require_second_factor = required
    team.save(update_fields=["require_second_factor"])


@transaction.atomic
def do_change_role(membership: Membership, role: Role) -> None:
    if role != Role.OWNER:
        check_keeps_an_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])


@transaction.atomic
def do_remove_member(membership: Membership) -> None:
    """The person's keys of this team go with them; and their sessions, when it was their last team."""
    check_keeps_an_owner(membership)
    ApiKey.objects.filter(team_id=membership.team_id, user_id=membership.user_id).delete()
    membership.delete()
    if not Membership.objects.filter(user_id=membership.user_id).exists():
        do_end_sessions(membership.user)


def do_delete_site(site: Site) -> None:
    """The site is gone at once; its events follow in the background. Raises OSError before anything is deleted."""
    send_task("ingestion.delete_site_data", site_id=site.pk)
    site.delete()


def send_task(name: str, **kwargs: int | str) -> None:
    """By name, since accounts/ knows nothing of ingestion/. Raises OSError when no broker answers."""
    from kombu.exceptions import OperationalError

    from analytics.celery import app  # Celery's own "current app" differs from thread to thread

    try:
        app.send_task(name, kwargs=kwargs, retry=False)
    except OperationalError as error:
        raise OSError("The task queue does not answer.") from error
