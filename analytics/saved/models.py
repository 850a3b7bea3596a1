"""What people define and keep on a site: goals, events, segments, cohorts, annotations, views, links, reports, spend.

Reached through accounts.access: a site comes from its door, and these from the site.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.signing import BadSignature, TimestampSigner
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.timezone import now

from accounts.models import Site, User

NAME = 120
DEFAULT_ENGAGEMENT: dict[str, Any] = {
    "active_days": [0.35, 5], "engaged_minutes": [0.25, 30], "core_actions": [0.25, 10], "features": [0.15, 5],
    "core": [], "feature_events": [],
}  # fmt: skip


class Goal(models.Model):
    """semantics.md, Conversion and funnels."""

    class Kind(models.TextChoices):
        PAGE = "page", "A page is viewed"
        EVENT = "event", "An event happens"
        SCROLL = "scroll", "A page is scrolled so far"
        REVENUE = "revenue", "A purchase of at least so much"

    site = models.ForeignKey(Site, models.CASCADE, related_name="goals")
    name = models.CharField(max_length=NAME)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.EVENT)
    target = models.CharField(max_length=500, blank=True)  # page with wildcards, or event
    threshold = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)  # percent, or money
    filters = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["site", "name"], name="one_goal_of_a_name")]

    def __str__(self) -> str:
        return self.name


class DefinedEvent(models.Model):
    """Clicks on what a CSS selector says, under a name: found in what is captured already, so also in the past."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="defined_events")
    name = models.CharField(max_length=64)
    selector = models.CharField(max_length=300)
    page = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["site", "name"], name="one_event_of_a_name")]

    def __str__(self) -> str:
        return self.name


class Segment(models.Model):
    """Filters under a name. A cohort is a segment of people: who fitted when it was calculated."""

    class Kind(models.TextChoices):
        SEGMENT = "segment", "Segment: filters, asked anew each time"
        DYNAMIC = "dynamic", "Dynamic cohort: people who fit, calculated anew every hour"
        STATIC = "static", "Static cohort: people who fit now, and nobody else later"

    site = models.ForeignKey(Site, models.CASCADE, related_name="segments")
    name = models.CharField(max_length=NAME)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.SEGMENT)
    filters = models.JSONField(default=list)
    days = models.PositiveSmallIntegerField(default=90)  # of a cohort: the days before, in which its people were there
    version = models.PositiveIntegerField(default=0)  # of a cohort: when it was calculated, in seconds since 1970
    people = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["site", "name"], name="one_segment_of_a_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_cohort(self) -> bool:
        return self.kind != self.Kind.SEGMENT


class Annotation(models.Model):
    site = models.ForeignKey(Site, models.CASCADE, related_name="annotations")
    moment = models.DateTimeField(default=now)
    text = models.CharField(max_length=200)
    link = models.URLField(max_length=500, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True)

    class Meta:
        ordering: ClassVar = ["-moment"]
        indexes: ClassVar = [models.Index(fields=["site", "moment"])]

    def __str__(self) -> str:
        return self.text


class View(models.Model):
    """A dashboard as its address says it, under a name."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="views")
    user = models.ForeignKey(User, models.CASCADE, related_name="views")
    name = models.CharField(max_length=NAME)
    page = models.CharField(max_length=20)
    query = models.CharField(max_length=4000, blank=True)
    shared = models.BooleanField("Everyone of the team sees it", default=False)
    created_at = models.DateTimeField(default=now)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Link(models.Model):
    """A dashboard for people without an account. The token is worked out from a nonce and the server's key, never stored."""

    GRANTED_FOR = timedelta(hours=12)
    site = models.ForeignKey(Site, models.CASCADE, related_name="links")
    name = models.CharField(max_length=NAME)
    page = models.CharField(max_length=20, default="executive")
    query = models.CharField(max_length=4000, blank=True)
    nonce = models.CharField(max_length=64, default=secrets.token_hex)
    password = models.CharField(max_length=200, blank=True)  # hashed; "" = none
    embed = models.BooleanField("May be shown in a frame on other sites", default=False)
    created_by = models.ForeignKey(User, models.CASCADE)
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def token(self) -> str:
        mac = salted_hmac("footfall.link", f"{self.pk}.{self.nonce}", algorithm="sha256").hexdigest()
        return f"{self.pk}-{mac[:40]}"

    @property
    def cookie(self) -> str:
        """In which a browser keeps the grant: an address that held it would pass it on with itself."""
        return f"footfall_link_{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.expires_at is None or now() < self.expires_at

    def put_password(self, password: str) -> None:
        self.password = make_password(password) if password else ""

    def check_password(self, password: str) -> bool:
        return not self.password or check_password(password, self.password)

    def grant(self) -> str:
        """Says for some hours that the password was given; a new password ends it."""
        return TimestampSigner(salt="footfall.link").sign(self._mark())

    def accepts(self, grant: str) -> bool:
        try:
            return TimestampSigner(salt="footfall.link").unsign(grant, max_age=self.GRANTED_FOR) == self._mark()
        except BadSignature:
            return False

    def _mark(self) -> str:
        return f"{self.pk}.{hashlib.sha256(self.password.encode()).hexdigest()[:16]}"


