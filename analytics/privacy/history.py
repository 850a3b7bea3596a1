"""The history of what a site collects: each change is a version of its own, with who made it and what differs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from accounts.access import site_configurations
from accounts.models import MODULES, Collection, Consent, Site, User
from analytics.privacy.models import ConsentText, Retention, SettingsVersion

UNKNOWN = "changed outside of the pages"
FIRST = "as it was when the history began"
MADE = "made with the site"
# What decides what is collected. Limits, salts and the addresses of the team are not about that.
OF_COLLECTION = (
    "consent", "modules", "bridges", "hash_users", "traits", "sealed_traits", "search_params", "masked", "mask_rules",
    "query_params", "hostnames", "blocked_paths", "blocked_countries", "sampling",
)  # fmt: skip
OF_SITE = ("honour_gpc", "honour_dnt")
LABELS = {
    "consent": "Consent", "modules": "What is captured", "bridges": "Consent managers",
    "hash_users": "User ids only as a hash", "traits": "Traits that are kept",
    "sealed_traits": "Traits that are kept encrypted",
    "search_params": "Names of the search in addresses", "masked": "Masked at the door",
    "mask_rules": "Masking rules of the site", "query_params": "Parameters of addresses that are kept",
    "hostnames": "Allowed host names", "blocked_paths": "Paths left out", "blocked_countries": "Countries left out",
    "sampling": "Sampling", "honour_gpc": "Honour Global Privacy Control", "honour_dnt": "Honour Do Not Track",
    "retention": "Retention in days",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    name: str
    label: str
    before: str
    after: str
    gone: str  # of a list only what is no longer in it
    come: str


def settings_of(site: Site) -> dict[str, Any]:
    """As they are in the database now."""
    found = Collection.objects.select_related("site").get(site_id=site.pk)
    retention = Retention.objects.filter(site_id=site.pk).values_list("days", flat=True).first()
    return {
        **{name: getattr(found, name) for name in OF_COLLECTION},
        **{name: getattr(found.site, name) for name in OF_SITE},
        "retention": retention or {},
    }


def latest(site_id: int) -> SettingsVersion | None:
    return SettingsVersion.objects.filter(site_id=site_id).first()


def do_note(site: Site, author: str) -> SettingsVersion:
    """The version that holds now: a new one, if the settings are not those of the last."""
    for _ in range(5):
        last, settings = latest(site.pk), settings_of(site)
        if last is not None and last.settings == settings:
            return last
        number = last.number + 1 if last else 1
        try:
            with transaction.atomic():
                return SettingsVersion.objects.create(site=site, number=number, author=author[:254], settings=settings)
        except IntegrityError:  # somebody else was faster
            continue
    raise RuntimeError("The settings of the site change all the time.")


def ensure_current(site: Site) -> SettingsVersion:
    """What was changed by other ways than the pages gets its version when it is seen."""
    return do_note(site, UNKNOWN if latest(site.pk) else FIRST)


def on_made(sender: Any, instance: Collection, created: bool, raw: bool = False, **_: Any) -> None:
    if created and not raw:
        do_note(instance.site, MADE)


def do_note_all() -> None:
    """Every night, and so soon after an upgrade for sites that have no history yet."""
    for site in site_configurations():
        ensure_current(site)


@contextmanager
def noted(site: Site, user: Any) -> Iterator[None]:
    """What changes within is a version by `user`; what had changed before is not theirs."""
    ensure_current(site)
    yield
    do_note(site, name_of(user))


def name_of(user: Any) -> str:
    return user.email if isinstance(user, User) else str(user)


def do_write_text(site: Site, texts: dict[str, str], user: Any) -> ConsentText | None:
    """A new version of the consent text; None where it is the one that holds."""
    kept = {tag: text for tag, text in sorted(texts.items()) if text}
    with transaction.atomic():
        Collection.objects.select_for_update().get(site_id=site.pk)  # two who write at once get two numbers
        last = ConsentText.objects.filter(site=site).first()
        if (last.texts if last else {}) == kept:
            return None
        number = last.number + 1 if last else 1
        return ConsentText.objects.create(site=site, number=number, texts=kept, author=name_of(user)[:254])


def numbers_of(site: Site) -> dict[str, int]:
    """The versions that hold now, for the script; 0: there is none."""
    return {
        "version": SettingsVersion.objects.filter(site=site).aggregate(last=Max("number"))["last"] or 0,
        "text": ConsentText.objects.filter(site=site).aggregate(last=Max("number"))["last"] or 0,
    }


def shown(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "consent" and value in Consent.values:
        return str(Consent(value).label)
    if name == "modules":
        return ", ".join(MODULES.get(one, one) for one in value or ()) or "none"
    if name == "mask_rules":
        return ", ".join(f"{one['name']} {one['pattern']}" for one in value or ()) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {one:g}" for key, one in sorted(value.items())) or "as the server has it"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "" if value is None else str(value)


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return [change_of(name, before.get(name), after.get(name)) for name in names]


def change_of(name: str, before: Any, after: Any) -> Change:
    told = shown(name, before), shown(name, after)
    apart = told
    if isinstance(before, list) and isinstance(after, list):
        gone, come = ([one for one in some if one not in other] for some, other in ((before, after), (after, before)))
        apart = (shown(name, gone) if gone else "", shown(name, come) if come else "")
    return Change(name, LABELS.get(name, name), *told, *apart)


def with_changes(versions: list[SettingsVersion], before: SettingsVersion | None) -> list[tuple[SettingsVersion, Any]]:
    """Newest first, each with what differs from the one before it; `before` is the one before the oldest of them."""
    older: list[SettingsVersion | None] = [*versions[1:], before]
    return [
        (one, differences(other.settings, one.settings) if other else [])
        for one, other in zip(versions, older, strict=True)
    ]
