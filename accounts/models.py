"""People, teams, sites and keys. Everything outside accounts/ reaches a site through access.py."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.timezone import now


def hash_token(token: str) -> str:
    """Keys and tokens are random with 190 bits or more, so a plain hash keeps them safe and can be looked up."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_site_key() -> str:
    return "ff_" + secrets.token_urlsafe(12).replace("-", "a").replace("_", "b")


class Role(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    ANALYST = "analyst", "Analyst"
    ADMIN = "admin", "Admin"
    OWNER = "owner", "Owner"

    @property
    def rank(self) -> int:
        return list(Role).index(self)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name or self.email


class Team(models.Model):
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=now)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_team")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"

    @property
    def rank(self) -> int:
        return Role(self.role).rank


class Invitation(models.Model):
    VALID_FOR = timedelta(days=7)
    team = models.ForeignKey(Team, models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, models.CASCADE)
    created_at = models.DateTimeField(default=now)
    accepted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.email} to {self.team}"

    @property
    def rank(self) -> int:
        return Role(self.role).rank

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and now() < self.created_at + self.VALID_FOR


class Site(models.Model):
    team = models.ForeignKey(Team, models.CASCADE, related_name="sites")
    domain = models.CharField(max_length=253)
    timezone = models.CharField(max_length=64, default="UTC")
    currency = models.CharField(max_length=3, default="EUR")
    site_key = models.CharField(max_length=32, unique=True, default=make_site_key)
    ingest_secret_hash = models.CharField(max_length=64, unique=True)
    honour_dnt = models.BooleanField("honour Do Not Track", default=False)
    honour_gpc = models.BooleanField("honour Global Privacy Control", default=True)
    session_gap_minutes = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(240)]
    )
    created_at = models.DateTimeField(default=now)

    class Meta:
        ordering: ClassVar = ["domain"]

    def __str__(self) -> str:
        return self.domain


class ApiKey(models.Model):
    """A key of the REST API. It may do what its maker may do, within its scopes, in one team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="api_keys")
    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=12)
    key_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=now)
    last_used_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class SetupToken(models.Model):
    """The one-time link that `up` prints while no user exists."""

    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"made at {self.created_at}"
