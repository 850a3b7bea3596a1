"""Sessions: begun by do_log_in and nowhere else, listed, ended."""

import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.timezone import now

from accounts import factors
from accounts.access import member_sites
from accounts.devices import country_of, device_of
from accounts.models import SignIn, User
from accounts.signals import access_ended

BACKEND = "django.contrib.auth.backends.ModelBackend"
CONFIRMED_AT = "confirmed_at"
WAY_IN = "footfall.way_in"  # in request.META, where no client can write it
HALF_WAY = "half_way"
HALF_WAY_SECONDS = 600
SEEN_EVERY = 300.0  # seconds between two writes of last_seen_at, in each process
_seen: dict[str, float] = {}


def do_log_in(request: HttpRequest, user: User, method: str) -> None:
    """The one beginning of a session; `method` is what the list of sessions shows."""
    request.session.pop(HALF_WAY, None)
    request.META[WAY_IN] = method
    login(request, user, BACKEND)  # its signal calls note_session, and the audit log
    SignIn.objects.filter(session_key=request.session.session_key).update(method=method[:80])


def note_session(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """On every login: the session stands in the list and counts as just confirmed."""
    request.session[CONFIRMED_AT] = time.time()
    if request.session.session_key is None:
        request.session.save()
    see(request, user)


def see(request: HttpRequest, user: User) -> None:
    key = str(request.session.session_key)
    device, country = device_of(request), country_of(request)
    if SignIn.objects.filter(session_key=key).update(last_seen_at=now(), device=device, country=country):
        return
    try:
        with transaction.atomic():
            SignIn.objects.create(user=user, session_key=key, device=device, country=country)
    except IntegrityError:  # two panels of one page
        pass


def do_note_seen(request: HttpRequest, user: User) -> None:
    key, at = request.session.session_key or "", time.monotonic()
    if not key or at - _seen.get(key, -SEEN_EVERY) < SEEN_EVERY:
        return
    if len(_seen) > 10_000:
        _seen.clear()
    _seen[key] = at
    see(request, user)


# Half way: the password was right, the second factor is still to come


def begin_half_way(request: HttpRequest, user: User, method: str) -> None:
    request.session.cycle_key()
    request.session[HALF_WAY] = {
        "user": user.pk, "hash": user.get_session_auth_hash(), "at": time.time(), "method": method,
    }  # fmt: skip


def get_half_way(request: HttpRequest) -> tuple[User, str] | None:
    """The person and how they came so far; None once it is too long ago, or the password has changed since."""
    kept = request.session.get(HALF_WAY)
    if not kept or time.time() - kept["at"] > HALF_WAY_SECONDS:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), kept["hash"]):
        return None
    return user, kept["method"]


def go_on(request: HttpRequest, user: User, method: str) -> bool:
    """After the first factor: True when the person is in, False when the second one is asked."""
    if factors.has_factor(user):
        begin_half_way(request, user, method)
        return False
    do_log_in(request, user, method)
    return True


# The list


def list_sign_ins(user: User) -> list[SignIn]:
    """The sessions that are alive, the latest first; rows of others are forgotten."""
    found = list(user.sign_ins.order_by("-last_seen_at"))
    keys = [one.session_key for one in found]
    alive = set(
        Session.objects.filter(session_key__in=keys, expire_date__gt=now()).values_list("session_key", flat=True)
    )
    user.sign_ins.filter(session_key__in=set(keys) - alive).delete()
    return [one for one in found if one.session_key in alive]


def do_end_sessions(user: User, keep: str | None = None, only: int | None = None) -> int:
    """How many ended: all of the person's, all but the one with the key `keep`, or the one of the row `only`."""
    going = user.sign_ins.filter(pk=only) if only else user.sign_ins.all()
    if keep:
        going = going.exclude(session_key=keep)
    keys = list(going.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    going.delete()
    return len(keys)


def do_forget_sessions() -> None:
    """Daily: what has expired."""
    Session.objects.filter(expire_date__lt=now()).delete()
    long_ago = now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    SignIn.objects.filter(last_seen_at__lt=long_ago).exclude(
        session_key__in=Session.objects.values("session_key")
    ).delete()


def do_change_password(request: HttpRequest, user: User, password: str) -> None:
    """This session stays; all others end."""
    user.set_password(password)
    user.save(update_fields=["password"])
    do_end_sessions(user, keep=request.session.session_key)
    before = request.session.session_key
    update_session_auth_hash(request, user)
    SignIn.objects.filter(session_key=before).update(session_key=request.session.session_key)


def do_reset_password(user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
    do_end_sessions(user)


@transaction.atomic
def do_deactivate(user: User) -> None:
    """They cannot sign in any more, and what they have open ends at once; their keys stop, too. What ends with their access
    to a site, such as the links they shared, does not come back with do_activate."""
    sites = list(member_sites(user).values_list("pk", flat=True))
    user.is_active = False
    user.save(update_fields=["is_active"])
    do_end_sessions(user)
    access_ended.send(User, user=user, site_ids=sites)


def do_activate(user: User) -> None:
    user.is_active = True
    user.save(update_fields=["is_active"])
