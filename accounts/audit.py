"""The audit log: who did what, in an order that cannot be changed unseen.

Each entry's hash is SHA-256 over the hash before it and the entry's canonical content; the last one, and the one that
retention dropped last, stand in the head, signed with the server's key. Reading: audit_verify.py, audit_search.py.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypedDict, Unpack

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.serializers.json import DjangoJSONEncoder
from django.core.signing import BadSignature, Signer
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.timezone import now

from accounts.address import client_address, truncate_address
from accounts.audit_actions import Action
from accounts.audit_models import AuditEntry, AuditHead
from accounts.models import Site, Team, User

__all__ = ["Action", "do_record", "do_sign_anew", "do_trim", "record_change"]
SECRET_NAMES = ("secret", "password", "token", "hash", "salt", "nonce", "private")
SHOWN_SECRET = "not shown"  # noqa: S105
MOST_TEXT, MOST_CHANGES = 400, 6000
BROKEN = "broken"
Values = Mapping[str, Any] | None


class KeyInUse(Protocol):
    """accounts.keys.Caller, as far as it matters here."""

    @property
    def user(self) -> User: ...
    @property
    def key_id(self) -> int: ...


Actor = User | KeyInUse | AnonymousUser | str | None


class Where(TypedDict, total=False):
    target: str
    request: HttpRequest | None


class About(Where, total=False):
    before: Values
    after: Values


def do_record(
    actor: Actor, action: Action, team: Team | None = None, site: Site | None = None, **about: Unpack[About]
) -> AuditEntry:
    """`actor`: a person, a key in use, None for anybody, or a text such as "command". `before` and `after` go in as JSON,
    without secrets; no personal data of visitors may be given. Call it last in a transaction: it holds the log's lock."""
    user = actor if isinstance(actor, User) else getattr(actor, "user", None)
    request = about.get("request")
    with transaction.atomic():
        head = lock_head()
        entry = AuditEntry(
            number=head.number + 1,
            at=now(),
            action=action.value,
            actor_id=user.pk if user else None,
            actor=clean(name_of(actor, user), 254),
            key_id=getattr(actor, "key_id", None) or None,
            team_id=team.pk if team else site.team_id if site else None,
            site_id=site.pk if site else None,
            target=clean(about.get("target", ""), 300),
            address=truncate_address(client_address(request)) if request is not None else "",
            changes=changes_of(about.get("before"), about.get("after")),
            previous=head.hash,
        )
        entry.hash = hash_of(entry)
        entry.save()
        was_true = (head.number == 0 and not head.signature) or is_signed(head)
        head.number, head.hash = entry.number, entry.hash
        head.signature = sign(head) if was_true else BROKEN  # what was tampered with is not made good by writing on
        head.save()
    return entry


def record_change(
    actor: Actor,
    action: Action,
    site: Site,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    **where: Unpack[Where],
) -> AuditEntry | None:
    """Only what differs; nothing where nothing does."""
    differing = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if not differing:
        return None
    old, new = ({name: values.get(name) for name in differing} for values in (before, after))
    return do_record(actor, action, None, site, before=old, after=new, **where)


def name_of(actor: Actor, user: User | None) -> str:
    if user is not None:
        return user.email
    return actor if isinstance(actor, str) else "anonymous"


def lock_head() -> AuditHead:
    """Within a transaction, which SQLite begins with the write lock of the whole database."""
    AuditHead.objects.get_or_create(pk=1, defaults=after_loss())
    return AuditHead.objects.select_for_update().get(pk=1)


def after_loss() -> dict[str, Any]:
    """A head for a log that has lost its own goes on after the last entry, and shows as broken."""
    last = AuditEntry.objects.order_by("-number").first()
    return {"number": last.number, "hash": last.hash, "signature": BROKEN} if last else {}


def clean(text: str, most: int) -> str:
    return text.replace("\x00", "")[:most]


def hash_of(entry: AuditEntry) -> str:
    content = [
        entry.number, entry.at.astimezone(UTC).isoformat(timespec="microseconds"), entry.action, entry.actor_id, entry.actor,
        entry.key_id, entry.team_id, entry.site_id, entry.target, entry.address, entry.changes,
    ]  # fmt: skip
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{entry.previous}\n{text}".encode()).hexdigest()


def changes_of(before: Values, after: Values) -> str:
    told = {name: shown(value) for name, value in (("before", before), ("after", after)) if value is not None}
    if not told:
        return ""
    text = as_text(told)
    if len(text) > MOST_CHANGES:
        told = {name: {key: as_text(part)[:60] for key, part in value.items()} for name, value in told.items()}
        text = as_text(told)[:MOST_CHANGES]
    return text


def as_text(value: Any) -> str:
    made = json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return made.replace("\\u0000", "")


def shown(value: Any, name: str = "") -> Any:
    """Without secrets, by the names of the fields, and without endless texts."""
    if any(word in name.lower() for word in SECRET_NAMES) and isinstance(value, str | bytes) and value:
        return SHOWN_SECRET
    if isinstance(value, Mapping):
        return {str(key): shown(part, str(key)) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        parts = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [shown(part, name) for part in parts]
    return value[:MOST_TEXT] if isinstance(value, str) else value


def signer() -> Signer:
    return Signer(salt="footfall.audit", sep="|")


def sealed(head: AuditHead) -> str:
    return f"{head.number}:{head.hash}:{head.anchor}:{head.anchor_hash}"


def sign(head: AuditHead) -> str:
    return signer().signature(sealed(head))


def is_signed(head: AuditHead) -> bool:
    try:
        signer().unsign(f"{sealed(head)}|{head.signature}")
    except BadSignature:
        return False
    return True


@transaction.atomic
def do_trim(days: int | None = None, moment: datetime | None = None) -> int:
    """Drop the oldest entries that are past their time; the anchor keeps the hash that the rest goes on from."""
    head = lock_head()
    if head.number and not is_signed(head):
        return 0  # somebody has to look at it first
    limit = (moment or now()) - timedelta(days=days if days is not None else settings.AUDIT_DAYS)
    young = AuditEntry.objects.filter(at__gte=limit).order_by("number").first()
    last = AuditEntry.objects.filter(number__lt=young.number) if young else AuditEntry.objects.all()
    newest = last.order_by("-number").first()
    if newest is None:
        return 0
    number, head.anchor, head.anchor_hash = newest.number - head.anchor, newest.number, newest.hash
    head.signature = sign(head)
    head.save()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_auditentry WHERE number <= %s", [newest.number])
    do_record("retention", Action.AUDIT_TRIMMED, target=f"{number} entries, up to number {newest.number}")
    return number


@transaction.atomic
def do_sign_anew(actor: Actor) -> None:
    """Take the log as it stands, after the server's key was changed or the damage was looked into; this is recorded."""
    head = lock_head()
    last = AuditEntry.objects.order_by("-number").first()
    if last is not None:
        head.number, head.hash = last.number, last.hash
    else:
        head.number, head.hash = head.anchor, head.anchor_hash
    head.signature = sign(head)
    head.save()
    do_record(actor, Action.AUDIT_ACCEPTED)
