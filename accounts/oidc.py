"""Single sign-on by OpenID Connect. Authlib asks and checks (PKCE, state, nonce, signature, audience); here is what follows.

Who may come in, and as what, is said by the provider's groups: OIDC_ROLES. allauth's own provider sends no nonce and
does not check the signature of a token that it fetched, which is why it is not used for this.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from joserfc.errors import JoseError

from accounts.audit import Action, do_record
from accounts.membership import do_change_role, do_remove_member
from accounts.models import Identity, Membership, Role, Team, User

LINK = "oidc_link"
LINK_SECONDS = 600
BY_GROUPS = "groups of single sign-on"  # who changed a role, in the audit log
AUTH_TIME_SECONDS = 300
TIMEOUT = 10
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class SignInRefused(Exception):
    """Its text is for the person. `user`: whose account it would have been, where that is known."""

    def __init__(self, text: str, user: User | None = None) -> None:
        super().__init__(text)
        self.user = user


@dataclass(frozen=True, slots=True)
class Rule:
    group: str
    team: str  # a name, a number, or "*" for every team
    role: Role


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider says of who signs in, checked."""

    issuer: str
    subject: str
    email: str  # "" unless the provider has verified it
    name: str
    groups: frozenset[str]
    proven_at: float | None = None  # when they last gave a password there; None: it does not say


def is_on() -> bool:
    return bool(settings.OIDC_ISSUER)


def parse_roles(text: str) -> list[Rule]:
    """`group=team:role`, separated by commas, or by semicolons where groups or teams hold commas. Raises ValueError."""
    rules = []
    for part in text.split(";" if ";" in text else ","):
        if not part.strip():
            continue
        left, _, role = part.strip().rpartition(":")
        group, _, team = left.rpartition("=")
        if not group.strip() or not team.strip() or role.strip() not in Role.values:
            raise ValueError(
                f"OIDC_ROLES: expected group=team:role with a role of {', '.join(Role.values)}, got {part.strip()!r}."
            )
        rules.append(Rule(group.strip(), team.strip(), Role(role.strip())))
    return rules


