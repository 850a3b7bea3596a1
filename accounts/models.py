"""People, teams, sites and keys. Everything outside accounts/ reaches a site through access.py."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.timezone import now

from accounts.audit_models import AuditEntry, AuditHead  # noqa: F401  Django looks for models here
from accounts.field_keys import FieldKey  # noqa: F401


def hash_token(token: str) -> str:
    """Keys and tokens are random with 190 bits or more, so a plain hash keeps them safe and can be looked up."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_site_key() -> str:
    return "ff_" + secrets.token_urlsafe(12).replace("-", "a").replace("_", "b")


class Role(models.TextChoices):
    """From the least to the most: who may do something, may do what those before may."""

    MARKETING = "marketing", "Marketing viewer"
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


class SignIn(models.Model):
    """A session, as its person sees it in a list. Of the address only the country is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="sign_ins")
    session_key = models.CharField(max_length=40, unique=True)
    method = models.CharField(max_length=80, blank=True)  # "password and code"
    device = models.CharField(max_length=80, blank=True)  # "Firefox on Linux"
    country = models.CharField(max_length=2, blank=True)
    created_at = models.DateTimeField(default=now)
    last_seen_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.user} by {self.device}"


class Identity(models.Model):
    """Who a person is at the provider of single sign-on; e-mail addresses change, subjects do not."""

    user = models.ForeignKey(User, models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["issuer", "subject"], name="one_person_per_subject")]

    def __str__(self) -> str:
        return f"{self.user} at {self.issuer}"


class Team(models.Model):
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=now)
    require_second_factor = models.BooleanField(default=False)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    by_groups = models.BooleanField(default=False)  # given by the groups of single sign-on, and taken by them
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
    # Only this site of the team, for somebody who does not become a member of it.
    site = models.ForeignKey("Site", models.CASCADE, null=True, related_name="invitations")

    def __str__(self) -> str:
        return f"{self.email} to {self.site or self.team}"

    @property
    def rank(self) -> int:
        return Role(self.role).rank

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and now() < self.created_at + self.VALID_FOR


SITE_ROLES = (Role.MARKETING, Role.VIEWER, Role.ANALYST, Role.ADMIN)  # owners are of a team


class Site(models.Model):
    team = models.ForeignKey(Team, models.CASCADE, related_name="sites")
    domain = models.CharField(max_length=253)
    timezone = models.CharField(max_length=64, default="UTC")
    currency = models.CharField(max_length=3, default="EUR")
    site_key = models.CharField(max_length=32, unique=True, default=make_site_key)
    ingest_secret_hash = models.CharField(max_length=64, unique=True)
    ingest_secret_used_at = models.DateTimeField(null=True)
    old_secret_hash = models.CharField(max_length=64, blank=True)  # works beside the new one until …
    old_secret_until = models.DateTimeField(null=True)
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


class SiteGrant(models.Model):
    """A person's role on one site: in place of the team's role, or without one for somebody from outside."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="grants")
    user = models.ForeignKey(User, models.CASCADE, related_name="grants")
    role = models.CharField(max_length=16, choices=[(role.value, role.label) for role in SITE_ROLES])
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["site", "user"], name="one_grant_per_site")]

    def __str__(self) -> str:
        return f"{self.user} on {self.site}"

    @property
    def rank(self) -> int:
        return Role(self.role).rank


MODULES: dict[str, str] = {
    "links": "Outbound links and downloads",
    "clicks": "Clicks",
    "frustration": "Rage and dead clicks",
    "forms": "Forms: started, sent, abandoned",
    "inputs": "Field changes",
    "scroll": "Scroll depth",
    "media": "Video and audio",
    "share": "Shares",
    "search": "Site search",
    "errors": "JavaScript errors",
    "api": "API calls",
    "vitals": "Page performance",
    "session": "Session start and end",
    "ecommerce": "Shop events and data attributes",
    "bridges": "Consent managers",
    "consent": "Consent log",
}
DEFAULT_MODULES = (
    "links",
    "clicks",
    "frustration",
    "forms",
    "scroll",
    "media",
    "search",
    "errors",
    "vitals",
    "ecommerce",
)


def default_modules() -> list[str]:
    return list(DEFAULT_MODULES)


def default_search_params() -> list[str]:
    return ["q", "s", "query", "search", "keyword"]


def default_traits() -> list[str]:
    return ["plan", "role", "segment", "company_size", "created_at"]


def default_masked() -> list[str]:
    return ["email", "phone", "card", "id", "token"]


def default_query_params() -> list[str]:
    """Parameters that tell pages apart. All others go, since they may hold names, searches and tokens."""
    return ["utm_id", "ref", "source", "page", "tab", "lang", "sort", "category"]


