"""What identify() tells of a person: kept as the site's owner has listed it; what would name the person is sealed at once."""

import re
from typing import Any

from ingestion.enrich.personal import Masker
from ingestion.row import Context, Draft
from ingestion.sites import SiteConfig

# Names that a trait which names somebody goes by; separators are taken out first.
NAMES = re.compile(
    r"(?:user|customer|contact|work|home|private|billing|shipping)?"
    r"(?:e?mail(?:address)?|(?:first|last|full|given|family|middle|display|nick|sur|real|user)?name|login|phone(?:number)?"
    r"|(?:mobile|cell)(?:phone|number)?|tel(?:ephone)?|fax|(?:street|postal)?address(?:line)?[0-9]?|street|birth(?:day|date)"
    r"|dateofbirth|dob|ssn|(?:national|tax|passport)(?:id|number)|passport|iban|ip(?:address)?)"
)
CAMEL = re.compile(r"[^a-z0-9]+")
FINDER = Masker(frozenset({"email", "phone", "card", "id"}))
LONGEST = 500


def is_personal(name: str, value: Any, site: SiteConfig) -> bool:
    if name in site.sealed_traits or NAMES.fullmatch(CAMEL.sub("", name.lower())):
        return True
    return bool(FINDER.mask_value(value, {}) != value)


def plain_traits(traits: Any, site: SiteConfig) -> dict[str, Any]:
    """What is listed and names nobody."""
    if not isinstance(traits, dict):
        return {}
    return {name: value for name, value in traits.items() if name in site.traits and not is_personal(name, value, site)}


def put_traits(draft: Draft, context: Context) -> None:
    """Sealed ones go beside the event, by the person, and only where there is one; no event of any type carries them."""
    event, site, key = draft.event, context.site, context.known.field_key
    traits = event.event_properties.get("traits") if event.event_properties else None
    if not event.event_properties or (event.event_type != "identify" and not isinstance(traits, dict)):
        return
    event.event_properties = {**event.event_properties, "traits": plain_traits(traits, site)}
    if not isinstance(traits, dict) or not (event.user and event.user.user_id) or key is None:
        return
    for name in sorted(site.traits | site.sealed_traits):
        value = traits.get(name)
        if value not in (None, "") and is_personal(name, value, site):
            draft.row.sealed[name] = key.seal(site.id, name, value[:LONGEST] if isinstance(value, str) else value)