def default_recipients() -> list[str]:
    return []


class Report(models.Model):
    """Mails about a site: regularly, or when the traffic of an hour leaves its usual range."""

    class Kind(models.TextChoices):
        DAILY = "daily", "Every morning, about yesterday"
        WEEKLY = "weekly", "Every Monday, about last week"
        MONTHLY = "monthly", "On the first of a month, about the last one"
        SPIKE = "spike", "When there are at least so many people in half an hour"
        DROP = "drop", "When there are fewer people than so many in 12 hours"

    site = models.ForeignKey(Site, models.CASCADE, related_name="reports")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.WEEKLY)
    recipients = models.JSONField(default=default_recipients)
    threshold = models.PositiveIntegerField(null=True, blank=True)
    pdf = models.BooleanField(default=False)  # with the same figures enclosed as a file
    sent_for = models.CharField(max_length=32, blank=True)  # the period, or the moment, of the last mail
    created_by = models.ForeignKey(User, models.CASCADE, null=True)  # None: made before this was kept
    created_at = models.DateTimeField(default=now)

    class Meta:
        ordering: ClassVar = ["kind", "pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.site})"


class ExchangeRate(models.Model):
    """From this day on, by the site's calendar, one unit of `currency` is worth `rate` of the site's own."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="exchange_rates")
    currency = models.CharField(max_length=3)
    day = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=10)

    class Meta:
        ordering: ClassVar = ["currency", "-day"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["site", "currency", "day"], name="one_rate_a_day")]

    def __str__(self) -> str:
        return f"{self.currency} from {self.day}"


class Spend(models.Model):
    """What a campaign cost on a day; kept once per day, campaign and source. `currency`: the site's where it is empty."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="spend")
    day = models.DateField()
    campaign = models.CharField(max_length=300)  # utm_campaign
    source = models.CharField(max_length=120, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, blank=True)

    class Meta:
        ordering: ClassVar = ["-day", "campaign"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["site", "day", "campaign", "source"], name="one_spend_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.campaign} on {self.day}"


def default_engagement() -> dict[str, Any]:
    return dict(DEFAULT_ENGAGEMENT)


class Preferences(models.Model):
    """How a site's figures are made, where its owner can choose."""

    site = models.OneToOneField(Site, models.CASCADE, related_name="preferences")
    engagement = models.JSONField(default=default_engagement)
    campaign_names = models.JSONField(default=dict)  # as an ad platform has it -> utm_campaign
    cleaning = models.JSONField(default=list)  # of paths: [pattern, to]

    def __str__(self) -> str:
        return f"preferences of {self.site}"


class Export(models.Model):
    """A large export, made in the background and fetched by its link."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Ready"
        FAILED = "failed", "Failed"

    KEPT_FOR = timedelta(days=7)
    site = models.ForeignKey(Site, models.CASCADE, related_name="exports")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    kind = models.CharField(max_length=16)
    first = models.DateField()
    last = models.DateField()
    format = models.CharField(max_length=8)
    names = models.BooleanField(default=False)  # who people are stands in it in full: not for everybody who sees people
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    days_done = models.PositiveIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.site}"

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1
