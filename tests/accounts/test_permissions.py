"""The table of who may do what (accounts/permissions.py), held against the running views from outside."""

import re
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.actions import SCOPES, do_create_api_key
from accounts.permissions import MARK, MATRIX, Need, Of, addresses, as_markdown
from analytics.saved.models import Goal
from tests.accounts.world import PEOPLE, World, make_world

pytestmark = pytest.mark.django_db
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PLAIN = {
    "page": "executive",
    "group": "pages",
    "dimension": "path",
    "kind": "events",
    "name": "page_view",
    "purpose": "login",
}
TOKENS = {"token": "1-nothing", "uid": "MQ", "site_key": "ff_nothing"}
UNBOUND = {"home", "account"}  # answer other methods as GET, and change nothing by them
# Bodies with which each POST does something; empty where it takes none.
BODIES = {
    "invite": {"email": "new@example.com", "role": "viewer"}, "invite-to-site": {"email": "new@example.com", "role": "viewer"},
    "change-role": {"role": "marketing"}, "change-site-role": {"role": "marketing"}, "new-key": {"name": "k", "scopes": "read:stats"},
    "rotate-key": {"hours": "24"}, "renew-secret": {"hours": "1"}, "rename-team": {"name": "New"},
    "save-view": {"page": "executive", "name": "v"}, "settings": {"domain": "new.example", "timezone": "UTC", "currency": "EUR",
    "session_gap_minutes": "30"}, "new-site": {"domain": "more.example", "timezone": "UTC", "currency": "EUR"},
}  # fmt: skip
JSON_BODIES = {
    "api-query": {"metrics": ["visitors"]}, "api-funnel": {"steps": ["a", "b"]}, "api-funnel-people": {"steps": ["a", "b"]},
    "api-trends": {"series": [{"event": "a"}]}, "api-experiment": {"experiment": "x", "metric": {"type": "conversion"}},
    "api-goals": {"name": "g", "kind": "event", "target": "a"}, "api-annotations": {"text": "t"},
    "api-exports": {"kind": "events", "format": "csv"},
}  # fmt: skip


@pytest.fixture
def world(stores, db, settings, mailoutbox) -> World:
    settings.API_RATE = 1_000_000
    return make_world()


def object_name(name: str, kwarg: str) -> str:
    if "privacy" in name:
        return "privacy"
    if kwarg != "pk":
        kind = kwarg.removesuffix("_id")
        return "site-invitation" if name == "revoke-site-invitation" else kind
    kind = name.removeprefix("api-").removesuffix("-one").removesuffix("-delete")
    return {"delete-view": "view", "send-report": "reports", "export-job": "export", "export-file": "export"}.get(
        name.removeprefix("api-"), kind
    )


@cache
def patterns() -> dict[str, str]:
    return dict(addresses())


def kwargs_of(name: str) -> list[str]:
    return re.findall(r"<\w+:(\w+)>", patterns()[name])


def address(world: World, name: str, who: str = "owner", foreign: str = "") -> str:
    """`foreign`: the argument that is the other team's."""
    values: dict[str, object] = {}
    for kwarg in kwargs_of(name):
        side = world.foreign if kwarg == foreign else world.own
        if kwarg in ("site_id", "team_id"):
            values[kwarg] = side.site.pk if kwarg == "site_id" else side.team.pk
        elif kwarg in PLAIN | TOKENS:
            values[kwarg] = (PLAIN | TOKENS)[kwarg]
        elif kwarg != foreign and object_name(name, kwarg) in world.own_ids.get(who, {}):
            values[kwarg] = world.own_ids[who][object_name(name, kwarg)]
        else:
            values[kwarg] = side.ids[object_name(name, kwarg)]
    return reverse(name, kwargs=values)


def request(world: World, who: str, method: str, name: str, path: str, key: str | None = None) -> int:
    """What is answered; what it changed is undone."""
    is_api = name.startswith("api-")
    client = Client() if is_api else world.clients[who]
    given: dict[str, object] = {}
    if is_api:
        bearer = key or world.keys.get(who)
        given = {"headers": {"Authorization": f"Bearer {bearer}"} if bearer else {}}
        if method in ("POST", "PATCH"):
            given |= {"data": JSON_BODIES.get(name, {}), "content_type": "application/json"}
    elif method == "POST":
        given = {"data": body_of(world, name)}
    elif name in ("new-site", "demo-site"):
        given = {"data": {"team": world.own.team.pk}}
    with transaction.atomic():
        answer = getattr(client, method.lower())(path, **given)
        if answer.streaming:
            b"".join(answer.streaming_content)
        transaction.set_rollback(True)
    if answer.status_code == 302 and answer.url.startswith("/login"):
        return 401
    return answer.status_code


def body_of(world: World, name: str) -> dict[str, object]:
    more: dict[str, object] = {}
    if name in ("new-site", "demo-site"):
        more = {"team": world.own.team.pk}
    elif name == "transfer":
        more = {"team": world.spare.pk}
    elif name == "delete-site":
        more = {"domain": world.own.site.domain}
    return BODIES.get(name, {}) | more