def check_roles(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    try:
        parse_roles(settings.OIDC_ROLES)
    except ValueError as error:
        return [Error(str(error), id="accounts.E001")]
    return []


# Asking the provider


def client() -> Any:
    oauth = OAuth()
    return oauth.register(
        "oidc",
        client_id=settings.OIDC_CLIENT_ID,
        client_secret=settings.OIDC_CLIENT_SECRET or None,
        server_metadata_url=f"{settings.OIDC_ISSUER}/.well-known/openid-configuration",
        client_kwargs={
            "scope": settings.OIDC_SCOPES, "code_challenge_method": "S256", "default_timeout": TIMEOUT,
            "token_endpoint_auth_method": None if settings.OIDC_CLIENT_SECRET else "none",
        },
    )  # fmt: skip


def start(request: HttpRequest, back: str, again: bool) -> HttpResponse:
    """To the provider; `again`: it asks for the password even of who is logged in there. Raises SignInRefused."""
    more = {"prompt": "login", "max_age": "0"} if again else {}
    try:
        found = client()
        check_issuer(found.load_server_metadata())
        answer: HttpResponse = found.authorize_redirect(request, back, **more)
    except (requests.RequestException, AuthlibBaseError, ValueError, RuntimeError) as error:
        raise SignInRefused(f"{settings.OIDC_NAME} cannot be reached.") from error
    return answer


def check_issuer(metadata: dict[str, Any]) -> None:
    if str(metadata.get("issuer", "")).rstrip("/") != settings.OIDC_ISSUER:
        raise ValueError(f"The provider calls itself {metadata.get('issuer')!r}, not OIDC_ISSUER.")


def finish(request: HttpRequest) -> Claims:
    """What the provider says. Raises SignInRefused."""
    try:
        found = client()
        metadata = found.load_server_metadata()
        check_issuer(metadata)
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [name for name in offered if name in ALGORITHMS]
        wanted = {
            "iss": {"essential": True, "values": [metadata["issuer"]]},
            "aud": {"essential": True, "value": settings.OIDC_CLIENT_ID},
        }
        token = found.authorize_access_token(request, claims_options=wanted)
        said = token.get("userinfo")
        if not said or not said.get("sub"):
            raise ValueError("no ID token")
        return read_claims(found, token, dict(said))
    except (requests.RequestException, AuthlibBaseError, JoseError, ValueError, KeyError, RuntimeError) as error:
        raise SignInRefused(f"{settings.OIDC_NAME} did not let you in. Try again.") from error


def read_claims(found: Any, token: dict[str, Any], said: dict[str, Any]) -> Claims:
    """Groups and address may be in the ID token, or only at the provider's userinfo."""
    is_short = settings.OIDC_GROUP_CLAIM not in said or "email" not in said
    if is_short and found.load_server_metadata().get("userinfo_endpoint"):
        more = dict(found.userinfo(token=token))
        if more.get("sub") != said["sub"]:
            raise ValueError("userinfo is of somebody else")
        said = {**more, **said}
    groups = said.get(settings.OIDC_GROUP_CLAIM) or []
    return Claims(
        issuer=str(said["iss"]),
        subject=str(said["sub"])[:255],
        email=verified_email(said),
        name=str(said.get("name") or "")[:120],
        groups=frozenset([groups] if isinstance(groups, str) else map(str, groups)),
        proven_at=said.get("auth_time"),
    )


def is_just_proven(claims: Claims) -> bool:
    return claims.proven_at is not None and time.time() - claims.proven_at < AUTH_TIME_SECONDS


def check_says_when(claims: Claims, user: User) -> None:
    """Of who was asked again: OpenID Connect Core 3.1.2.1 has a provider that was given max_age answer with auth_time."""
    if claims.proven_at is None:
        raise SignInRefused(
            f"{settings.OIDC_NAME} does not say when you gave your password there (auth_time), so it cannot confirm you.",
            user,
        )


def verified_email(said: dict[str, Any]) -> str:
    email = str(said.get("email") or "").lower()
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email if said.get("email_verified") in (True, "true") else ""


# What follows


def wanted_roles(groups: frozenset[str]) -> dict[int, Role]:
    """Team -> the highest role that the groups give there."""
    wanted: dict[int, Role] = {}
    for rule in parse_roles(settings.OIDC_ROLES):
        if rule.group in groups:
            for team_id in teams_of(rule):
                held = wanted.get(team_id)
                wanted[team_id] = rule.role if held is None or rule.role.rank > held.rank else held
    return wanted


def teams_of(rule: Rule) -> Iterator[int]:
    teams = Team.objects.values_list("pk", flat=True)
    if rule.team == "*":
        yield from teams
    elif rule.team.isdecimal():
        yield from teams.filter(pk=int(rule.team))
    else:
        yield from teams.filter(name=rule.team)


@transaction.atomic
def do_follow_groups(user: User, groups: frozenset[str]) -> None:
    """Memberships that groups gave change and go with them; those that people gave are left as they are."""
    wanted = wanted_roles(groups)
    held = list(Membership.objects.filter(user=user).select_related("team", "user"))
    for team in Team.objects.filter(pk__in=wanted.keys() - {one.team_id for one in held}):
        role = wanted[team.pk]
        Membership.objects.create(team=team, user=user, role=role, by_groups=True)
        do_record(BY_GROUPS, Action.MEMBER_ADDED, team, target=user.email, after={"role": role.value})
    for membership in held:  # after those that are new, so that who changes teams keeps their sessions
        if membership.by_groups and wanted.get(membership.team_id) != membership.role:
            do_change_by_groups(membership, wanted.get(membership.team_id))


def do_change_by_groups(membership: Membership, role: Role | None) -> None:
    team, email, before = membership.team, membership.user.email, {"role": membership.role}
    try:
        if role is None:
            do_remove_member(membership)
        else:
            do_change_role(membership, role)
    except ValueError:  # a team without an owner could be mended by nobody
        return
    if role is None:
        do_record(BY_GROUPS, Action.MEMBER_REMOVED, team, target=email, before=before)
    else:
        do_record(BY_GROUPS, Action.ROLE_CHANGED, team, target=email, before=before, after={"role": role.value})


def find_user(claims: Claims) -> User | None:
    found = Identity.objects.filter(issuer=claims.issuer, subject=claims.subject).select_related("user").first()
    return found.user if found else None


@transaction.atomic
def do_make_user(claims: Claims, request: HttpRequest) -> User:
    """An account on the first sign-in, for who is in a mapped group. Raises SignInRefused."""
    if not wanted_roles(claims.groups):
        raise SignInRefused("None of your groups may use Footfall. Ask whoever runs it.")
    if not claims.email:
        raise SignInRefused(f"{settings.OIDC_NAME} has not verified your e-mail address.")
    user = User.objects.create_user(claims.email, None, name=claims.name)
    Identity.objects.create(user=user, issuer=claims.issuer, subject=claims.subject)
    do_record(user, Action.ACCOUNT_MADE, target=user.email, after={"by": settings.OIDC_NAME}, request=request)
    return user


def keep_link(request: HttpRequest, claims: Claims) -> None:
    """An account with this address is there already: it is linked once its password was given in this session."""
    request.session[LINK] = {
        "issuer": claims.issuer, "subject": claims.subject, "email": claims.email, "name": claims.name,
        "groups": sorted(claims.groups), "at": time.time(),
    }  # fmt: skip


def do_finish_link(request: HttpRequest, user: User) -> bool:
    """After a full log-in by other means, in the session in which the provider had vouched for the same address."""
    kept = request.session.pop(LINK, None)
    if not kept or kept["email"] != user.email or time.time() - kept.pop("at") > LINK_SECONDS:
        return False
    claims = Claims(**{**kept, "groups": frozenset(kept["groups"])})
    if find_user(claims) is not None:
        return False
    Identity.objects.create(user=user, issuer=claims.issuer, subject=claims.subject)
    do_record(user, Action.IDENTITY_LINKED, target=settings.OIDC_NAME, request=request)
    do_follow_groups(user, claims.groups)
    return True
