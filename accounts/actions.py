"""What changes people, teams, sites and keys. Pages, commands and the API all come through here."""

import secrets
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.models import ApiKey, Membership, Role, SetupToken, Site, Team, User, hash_token

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


def do_create_site(team: Team, domain: str, timezone_name: str = "UTC", currency: str = "EUR") -> NewSite:
    secret = "ffs_" + secrets.token_urlsafe(32)
    site = Site.objects.create(
        team=team, domain=domain, timezone=timezone_name, currency=currency, ingest_secret_hash=hash_token(secret)
    )
    return NewSite(site, secret)


def do_renew_ingest_secret(site: Site) -> str:
    secret = "ffs_" + secrets.token_urlsafe(32)
    site.ingest_secret_hash = hash_token(secret)
    site.save(update_fields=["ingest_secret_hash"])
    return secret


def do_create_api_key(
    user: User, team: Team, name: str, scopes: tuple[str, ...] = ("read:stats", "read:events")
) -> str:
    key = "ffk_" + secrets.token_urlsafe(32)
    ApiKey.objects.create(
        user=user, team=team, name=name, prefix=key[:10], key_hash=hash_token(key), scopes=list(scopes)
    )
    return key


def do_create_setup_token() -> str | None:
    """A fresh one-time set-up token, or None once anybody has an account."""
    if User.objects.exists():
        return None
    token = secrets.token_urlsafe(24)
    SetupToken.objects.create(token_hash=hash_token(token), created_at=timezone.now())
    return token
