"""What people keep, under hostile names: through the same forms as in a browser. Run in the server's folder by `manage.py shell`."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client

from accounts.membership import do_grant
from accounts.models import ApiKey, EventSchema, Invitation, Membership, Role, Site, Team, User, hash_token
from analytics.privacy.models import PrivacyRequest
from analytics.saved.mails import token_of
from analytics.saved.models import Link, Report, Segment
from tests.hostile.payloads import IMAGE, LINK, MARK, PLANTED, SCRIPT, SUM, TEXTS

ADDRESS = f'"<svg/onload=hacked=1/{PLANTED}>"@{MARK}.example'  # one that is allowed


class Forms:
    def __init__(self, user: User) -> None:
        self.client = Client(HTTP_USER_AGENT=f"{SCRIPT} Chrome/140.0")
        self.client.force_login(user)

    def send(self, path: str, **fields: Any) -> None:
        answer = self.client.post(path, fields)
        assert answer.status_code == 302, (path, answer.status_code, answer.content.decode()[-3000:])


def save_all(site_id: int) -> dict[str, Any]:
    """What is needed to find them: ids, tokens."""
    site = Site.objects.get(pk=site_id)
    owner = User.objects.get()
    forms = Forms(owner)
    of_team(forms, site.team, site)
    of_site(forms, f"/sites/{site_id}")
    of_library(forms, f"/sites/{site_id}")
    of_privacy(forms, f"/sites/{site_id}/settings/privacy")
    return {
        "session": forms.client.cookies[settings.SESSION_COOKIE_NAME].value,
        "invitation": MARK, "unsubscribe": token_of(Report.objects.get(), ADDRESS),
        "links": {link.page: link.token for link in Link.objects.filter(password="")},
        "gate": Link.objects.exclude(password="").get().token, "segments": list(Segment.objects.values_list("pk", flat=True)),
        "schema": EventSchema.objects.get().pk, "key": ApiKey.objects.filter(name=IMAGE).get().pk,
        "privacy": PrivacyRequest.objects.get().pk, "report": Report.objects.get().pk,
        "goal": site.goals.first().pk, "defined": site.defined_events.get().pk, "note": site.annotations.first().pk,
    }  # fmt: skip


def of_team(forms: Forms, team: Team, site: Site) -> None:
    forms.send("/account", what="profile", name=SCRIPT)
    forms.send(f"/team/{team.pk}/name", name=IMAGE)
    forms.send(f"/team/{team.pk}/invitations", email=ADDRESS, role="viewer")
    forms.send(f"/sites/{site.pk}/access/invitations", email=ADDRESS, role="viewer")
    assert forms.client.post(f"/team/{team.pk}/keys", {"name": IMAGE, "scopes": "read:stats"}).status_code in (200, 302)
    Invitation.objects.create(
        team=team, email=ADDRESS, role=Role.VIEWER, token_hash=hash_token(MARK), invited_by=User.objects.get()
    )
    bob = User.objects.create_user(f"a{ADDRESS}", None, name=LINK)
    Membership.objects.create(team=team, user=bob, role=Role.VIEWER)
    do_grant(site, bob, Role.ANALYST)
    Authenticator.objects.create(
        user=User.objects.get(name=SCRIPT), type="webauthn", data={"name": LINK, "credential": {}}
    )


def of_site(forms: Forms, base: str) -> None:
    schema = {"type": "object", "title": LINK, "properties": {IMAGE: {"enum": [SCRIPT], "description": SUM}}}
    forms.send(
        f"{base}/settings/events/new",
        event_type="signed up",
        description=SCRIPT,
        mode="lenient",
        schema=json.dumps(schema),
    )
    kept = {"limit_site": 0, "hostnames": "", "blocked_countries": ["AQ"], "blocked_networks": "", "sampling": ""}
    forms.send(f"{base}/settings/filters", blocked_paths=f"/nowhere/{SCRIPT}", **kept)


def of_library(forms: Forms, base: str) -> None:
    kept, today = f"{base}/settings", datetime.now(UTC)
    for i, text in enumerate((SCRIPT, IMAGE, LINK, SUM)):
        forms.send(
            f"{kept}/goals",
            name=text,
            kind="event",
            target=(text, "purchase", "page_view", "click")[i],
            filters="[]",
        )
        day = (today - timedelta(days=i + 1)).strftime("%Y-%m-%dT10:00")
        forms.send(
            f"{kept}/annotations", moment=day, text=text, link=f"https://zq7.example/?a={text.replace(' ', '+')}"
        )
        forms.send(f"{kept}/spend", day=f"{today:%Y-%m-%d}", campaign=TEXTS[i], source=text, amount="5.00")
        filters = [["is_not", "path", [text]]]
        forms.send(
            f"{kept}/segments",
            name=text,
            kind="segment" if i < 2 else "static",
            days=90,
            filters=json.dumps(filters),
        )
    forms.send(
        f"{kept}/goals",
        name="page",
        kind="page",
        target=f"/{IMAGE}",
        filters=json.dumps([["is", f"props.{MARK}", [LINK]]]),
    )
    forms.send(f"{kept}/defined-events", name=IMAGE, selector=f'[text*="{MARK}<b>"]', page=f"/{IMAGE}")
    forms.send(f"{kept}/reports", kind="weekly", recipients=ADDRESS, threshold="", pdf="on")
    forms.send(f"{kept}/formulas", core=IMAGE, feature_events=SCRIPT, cleaning=f"/{LINK[:20]} x = /{IMAGE}",
               **{f"{name}_weight": 0.25 for name in ("active_days", "engaged_minutes", "core_actions", "features")},
               **{f"{name}_cap": 5 for name in ("active_days", "engaged_minutes", "core_actions", "features")})  # fmt: skip
    for page in ("executive", "product", "marketing"):
        forms.send(
            f"{base}/views/save", page=page, name=f"{IMAGE} {page}", query=f"f=is_not,path,{SCRIPT}&x=\"'>", shared="on"
        )
        forms.send(f"{kept}/links", name=IMAGE, page=page, query=f"f=is_not,path,{SCRIPT}", embed="on")
    forms.send(f"{kept}/links", name=LINK, page="executive", query="", new_password="open sesame")


def of_privacy(forms: Forms, base: str) -> None:
    forms.send(base, kind="export", named_by="user", value=f"{SCRIPT}0")
    forms.send(
        f"{base}/masking",
        save="1",
        masked=["email"],
        query_params=f"ref\nq{MARK}",
        mask_rules=f"{MARK} never<b {PLANTED}>",
    )
    forms.send(f"{base}/opt-outs", named_by="user", value=f"{IMAGE}nobody")
