"""What changes people, teams, sites and keys. Pages, commands and the API all come through here."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now

from accounts.models import ApiKey, Collection, Membership, Role, SetupToken, Site, Team, User, hash_token
from accounts.signals import access_ended, site_moved

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


def do_renew_ingest_secret(site: Site, hours: int = 0) -> str:
    """`hours`: how long the one before works beside it; one that is older still stops at once."""
    secret = "ffs_" + secrets.token_urlsafe(32)
    site.old_secret_hash = site.ingest_secret_hash if hours else ""
    site.old_secret_until = now() + timedelta(hours=hours) if hours else None
    site.ingest_secret_hash = hash_token(secret)
    site.save(update_fields=["ingest_secret_hash", "old_secret_hash", "old_secret_until"])
    return secret


def do_revoke_old_secret(site: Site) -> None:
    site.old_secret_hash, site.old_secret_until = "", None
    site.save(update_fields=["old_secret_hash", "old_secret_until"])


@transaction.atomic
def do_transfer_site(site: Site, team: Team) -> None:
    """Grants, and invitations to the site, were the old team's; whoever sees it through them no longer does."""
    before = set(
        User.objects.filter(Q(memberships__team=site.team_id) | Q(grants__site=site)).values_list("pk", flat=True)
    )
    site.grants.all().delete()
    site.invitations.all().delete()
    site.team = team
    site.save(update_fields=["team"])
    stay = set(team.memberships.values_list("user_id", flat=True))
    for user in User.objects.filter(pk__in=before - stay):
        access_ended.send(Site, user=user, site_ids=[site.pk])
    site_moved.send(Site, site_id=site.pk)


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


@transaction.atomic
def do_rotate_api_key(key: ApiKey, user: User, hours: int) -> str:
    """A new key of `user` with the same name, scopes and end. The old one works for `hours` more, not beyond its own end."""
    made = do_create_api_key(user, key.team, key.name, tuple(key.scopes))
    new = ApiKey.objects.get(key_hash=hash_token(made))
    new.expires_at = key.expires_at
    new.save(update_fields=["expires_at"])
    ends = now() + timedelta(hours=hours)
    key.expires_at = min(ends, key.expires_at) if key.expires_at else ends
    key.replaced_by = new
    key.save(update_fields=["expires_at", "replaced_by"])
    return made


def do_create_setup_token() -> str | None:
    """A fresh one-time set-up token, or None once anybody has an account."""
    if User.objects.exists():
        return None
    token = secrets.token_urlsafe(24)
    SetupToken.objects.create(token_hash=hash_token(token), created_at=now())
    return token


def do_require_factor(team: Team, required: bool) -> None:
    team.require_second_factor = required
    team.save(update_fields=["require_second_factor"])


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
