"""Two teams with everything that can be named by an id, and a person of every role in the first."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.utils.crypto import get_random_string

from accounts.actions import do_create_api_key, do_create_owner, do_create_site
from accounts.membership import do_grant, do_invite
from accounts.models import ApiKey, EventSchema, Invitation, Membership, Role, SignIn, Site, Team, User
from analytics.privacy import archive
from analytics.privacy.models import PrivacyRequest
from analytics.saved.exports import path_of
from analytics.saved.models import (
    Annotation,
    DefinedEvent,
    ExchangeRate,
    Export,
    Goal,
    Link,
    Report,
    Segment,
    Spend,
    View,
)

PASSWORD = "correct horse battery"
# Who asks: members of every role, one whose role is raised and one whose role is lowered on the site, somebody with this site
# alone, an owner of another team, and nobody.
ROLES = {
    "owner": Role.OWNER, "admin": Role.ADMIN, "analyst": Role.ANALYST, "viewer": Role.VIEWER, "marketing": Role.MARKETING,
}  # fmt: skip
PEOPLE = (*ROLES, "raised", "lowered", "guest", "stranger", "anonymous")


@dataclass
class Side:
    """A team with one of everything."""

    team: Team
    site: Site
    owner: User
    ids: dict[str, int] = field(default_factory=dict)


@dataclass
class World:
    own: Side
    foreign: Side
    spare: Team  # a second team of the first owner
    users: dict[str, User]
    clients: dict[str, Client]
    keys: dict[str, str]
    own_ids: dict[str, dict[str, int]]  # what is nobody's but one's own

    def site_role(self, who: str) -> Role | None:
        return ROLES.get(who) or {"raised": Role.ADMIN, "lowered": Role.MARKETING, "guest": Role.VIEWER}.get(who)

    def team_role(self, who: str) -> Role | None:
        return ROLES.get(who) or {"raised": Role.MARKETING, "lowered": Role.ANALYST}.get(who)


def make_user(name: str) -> User:
    user = User(email=f"{name}@example.com", name=name)
    user.set_unusable_password()
    user.save()
    return user


def make_own(user: User, site: Site) -> dict[str, int]:
    passkey = Authenticator.objects.create(user=user, type="webauthn", data={"name": "Phone", "credential": {}})
    view = View.objects.create(site=site, user=user, name=get_random_string(8), page="executive")
    store = SessionStore()  # on another device
    store.create()
    sign_in = SignIn.objects.create(user=user, session_key=store.session_key)
    return {"view": view.pk, "sign_in": sign_in.pk, "passkey": passkey.pk}


def make_side(name: str, owner: User) -> Side:
    team = owner.teams.get()
    site = do_create_site(team, f"{name}.example").site
    side, bystander = Side(team, site, owner), make_user(f"{name}-bystander")
    outsider = make_user(f"{name}-outsider")
    do_grant(site, outsider, Role.VIEWER)
    do_create_api_key(owner, team, "target")
    do_invite(team, owner, "team@example.com", Role.VIEWER)
    do_invite(team, owner, "site@example.com", Role.VIEWER, site)
    job = Export.objects.create(site=site, user=owner, kind="events", first=date(2026, 1, 1), last=date(2026, 1, 1),
                                format="csv", status=Export.Status.DONE)  # fmt: skip
    path_of(job).parent.mkdir(parents=True, exist_ok=True)
    path_of(job).write_text(f"secret of {name}\n")
    made: dict[str, Any] = {
        "membership": Membership.objects.create(team=team, user=bystander, role=Role.VIEWER), "user": outsider,
        "invitation": Invitation.objects.get(team=team, site=None),
        "site-invitation": Invitation.objects.get(site=site), "key": ApiKey.objects.get(team=team),
        "schema": EventSchema.objects.create(site=site, event_type="x", schema={"type": "object"}),
        "goals": Goal.objects.create(site=site, name="goal", target="signup"),
        "defined-events": DefinedEvent.objects.create(site=site, name="click", selector="#a"),
        "segments": Segment.objects.create(site=site, name="segment", filters=[["is", "country", ["DE"]]]),
        "annotations": Annotation.objects.create(site=site, text="note"),
        "links": Link.objects.create(site=site, name="link", created_by=owner),
        "reports": Report.objects.create(site=site, recipients=["x@example.com"]),
        "spend": Spend.objects.create(site=site, day=date(2026, 1, 1), campaign="c", amount=1),
        "exchange-rates": ExchangeRate.objects.create(site=site, currency="USD", day=date(2026, 1, 1), rate=1),
        "privacy": make_privacy_request(site), "export": job,
    }  # fmt: skip
    side.ids = {name: thing.pk for name, thing in made.items()} | make_own(owner, site)
    return side


def make_privacy_request(site: Site) -> PrivacyRequest:
    """Done, with a file and a receipt."""
    made = PrivacyRequest.objects.create(
        site=site, kind="export", named_by="user", mark="0", state=PrivacyRequest.State.DONE, receipt={"number": "1"}
    )
    archive.path_of(made).parent.mkdir(parents=True, exist_ok=True)
    archive.path_of(made).write_bytes(b"secret")
    return made


def make_world() -> World:
    alice = do_create_owner("alice@example.com", PASSWORD, "Alice", "Alice's team")
    charlie = do_create_owner("charlie@example.com", PASSWORD, "Charlie", "Charlie's team")
    own, foreign = make_side("shop", alice), make_side("charlie", charlie)
    spare = Team.objects.create(name="spare")
    Membership.objects.create(team=spare, user=alice, role=Role.OWNER)
    users = {"owner": alice, "stranger": charlie}
    for who in PEOPLE[1:-2]:
        users[who] = make_user(who)
        role = ROLES.get(who) or {"raised": Role.MARKETING, "lowered": Role.ANALYST}.get(who)
        if role:
            Membership.objects.create(team=own.team, user=users[who], role=role)
    for who, role in (("raised", Role.ADMIN), ("lowered", Role.MARKETING), ("guest", Role.VIEWER)):
        do_grant(own.site, users[who], role)
    clients, keys, own_ids = {"anonymous": Client()}, {}, {}
    for who, user in users.items():
        clients[who] = Client()
        clients[who].force_login(user)
        keys[who] = do_create_api_key(user, foreign.team if who == "stranger" else own.team, who, ("admin",))
        own_ids[who] = make_own(user, own.site)
    return World(own, foreign, spare, users, clients, keys, own_ids)