def make_search_salt() -> str:
    return secrets.token_hex(8)


class Consent(models.TextChoices):
    """What the tracker may keep on the device, and what is counted of those who did not agree."""

    COOKIELESS = "cookieless", "Cookieless: everyone is counted, nothing is kept on the device"
    ANONYMOUS = "anonymous", "Consent asked: counted without an id until granted"
    REQUIRED = "required", "Consent asked: not counted at all until granted"
    FULL = "full", "Consent is had elsewhere: a device id from the first page on"


class Collection(models.Model):
    """What is collected on a site and what is left out; made with the site."""

    site = models.OneToOneField(Site, models.CASCADE, related_name="collection")
    modules = models.JSONField(default=default_modules)
    consent = models.CharField(max_length=16, choices=Consent.choices, default=Consent.COOKIELESS)
    bridges = models.JSONField(default=list)  # "tcf", "gcm"
    search_params = models.JSONField(default=default_search_params)
    search_salt = models.CharField(max_length=32, default=make_search_salt)
    hash_users = models.BooleanField(default=True)
    traits = models.JSONField(default=default_traits)  # names that identify() may keep
    sealed_traits = models.JSONField(default=list)  # and those that are kept encrypted, whatever is in them
    hostnames = models.JSONField(default=list)  # allowed ones, *.example.com; empty: all
    blocked_paths = models.JSONField(default=list)  # /admin/**
    blocked_countries = models.JSONField(default=list)  # "DE"
    blocked_networks = models.JSONField(default=list)  # CIDR
    sampling = models.JSONField(default=dict)  # event type or "*" -> percent of visitors kept
    limit_site = models.PositiveIntegerField(default=0)  # events a minute; 0: no limit
    # Events a minute; None: 6,000 for public addresses (a proxy that is not trusted lends its own to everyone), 0: none.
    limit_address = models.PositiveIntegerField(null=True, blank=True)

    masked = models.JSONField(default=default_masked)  # kinds of ingestion/enrich/personal.py
    mask_rules = models.JSONField(default=list)  # {"name", "pattern"}: RE2 of the site's own
    query_params = models.JSONField(default=default_query_params)  # of addresses, kept beside those of campaigns

    def __str__(self) -> str:
        return f"collection of {self.site}"


class OptOut(models.Model):
    """A person who is not to be tracked: a keyed hash of a user id or device id, and nothing else."""

    site = models.ForeignKey(Site, models.CASCADE, null=True, related_name="opt_outs")  # None: the whole server
    mark = models.CharField(max_length=32)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["site", "mark"], name="one_opt_out_a_site"),
            models.UniqueConstraint(fields=["mark"], condition=models.Q(site=None), name="one_opt_out_everywhere"),
        ]

    def __str__(self) -> str:
        return f"opt-out of {self.site or 'the server'}"


class EventSchema(models.Model):
    """A site's own event type. strict: nothing but its properties; lenient: others are kept; off: not checked."""

    class Mode(models.TextChoices):
        STRICT = "strict", "Strict: reject what breaks it, and properties that it does not name"
        LENIENT = "lenient", "Lenient: reject what breaks it, keep further properties"
        OFF = "off", "Off: check nothing"

    site = models.ForeignKey(Site, models.CASCADE, related_name="event_schemas")
    event_type = models.CharField(max_length=64)
    description = models.CharField(max_length=300, blank=True)
    mode = models.CharField(max_length=8, choices=Mode.choices, default=Mode.LENIENT)
    schema = models.JSONField(default=dict)  # JSON Schema of event_properties

    class Meta:
        ordering: ClassVar = ["event_type"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["site", "event_type"], name="one_schema_per_event_type")
        ]

    def __str__(self) -> str:
        return f"{self.event_type} of {self.site}"


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
    replaced_by = models.ForeignKey("self", models.SET_NULL, null=True, related_name="replaces")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def is_open(self) -> bool:
        return self.expires_at is None or now() < self.expires_at


class KeyUse(models.Model):
    """Requests of a day (UTC) by an API key, or by a site's ingest secrets."""

    key = models.ForeignKey(ApiKey, models.CASCADE, null=True, related_name="uses")
    site = models.ForeignKey(Site, models.CASCADE, null=True, related_name="secret_uses")
    day = models.DateField()
    requests = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-day"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "day"], name="one_count_per_key_and_day"),
            models.UniqueConstraint(fields=["site", "day"], name="one_count_per_secret_and_day"),
        ]

    def __str__(self) -> str:
        return f"{self.key or self.site} on {self.day}"


class SetupToken(models.Model):
    """The one-time link that `up` prints while no user exists."""

    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"made at {self.created_at}"