def expected(world: World, who: str, need: Need, is_api: bool) -> int | None:
    """The status of a refusal; None: it is allowed."""
    if need.of == Of.ANYONE:
        return None
    if who == "anonymous":
        return 401
    if is_api and world.team_role(who) is None and who != "stranger":
        return 401  # a key of who is not in the team is dead
    if need.of == Of.PERSON:
        return None
    if need.of == Of.KEY:
        return None if who == "stranger" or world.team_role(who).rank >= need.role.rank else 403
    held = world.site_role(who) if need.of == Of.SITE else world.team_role(who)
    if held is None:
        return 404
    return None if held.rank >= need.role.rank else 403


def asking(world: World, need: Need, is_api: bool) -> list[str]:
    """All who may not, and of those who may the one with the least role: figures take their time."""
    if need.of == Of.ANYONE:
        return ["anonymous"]
    refused = [who for who in PEOPLE if expected(world, who, need, is_api)]
    held = world.site_role if need.of == Of.SITE and not is_api else world.team_role
    may = [who for who in PEOPLE if who not in refused and held(who) is not None]
    return [*refused, min(may, key=lambda who: held(who).rank)]


def is_allowed(status: int) -> bool:
    return status < 400 or status in (400, 422)


def report(wrong):
    return "\n".join(map(str, wrong))


def test_every_address_is_in_the_table():
    names = {name for name, pattern in addresses() if name or "(?P<path>" not in pattern}
    assert "" not in names, "an address without a name"
    assert names - set(MATRIX) == set(), "say in accounts/permissions.py who may go there"
    assert set(MATRIX) - names == set(), "no longer an address"


def test_the_documentation_is_the_table():
    page = Path("docs/permissions.md").read_text()
    assert MARK + page.partition(MARK)[2] == as_markdown(), "run manage.py permissions"


@pytest.mark.timeout(600)
def test_every_role_at_every_address(world):
    wrong = []
    for name, methods in MATRIX.items():
        is_api = name.startswith("api-") and name not in ("api-schema", "api-docs")
        for method, need in methods.items():
            for who in asking(world, need, is_api):
                want = expected(world, who, need, is_api)
                got = request(world, who, method, name, address(world, name, who))
                fits = got == want if want else is_allowed(got)
                if not fits and not (need.of == Of.ANYONE and got in (401, 403, 404)):  # a token that is none
                    wrong.append((method, name, who, f"wanted {want or 'allowed'}, got {got}"))
    assert wrong == [], report(wrong)


def test_ids_of_others_in_ones_own_addresses(world):
    """/sites/OWN/…/FOREIGN: as if it did not exist, even for an owner; and the other way round."""
    wrong, tried = [], 0
    for name, methods in MATRIX.items():
        nested = [kwarg for kwarg in kwargs_of(name) if kwarg not in PLAIN | TOKENS]
        for kwarg in nested:
            for method in methods:
                tried += 1
                got = request(world, "owner", method, name, address(world, name, foreign=kwarg))
                if got != 404:
                    wrong.append((method, name, kwarg, got))
    assert wrong == [] and tried > 180


def test_other_methods_are_refused(world):
    wrong = []
    for name, methods in MATRIX.items():
        for method in set(METHODS) - set(methods):
            if name in UNBOUND:
                continue
            got = request(world, "owner", method, name, address(world, name))
            if got != 405 and not (
                name in ("reset", "invitation", "shared", "unsubscribe", "setup") and got in (401, 403, 404)
            ):
                wrong.append((method, name, got))
    assert wrong == [], report(wrong)


def everything() -> dict[str, list[tuple[object, ...]]]:
    """All rows that a person can change; not sessions, the audit log, and when a key was used."""
    found = {}
    for model in [model for app in ("accounts", "saved", "privacy") for model in apps.get_app_config(app).get_models()]:
        if model.__name__ in ("AuditEntry", "AuditHead", "KeyUse"):
            continue
        fields = [field.attname for field in model._meta.concrete_fields if not field.attname.startswith("last_")]
        found[model.__name__] = sorted(model._default_manager.values_list(*fields), key=str)
    return found


def test_get_changes_nothing(world):
    before = everything()
    for name in MATRIX:
        path = address(world, name)
        bearer = {"Authorization": f"Bearer {world.keys['owner']}"} if name.startswith("api-") else {}
        answer = world.clients["owner"].get(path, headers=bearer)
        if "GET" not in MATRIX[name]:
            assert answer.status_code == 405, name
    assert everything() == before


