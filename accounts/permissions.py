"""Who may do what, written once: each address by its name, with the least role for each method.

The doors in the views are what protects; tests/accounts/test_permissions.py holds each of them against this table from
outside, and an address that is not in it fails there. `manage.py permissions` writes docs/permissions.md from it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import Role

MARKETING, VIEWER, ANALYST, ADMIN, OWNER = Role


class Of(Enum):
    ANYONE = "anyone"
    PERSON = "anybody who is logged in, about themselves"
    SITE = "a role on the site"
    TEAM = "a role in the team"
    KEY = "a role in the key's team"


@dataclass(frozen=True, slots=True)
class Need:
    of: Of
    role: Role = MARKETING
    scope: str = ""  # of the API key


Methods = Mapping[str, Need]
ANYONE = Need(Of.ANYONE)
PERSON = Need(Of.PERSON)


def sees(role: Role = MARKETING, of: Of = Of.SITE) -> Methods:
    return {"GET": Need(of, role)}


def does(role: Role = MARKETING, of: Of = Of.SITE) -> Methods:
    return {"POST": Need(of, role)}


def edits(role: Role, of: Of = Of.SITE) -> Methods:
    return {**sees(role, of), **does(role, of)}


def asks(scope: str = "read:stats", role: Role = MARKETING, method: str = "POST") -> Methods:
    return {method: Need(Of.SITE, role, scope)}


def named(names: str, methods: Methods) -> dict[str, Methods]:
    return dict.fromkeys(names.split(), methods)


OPEN: dict[str, Methods] = {
    **named(
        "home healthz readyz metrics event-types event-type python-client api-schema api-docs tracker tracker-config",
        {"GET": ANYONE},
    ),
    **named("setup login forgot reset invitation shared unsubscribe consent-proof", {"GET": ANYONE, "POST": ANYONE}),
    **named("second", {"GET": ANYONE, "POST": ANYONE}),
    **named("passkey-login passkey-options logout privacy-token", {"POST": ANYONE}),
    **named("oidc oidc-callback", {"GET": ANYONE}),
}
OWN: dict[str, Methods] = {
    **named("sites", {"GET": PERSON}),
    **named("account confirm factor-app recovery-codes", {"GET": PERSON, "POST": PERSON}),
    **named("factors", {"GET": PERSON}),
    **named("end-session end-sessions remove-app add-passkey rename-passkey remove-passkey", {"POST": PERSON}),
}
TEAMS: dict[str, Methods] = {
    **named("team", sees(of=Of.TEAM)),
    # Leaving takes no role; removing somebody else an admin.
    **named("remove-member rename-team invite revoke-invitation change-role", does(ADMIN, Of.TEAM)),
    **named("new-key rotate-key revoke-key demo-site", does(ADMIN, Of.TEAM)),
    **named("key-use audit audit-csv", sees(ADMIN, Of.TEAM)),
    **named("new-site", edits(ADMIN, Of.TEAM)),
    **named("require-second-factor", does(OWNER, Of.TEAM)),
}
SITES: dict[str, Methods] = {
    **named("installation installation-status sparkline site-home", sees()),
    **named("settings settings-tracking settings-filters new-event-type event-type-of-site", edits(ADMIN)),
    **named("settings-events settings-access", sees(ADMIN)),
    **named("delete-event-type renew-secret revoke-secret", does(ADMIN)),
    **named("invite-to-site revoke-site-invitation change-site-role", does(ADMIN)),
    **named("transfer delete-site", does(OWNER)),
    **named("leave-site", does()),
    **named("privacy privacy-retention privacy-masking privacy-opt-outs", edits(ADMIN)),
    **named("privacy-consent privacy-consent-text privacy-log", edits(ADMIN)),
    **named("privacy-request privacy-receipt privacy-archive", sees(ADMIN)),
    **named("privacy-log-csv privacy-history privacy-collected privacy-notice", sees(ADMIN)),
    **named("privacy-withdraw", does(ADMIN)),
}
DASHBOARDS: dict[str, Methods] = {
    **named("executive product marketing builder health filter filter-values details download", sees()),
    **named("costs", sees(ADMIN)),
    **named(
        "panel-headline panel-people panel-goals panel-engagement panel-funnel-short panel-retention-short panel-compare"
        " panel-series panel-breakdown panel-trends panel-funnel panel-retention panel-flow panel-lifecycle panel-adoption"
        " panel-experiments panel-vitals panel-errors panel-explorer panel-attribution panel-campaigns panel-channels"
        " panel-customers panel-ltv panel-searches health-now",
        sees(),
    ),
    # Single people: who took a step, what happens now, examples of refused events.
    **named("funnel-people panel-feed live live-now health-refused", sees(VIEWER)),
    **named("health-replay", does(ADMIN)),
}
LIBRARY: dict[str, Methods] = {
    **named(
        "goals goals-one defined-events defined-events-one segments segments-one annotations annotations-one"
        " reports reports-one spend engagement-settings exchange-rates exchange-rates-one",
        edits(ANALYST),
    ),
    **named(
        "goals-delete defined-events-delete segments-delete annotations-delete reports-delete send-report spend-delete"
        " spend-preview save-segment exchange-rates-delete",
        does(ANALYST),
    ),
    **named("links links-one", edits(ADMIN)),
    **named("links-delete", does(ADMIN)),
    **named("save-view delete-view", does()),
}


def resource(scope: str = "admin") -> tuple[Methods, Methods]:
    """Its list and one of it."""
    change = Need(Of.SITE, ANALYST, scope)
    read = Need(Of.SITE, MARKETING, "read:stats")
    return {"GET": read, "POST": change}, {"GET": read, "PATCH": change, "DELETE": change}


def resources() -> dict[str, Methods]:
    found: dict[str, Methods] = {}
    for name in ("goals", "defined-events", "segments", "annotations", "spend", "exchange-rates"):
        found[f"api-{name}"], found[f"api-{name}-one"] = resource("write:events" if name == "annotations" else "admin")
    return found


API: dict[str, Methods] = {
    **named("api-sites", {"GET": Need(Of.KEY, MARKETING, "read:stats")}),
    **named("api-audit", {"GET": Need(Of.KEY, ADMIN, "admin")}),
    **named("api-site api-quality", asks(method="GET")),
    **named(
        "api-query api-funnel api-retention api-paths api-attribution api-experiment api-trends api-lifecycle"
        " api-engagement api-ltv api-customers api-campaigns api-conversions api-errors api-vitals",
        asks(),
    ),
    **resources(),
    **named("api-privacy-requests", {**asks("admin", ADMIN, "GET"), **asks("admin", ADMIN)}),
    **named("api-privacy-request api-privacy-file", asks("admin", ADMIN, "GET")),
    **named("api-consent-log api-consent-counts api-consent-history api-privacy-notice", asks("admin", ADMIN, "GET")),
    **named("api-consent-proof", asks("admin", ADMIN)),
    **named("api-consent-texts", {**asks("admin", ADMIN, "GET"), **asks("admin", ADMIN)}),
    # Single people, and their events.
    **named("api-funnel-people", asks("read:events", VIEWER)),
    **named("api-export api-export-file", asks("read:events", VIEWER, "GET")),
    **named("api-exports", {**asks("read:events", VIEWER, "GET"), **asks("read:events", VIEWER)}),
    **named("api-export-job", {**asks("read:events", VIEWER, "GET"), **asks("read:events", VIEWER, "DELETE")}),
}
SECTIONS: dict[str, dict[str, Methods]] = {
    "Without an account": OPEN, "Your own": OWN, "Teams": TEAMS, "Sites": SITES, "Dashboards": DASHBOARDS,
    "What is kept on a site": LIBRARY, "REST API": API,
}  # fmt: skip
MATRIX: dict[str, Methods] = {name: methods for section in SECTIONS.values() for name, methods in section.items()}


def addresses(resolver: Any = None, before: str = "") -> Iterator[tuple[str, str]]:
    """Name and pattern of every address; "" for the API's answer to what is not there."""
    for one in (resolver or get_resolver()).url_patterns:
        text = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from addresses(one, text)
        elif isinstance(one, URLPattern):
            yield one.name or "", text


MARK = "<!-- From here on written by `manage.py permissions`. -->\n"


def as_markdown() -> str:
    """The tables of docs/permissions.md, below its mark."""
    known = dict(addresses())
    parts = [MARK]
    for title, section in SECTIONS.items():
        more = ("", "") if section is not API else (" scope |", "---|")
        parts.append(f"\n## {title}\n\n| address | method | who |{more[0]}\n|---|---|---|{more[1]}\n")
        for name, methods in section.items():
            for method, need in methods.items():
                scope = f" `{need.scope}` |" if section is API else ""
                parts.append(f"| `/{known.get(name, name)}` | {method} | {who(need)} |{scope}\n")
    return "".join(parts)


def who(need: Need) -> str:
    if need.of in (Of.ANYONE, Of.PERSON):
        return str(need.of.value)
    if need.role == OWNER:
        return "owner"
    return "everyone with a role" if need.role == MARKETING else f"{need.role.label.lower()} and above"
