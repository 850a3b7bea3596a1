"""Second factors: codes of an app, passkeys, recovery codes. The one place that knows allauth's inside."""

import json
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, validate_totp_code
from allauth.mfa.webauthn.internal import auth as webauthn
from cryptography.fernet import InvalidToken
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest
from django.utils.timezone import now

from accounts import throttle
from accounts.models import Team, User

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
ATTEMPTS, WAIT_SECONDS = 8, 900  # of one person, from wherever: who guesses codes knows the password already
CODE_LIVES = 120  # seconds; a code is good for three half minutes, once
MOST_PASSKEYS = 20
PURPOSE = "passkey_purpose"
TOTP_SECRET = "totp_secret"  # noqa: S105  a session key


class TooManyAttempts(ValueError):
    """Its text is for the person."""


def own(user: User) -> Any:
    return Authenticator.objects.filter(user=user).order_by("created_at")


def has_factor(user: User) -> bool:
    return bool(own(user).filter(type__in=FACTORS).exists())


def lacks_factor(user: User) -> bool:
    """Whether teams that ask for a second factor are closed to the person.

    Who has no password here comes in by single sign-on alone, whose provider answers for the second factor.
    """
    by_provider = not user.has_usable_password() and user.identities.exists()
    return not by_provider and not has_factor(user)


def teams_that_require(user: User) -> list[Team]:
    """Those whose member the person is, and those of which they see a site."""
    theirs = Q(memberships__user=user) | Q(sites__grants__user=user)
    return list(Team.objects.filter(theirs, require_second_factor=True).distinct().order_by("name"))


# Codes


def start_totp(request: HttpRequest) -> str:
    """The secret that is being set up; in the session it is encrypted."""
    kept = request.session.get(TOTP_SECRET)
    if kept:
        return str(get_adapter().decrypt(kept))
    secret = str(generate_totp_secret())
    request.session[TOTP_SECRET] = get_adapter().encrypt(secret)
    return secret


def totp_address(user: User, secret: str) -> str:
    return str(get_adapter().build_totp_url(user, secret))


def check_attempts(user: User) -> None:
    if not throttle.take(f"throttle:factor:{user.pk}", ATTEMPTS, WAIT_SECONDS):
        raise TooManyAttempts(f"Too many attempts. Wait {WAIT_SECONDS // 60} minutes.")


def forget_attempts(user: User) -> None:
    throttle.forget(f"throttle:factor:{user.pk}")


def is_first_use(user: User, code: str) -> bool:
    return bool(cache.add(f"code-used:{user.pk}:{code}", 1, CODE_LIVES))


def do_add_totp(request: HttpRequest, user: User, code: str) -> bool:
    """Whether the code is one of the app's."""
    check_attempts(user)
    secret = start_totp(request)
    if own(user).filter(type=Authenticator.Type.TOTP).exists() or not validate_totp_code(secret, code):
        return False
    forget_attempts(user)
    is_first_use(user, digits(code))
    TOTP.activate(user, secret)
    request.session.pop(TOTP_SECRET, None)
    return True


def digits(code: str) -> str:
    return "".join(filter(str.isdigit, code))


def is_code_of(user: User, found: Any, code: str) -> bool:
    try:
        if found.type == Authenticator.Type.TOTP:
            secret = get_adapter().decrypt(found.data["secret"])
            return validate_totp_code(secret, code) and is_first_use(user, code)
        return bool(found.wrap().validate_code(code))
    except InvalidToken:  # SECRET_KEY has changed since
        return False


def use_code(user: User, code: str) -> str:
    """Which factor the code is of ("code", "recovery code"), or "". Raises TooManyAttempts."""
    check_attempts(user)
    code = digits(code)
    for found in own(user).exclude(type=Authenticator.Type.WEBAUTHN):
        if is_code_of(user, found, code):
            Authenticator.objects.filter(pk=found.pk).update(last_used_at=now())
            forget_attempts(user)
            return "code" if found.type == Authenticator.Type.TOTP else "recovery code"
    return ""


def do_make_recovery_codes(user: User) -> list[str]:
    """Ten new ones; the old ones stop."""
    own(user).filter(type=Authenticator.Type.RECOVERY_CODES).delete()
    return [f"{code[:5]} {code[5:]}" for code in RecoveryCodes.activate(user).generate_codes()]


