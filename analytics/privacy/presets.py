"""Three ways to set up a site, each for a body of rules. They fill the settings that there are; nothing else is behind them.

A preset is a help. Which rules hold for a site, its owner has to know.
"""

from dataclasses import dataclass, field
from typing import Any

from accounts.models import MODULES, Consent, Site
from analytics.privacy.history import Change, differences, settings_of
from ingestion.enrich.personal import KINDS

MASKED = list(KINDS)


@dataclass(frozen=True)
class Preset:
    name: str
    label: str
    about: str
    points: tuple[str, ...]
    settings: dict[str, Any]  # what it sets; the rest stays as it is
    on: frozenset[str] = frozenset()  # modules
    off: frozenset[str] = frozenset()
    left_to_you: tuple[str, ...] = field(default=())

    def fill(self, settings: dict[str, Any]) -> dict[str, Any]:
        """The settings with the preset applied."""
        wanted = ({*settings["modules"]} | self.on) - self.off
        masked = [*MASKED, *(kind for kind in settings["masked"] if kind not in MASKED)]
        kept = {**self.settings, "masked": masked} if "masked" in self.settings else self.settings
        return {**settings, **kept, "modules": [name for name in MODULES if name in wanted]}

    def fits(self, settings: dict[str, Any]) -> bool:
        filled = self.fill(settings)
        return all(sorted_if_list(filled[name]) == sorted_if_list(settings[name]) for name in filled)


def sorted_if_list(value: Any) -> Any:
    return sorted(map(str, value)) if isinstance(value, list) else value


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "gdpr", "GDPR: opt-in",
            "Nobody is named before they agree. Visitors who did not answer are counted under a code of the day.",
            (
                "No device id and no user id before consent, which the server enforces too.",
                "Each answer goes to the consent log, with the versions of the settings and of the text.",
                "Browsers with Global Privacy Control are not counted.",
                "User ids are kept as a keyed hash; personal data in texts is masked.",
            ),
            {"consent": Consent.ANONYMOUS.value, "honour_gpc": True, "hash_users": True, "masked": MASKED},
            on=frozenset({"consent"}),
            left_to_you=(
                'Ask on your pages, and tell the answer: footfall("consent", "granted") or "denied"; or connect a consent'
                " manager under Tracking.",
                "Write down below by which text you ask.",
            ),
        ),
        Preset(
            "ccpa", "CCPA and CPRA: opt-out",
            "Everybody is counted from the first page on, and may opt out. Global Privacy Control is an opt-out.",
            (
                "A random device id from the first page on, until the person opts out.",
                "Browsers with Global Privacy Control are not counted at all, by the script and by the server.",
                "Opting out removes the id at once, is remembered, and goes to the consent log.",
                "User ids are kept as a keyed hash. Footfall sells and shares nothing.",
            ),
            {"consent": Consent.FULL.value, "honour_gpc": True, "hash_users": True, "masked": MASKED},
            on=frozenset({"consent"}),
            left_to_you=(
                "Put a link “Do not sell or share my personal information” on your pages that calls"
                ' footfall("consent", "denied").',
                "Visitors from places where consent comes first need another preset on a site of their own.",
            ),
        ),
        Preset(
            "cookieless", "ePrivacy: cookieless",
            "Nothing is kept on the device or read from it, so nothing has to be asked.",
            (
                "No cookie, no storage, no device id: visits are counted under a code whose key is destroyed after two days.",
                "No consent manager is connected, and the consent log is off: there is nothing to agree to.",
                "Do Not Track and Global Privacy Control are honoured as an objection.",
                "User ids are kept as a keyed hash; personal data in texts is masked.",
            ),
            {
                "consent": Consent.COOKIELESS.value, "bridges": [], "honour_gpc": True, "honour_dnt": True,
                "hash_users": True, "masked": MASKED,
            },
            off=frozenset({"consent", "bridges"}),
            left_to_you=(
                'Your pages must not call footfall("consent", "granted"), for that is when a device id is kept.',
                "Returning visitors of other days are counted as new ones; the pages say so where it matters.",
            ),
        ),
    )
}  # fmt: skip


def matching(site: Site) -> Preset | None:
    settings = settings_of(site)
    return next((preset for preset in PRESETS.values() if preset.fits(settings)), None)


def preview(site: Site, preset: Preset) -> list[Change]:
    settings = settings_of(site)
    return differences(settings, preset.fill(settings))


def do_apply(site: Site, preset: Preset) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings before and after."""
    before = settings_of(site)
    after = preset.fill(before)
    collection = site.collection
    for name in ("consent", "bridges", "hash_users", "masked", "modules"):
        setattr(collection, name, after[name])
    collection.save(update_fields=["consent", "bridges", "hash_users", "masked", "modules"])
    site.honour_gpc, site.honour_dnt = after["honour_gpc"], after["honour_dnt"]
    site.save(update_fields=["honour_gpc", "honour_dnt"])
    return before, after
