"""How much an API key is used: counted in the cache with every request, kept in the database once a minute of use."""

from datetime import UTC, date, datetime, timedelta

from django.core.cache import cache
from django.db.models import F
from redis.exceptions import RedisError

from accounts.models import ApiKey, KeyUse

DAYS_CACHED = 3 * 24 * 3600


def name_of(key_id: int, day: date) -> str:
    return f"keyuse:{key_id}:{day.isoformat()}"


def today() -> date:
    return datetime.now(UTC).date()


def count(key_id: int) -> None:
    """Where the cache cannot be reached, a request goes uncounted rather than unanswered."""
    name = name_of(key_id, today())
    try:
        cache.add(name, 0, DAYS_CACHED)
        cache.incr(name)
    except (RedisError, ValueError, OSError):
        pass


def do_keep(key_id: int) -> None:
    """What the cache counted today and yesterday goes into the database; never less than what is there."""
    for day in (today() - timedelta(days=1), today()):
        try:
            counted = int(cache.get(name_of(key_id, day), 0))
        except (RedisError, OSError):
            return
        if not counted:
            continue
        kept, made = KeyUse.objects.get_or_create(key_id=key_id, day=day, defaults={"requests": counted})
        if not made and kept.requests < counted:
            KeyUse.objects.filter(pk=kept.pk, requests__lt=counted).update(requests=counted)


def do_keep_all() -> None:
    for key_id in ApiKey.objects.filter(last_used_at__isnull=False).values_list("pk", flat=True):
        do_keep(key_id)


def do_count_secret(site_id: int, requests: int) -> None:
    """Requests with an ingest secret of the site, as one process counted them."""
    use, made = KeyUse.objects.get_or_create(site_id=site_id, day=today(), defaults={"requests": requests})
    if not made:
        KeyUse.objects.filter(pk=use.pk).update(requests=F("requests") + requests)