def count_recovery_codes(user: User) -> int:
    found = own(user).filter(type=Authenticator.Type.RECOVERY_CODES).first()
    try:
        return len(found.wrap().get_unused_codes()) if found else 0
    except InvalidToken:
        return 0


# Passkeys


def begin_passkey(request: HttpRequest, purpose: str, user: User | None) -> dict[str, Any]:
    """What the browser is asked. Only the purpose it was begun for can finish it."""
    request.session[PURPOSE] = purpose
    if purpose == "add":
        assert user is not None
        return dict(webauthn.begin_registration(user, passwordless=True))
    return dict(webauthn.begin_authentication(user))


def read_credential(text: str) -> Any:
    """Raises ValueError, its text for the person."""
    try:
        found = json.loads(text[:20_000])
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError("The browser sent no passkey. Try again.")
    return found


def check_purpose(request: HttpRequest, purpose: str) -> None:
    if request.session.pop(PURPOSE, "") != purpose:
        webauthn.clear_state()
        raise ValueError("This was begun elsewhere. Try again.")


def use_passkey(request: HttpRequest, purpose: str, credential: Any, user: User | None = None) -> User:
    """The person whose passkey it is; `user`: it must be theirs. Raises ValueError, its text for the person."""
    check_purpose(request, purpose)
    if user:
        check_attempts(user)
    try:
        response = webauthn.parse_authentication_response(credential)
        found = user or webauthn.extract_user_from_response(credential)
        used = webauthn.complete_authentication(found, response)
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        raise ValueError("This passkey is not known here.") from None
    finally:
        webauthn.clear_state()  # a challenge is for one answer, right or wrong
    if not isinstance(found, User) or not found.is_active:
        raise ValueError("This passkey is not known here.")
    Authenticator.objects.filter(pk=used.pk).update(last_used_at=now())
    forget_attempts(found)
    return found


def do_add_passkey(request: HttpRequest, user: User, name: str, credential: Any) -> str:
    """The name it has. Raises ValueError, its text for the person."""
    check_purpose(request, "add")
    if own(user).filter(type=Authenticator.Type.WEBAUTHN).count() >= MOST_PASSKEYS:
        raise ValueError(f"At most {MOST_PASSKEYS} passkeys: remove one that you no longer use.")
    try:
        webauthn.parse_registration_response(credential)
        webauthn.complete_registration(credential)
    except (ValidationError, ValueError, TypeError, KeyError):
        raise ValueError("The passkey could not be checked. Try again.") from None
    finally:
        webauthn.clear_state()
    name = name.strip()[:60] or "Passkey"
    webauthn.WebAuthn.add(user, name, credential)
    return name


def passkeys(user: User) -> list[dict[str, Any]]:
    found = own(user).filter(type=Authenticator.Type.WEBAUTHN)
    return [{"id": one.pk, "name": one.data["name"], "made": one.created_at, "used": one.last_used_at} for one in found]


def passkey_name(user: User, passkey_id: int) -> str | None:
    """None where the person has no such passkey."""
    return next((str(one["name"]) for one in passkeys(user) if one["id"] == passkey_id), None)


def do_rename_passkey(user: User, passkey_id: int, name: str) -> None:
    for found in own(user).filter(type=Authenticator.Type.WEBAUTHN, pk=passkey_id):
        found.data["name"] = name.strip()[:60] or found.data["name"]
        found.save(update_fields=["data"])


def has_totp(user: User) -> bool:
    return bool(own(user).filter(type=Authenticator.Type.TOTP).exists())


def do_remove_factor(user: User, kind: str, factor_id: int | None = None) -> bool:
    """Whether there was one. Raises ValueError where a team of theirs needs the last one. Recovery codes go with it."""
    going = own(user).filter(type=kind, **({"pk": factor_id} if factor_id else {}))
    left = own(user).filter(type__in=FACTORS).exclude(pk__in=[found.pk for found in going])
    if not going.exists():
        return False
    if not left.exists() and (teams := teams_that_require(user)):
        raise ValueError(f"{teams[0]} asks for a second factor: add another one first.")
    going.delete()
    if not own(user).filter(type__in=FACTORS).exists():
        own(user).delete()
    return True


def do_remove_all(user: User) -> int:
    """How many; recovery codes are not counted. Their sessions stay."""
    count = int(own(user).filter(type__in=FACTORS).count())
    own(user).delete()
    return count