def test_each_scope_opens_its_operations_alone(world):
    wrong = []
    keys = {
        scope: do_create_api_key(world.users["owner"], world.own.team, scope, (scope,))
        for scope in SCOPES
        if scope != "admin"
    }
    for name, methods in MATRIX.items():
        for method, need in methods.items():
            for scope, key in keys.items() if need.scope else ():
                got = request(world, "owner", method, name, address(world, name), key)
                if (got != 403) != (scope == need.scope):
                    wrong.append((method, name, scope, got))
    assert wrong == []


def test_the_api_takes_json_alone(world):
    """No form of a foreign page, no text: neither cookies nor other types of content are taken."""
    before, wrong = everything(), []
    bearer = {"Authorization": f"Bearer {world.keys['owner']}"}
    for name, methods in MATRIX.items():
        for method in {"POST", "PATCH"} & set(methods) if name.startswith("api-") else ():
            path = address(world, name)
            for kind in (
                "application/x-www-form-urlencoded",
                "text/plain",
                "multipart/form-data; boundary=x",
                "application/xml",
            ):
                answer = getattr(Client(), method.lower())(path, b'{"name": "x"}', content_type=kind, headers=bearer)
                if answer.status_code not in (400, 415):
                    wrong.append((method, name, kind, answer.status_code))
            send = getattr(world.clients["owner"], method.lower())  # a cookie is no key
            if send(path, "{}", content_type="application/json").status_code != 401:
                wrong.append((method, name, "cookie"))
    assert wrong == []
    assert everything() == before


def test_ids_in_bodies_are_not_believed(world):
    own, foreign = world.own, world.foreign
    ids = {
        "site": foreign.site.pk,
        "site_id": foreign.site.pk,
        "id": foreign.ids["goals"],
        "pk": foreign.ids["goals"],
        "team": foreign.team.pk,
    }
    bearer = {"Authorization": f"Bearer {world.keys['owner']}"}
    made = Client().post(f"/api/v1/sites/{own.site.pk}/goals", {"name": "mine", "kind": "event", "target": "a", **ids},
                         content_type="application/json", headers=bearer)  # fmt: skip
    assert made.status_code == 201 and Goal.objects.get(pk=made.json()["id"]).site_id == own.site.pk
    changed = Client().patch(f"/api/v1/sites/{own.site.pk}/goals/{own.ids['goals']}", {"name": "x", **ids},
                             content_type="application/json", headers=bearer)  # fmt: skip
    assert changed.status_code == 200 and Goal.objects.get(pk=own.ids["goals"]).site_id == own.site.pk
    assert Goal.objects.get(pk=foreign.ids["goals"]).name == "goal"
    owner, admin = world.clients["owner"], world.clients["admin"]
    for path, body, status in (
        (f"/sites/{own.site.pk}/transfer", {"team": foreign.team.pk}, 404),
        ("/sites/new", {"team": foreign.team.pk, "domain": "a.example", "timezone": "UTC", "currency": "EUR"}, 404),
        ("/sites/demo", {"team": foreign.team.pk}, 404),
        (
            f"/team/{own.team.pk}/invitations",
            {"email": "a@example.com", "role": "viewer", "site": foreign.site.pk},
            404,
        ),
        (f"/team/{own.team.pk}/invitations", {"email": "a@example.com", "role": "god"}, 302),
    ):
        assert owner.post(path, body).status_code == status, path
    posted = owner.post(f"/sites/{own.site.pk}/settings/goals", {"name": "n", "kind": "event", "target": "a", **ids})
    assert posted.status_code == 302 and foreign.site.goals.count() == 1
    assert (
        admin.post(f"/sites/{own.site.pk}/access/people/{world.users['owner'].pk}", {"role": "viewer"}).status_code
        == 403
    )
    assert foreign.team.sites.count() == 1 and foreign.team.invitations.count() == 2


def test_what_is_not_there_and_what_is_not_yours_look_alike(world):
    """Same status and same body, whether an id exists or not."""

    def bare(answer):  # the form to log out has another token each time
        return re.sub(rb"[\w-]{40,}", b"", answer.content)

    client = world.clients["stranger"]
    for path in ("/sites/{}/executive", "/sites/{}/settings", "/sites/{}/live/now"):
        theirs, nothing = client.get(path.format(world.own.site.pk)), client.get(path.format(987654))
        assert theirs.status_code == nothing.status_code == 404 and bare(theirs) == bare(nothing)
    bearer = {"Authorization": f"Bearer {world.keys['stranger']}"}
    theirs, nothing = (Client().get(f"/api/v1/sites/{pk}", headers=bearer) for pk in (world.own.site.pk, 987654))
    assert theirs.status_code == 404 and theirs.content == nothing.content


def test_an_address_takes_no_wild_arguments(world):
    with pytest.raises(NoReverseMatch):
        reverse("panel-breakdown", kwargs={"site_id": 1, "group": "../x"})
    client = world.clients["owner"]
    for path in (
        f"/sites/{10**25}/executive",
        f"/team/{10**25}/audit",
        f"/sites/{world.own.site.pk}/settings/goals/{10**25}",
    ):
        assert client.get(path).status_code == 404
