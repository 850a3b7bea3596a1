"""What a site collects, in plain words, derived from its settings: for its owner, and as the text of a privacy notice.

Each item is one line of the owner's table. It is a help and not legal advice: on which basis a site may collect, and what
else its notice has to say, its owner has to know.
"""

import os
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings as server

from accounts.models import Consent, Site
from analytics.privacy.history import settings_of
from analytics.privacy.retention import get_days

NO_STORAGE = "Legitimate interest (Art. 6(1)(f) GDPR); nothing is kept on the device"
ASKED = "Legitimate interest without an id (Art. 6(1)(f) GDPR); consent once it is given (Art. 6(1)(a) GDPR)"
WITH_CONSENT = "Consent (Art. 6(1)(a) GDPR, Art. 5(3) ePrivacy Directive)"
ELSEWHERE = "Consent or another basis that you have elsewhere; in California notice and the right to opt out"
DUTY = "To be able to prove consent (Art. 7(1) GDPR)"
SECURITY = "Legitimate interest: a working and truthful count (Art. 6(1)(f) GDPR)"

# Module -> what it collects, and why; both end up in sentences.
MODULES: dict[str, tuple[str, str]] = {
    "links": ("Clicks on links to other sites, and downloads of files", "to see which links and files are used"),
    "clicks": ("Clicks: which element, its text if it is a button or a link, and where on the page",
               "to see what is used on a page"),
    "frustration": ("Repeated clicks on one spot, and clicks after which nothing happens", "to find what does not work"),
    "forms": ("When a form is started, sent or left, and how long each field took, never what is entered",
              "to find forms that are too hard"),
    "inputs": ("Which field of a form was changed and whether it is filled, never what is entered",
               "to find fields that are in the way"),
    "scroll": ("How far a page is scrolled", "to see how far pages are read"),
    "media": ("Playing, pausing and finishing of videos and audio", "to see what is watched and heard"),
    "share": ("That a page is shared, and by which service", "to see what is passed on"),
    "search": ("Searches on the site, only as a code from which the words cannot be read, and which result was clicked",
               "to see whether searches lead to something"),
    "errors": ("Errors of the page's scripts: their message and place", "to find and mend faults"),
    "api": ("The page's own requests to its server: how long they took and whether they failed",
            "to find slow and failing parts"),
    "vitals": ("How fast a page loaded and reacted", "to keep the site fast"),
    "session": ("When a visit begins and ends", "to understand visits"),
    "ecommerce": ("Products looked at, carts and orders with their amounts, and what else the pages mark for it",
                  "to see what sells"),
}  # fmt: skip
MASKED = {
    "email": "e-mail addresses", "phone": "phone numbers", "card": "card numbers", "id": "national ids and IBANs",
    "token": "tokens",
}  # fmt: skip


@dataclass(frozen=True)
class Item:
    what: str
    why: str
    kept: str
    basis: str
    of: str = ""  # a module


@dataclass(frozen=True)
class Collected:
    """Everything that the page and the notice are made of."""

    domain: str
    mode: str
    items: list[Item]
    choices: list[str] = field(default_factory=list)  # how somebody gets out of it
    left_out: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)  # for the owner alone
    protections: list[str] = field(default_factory=list)


def for_days(days: int) -> str:
    if days % 365 == 0:
        return "1 year" if days == 365 else f"{days // 365} years"
    return "1 day" if days == 1 else f"{days} days"


def knows_cities() -> bool:
    """The geo database that comes along knows countries; an operator's own may know more."""
    names = (os.path.basename(path).lower() for path in str(server.GEO_DATABASE).split(os.pathsep) if path)
    return any("country" not in name for name in names)


def names_device(mode: str) -> bool:
    return mode != Consent.COOKIELESS


def basis_of(mode: str) -> str:
    known = {Consent.REQUIRED: WITH_CONSENT, Consent.FULL: ELSEWHERE, Consent.ANONYMOUS: ASKED}
    return known.get(Consent(mode), NO_STORAGE)


def basis_of_ids(mode: str) -> str:
    return ELSEWHERE if mode == Consent.FULL else WITH_CONSENT


def listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names)


def visit_items(found: dict[str, Any], kept: str) -> list[Item]:
    mode, basis = found["consent"], basis_of(found["consent"])
    params = found["query_params"]
    address = f"the parameters {listed(params)} and those of campaigns" if params else "those of campaigns"
    place = "Country, region and city" if knows_cities() else "Country"
    code = (
        "code of the day, made from the IP address, the browser and the site by a key that is destroyed after two days."
        " After that nobody can tell whose it was"
    )
    whose = "For those who refuse: a" if mode == Consent.FULL else "A"
    return [
        Item("Pages that are shown: address, title, time, how long and how far they were read, and the page or site before."
             f" Of an address's parameters only {address} are kept", "to see what is read and what leads there", kept, basis),
        Item("Browser, operating system, kind of device, language, size of screen and window, time zone",
             "to make the site work on what visitors use", kept, basis),
        Item(f"{place}, worked out from the IP address when it arrives. The IP address itself is not stored",
             "to see where visitors come from", kept, basis),
        Item(f"{whose} {code}", "to count visits and not page views", kept, NO_STORAGE if mode == Consent.FULL else basis),
    ]  # fmt: skip


def id_items(found: dict[str, Any], kept: str) -> list[Item]:
    mode, items = found["consent"], list[Item]()
    when = (
        "from the first page on, until it is refused"
        if mode == Consent.FULL
        else "from consent on, until it is withdrawn"
    )
    if names_device(mode):
        items.append(
            Item(f"A random device id, kept in the browser's storage {when}", "to recognise visitors who come back", kept,
                 basis_of_ids(mode))
        )  # fmt: skip
    stored = "kept as a code from which it cannot be read" if found["hash_users"] else "kept as it is"
    after = " after consent" if mode in (Consent.ANONYMOUS, Consent.REQUIRED) else ""
    basis = basis_of_ids(mode) if names_device(mode) else SIGNED_IN
    items.append(
        Item(f"The user id of those who are signed in, where the site passes it on{after}; {stored}",
             "to understand how the product is used over time", kept, basis)
    )  # fmt: skip
    names = sorted({*found["traits"], *found["sealed_traits"]})
    if names:
        traits = listed([name.replace("_", " ") for name in names])
        items.append(
            Item(
                f"Of those who are signed in also: {traits}, where the site passes it on; what names a person is stored"
                " encrypted",
                "to compare groups",
                kept,
                basis,
            )
        )
    return items


SIGNED_IN = (
    "Contract or legitimate interest (Art. 6(1)(b) or (f) GDPR); where you identify people, consent may be needed"
)


def module_items(found: dict[str, Any], kept: str) -> list[Item]:
    basis = basis_of(found["consent"])
    return [Item(*MODULES[name], kept, basis, name) for name in MODULES if name in found["modules"]]


def other_items(found: dict[str, Any], days: dict[str, int]) -> list[Item]:
    kept_apart = (
        f"{for_days(days['rejected'])} and {for_days(days['bots'])}" if days["rejected"] != days["bots"]
        else for_days(days["rejected"])
    )  # fmt: skip
    items = [
        Item("Messages of browsers that could not be read, and those of robots", "to mend faults and to keep the count true",
             kept_apart, SECURITY),
    ]  # fmt: skip
    if "consent" in found["modules"]:
        items.append(
            Item("Answers to the question of consent: what was agreed to, when, and to which text, under a random consent id"
                 " that is kept in the browser and here only as a code; nothing of who answered", "to prove consent",
                 for_days(days["consents"]), DUTY, "consent")
        )  # fmt: skip
    return items


def choices_of(found: dict[str, Any], domain: str) -> list[str]:
    mode, choices = found["consent"], list[str]()
    if mode in (Consent.ANONYMOUS, Consent.REQUIRED):
        choices.append("Consent can be withdrawn at any time; what was kept in the browser is removed at once.")
    elif mode == Consent.FULL:
        choices.append("Whoever opts out has the device id removed at once, and is not given another.")
    signals = [
        name for name, on in (("Global Privacy Control", "honour_gpc"), ("Do Not Track", "honour_dnt")) if found[on]
    ]
    if signals:
        choices.append(f"Browsers that send {' or '.join(signals)} are not counted at all.")
    choices.append(f"The link https://{domain}/#footfall-opt-out leaves a browser out for good.")
    return choices


def protections_of(found: dict[str, Any]) -> list[str]:
    kept = ["IP addresses are used to work out the place and the code of the day, and are not stored."]
    masked = [words for kind, words in MASKED.items() if kind in found["masked"]]
    if masked:
        kept.append(f"Before anything is stored, {listed(masked)} in addresses, titles and texts are replaced.")
    return [*kept, "The statistics are not sold, not shared with others, and not used for advertising."]


def left_out_of(found: dict[str, Any]) -> list[str]:
    out = []
    if found["blocked_paths"]:
        out.append(f"Pages: {listed(found['blocked_paths'])}.")
    if found["blocked_countries"]:
        out.append(f"Visitors from {listed(found['blocked_countries'])}.")
    if found["sampling"]:
        out.append("A part of the visitors: the site keeps a sample.")
    return out


def warnings_of(found: dict[str, Any]) -> list[str]:
    mode, on = found["consent"], found["modules"]
    asks = mode in (Consent.ANONYMOUS, Consent.REQUIRED)
    said = (
        (not found["hash_users"], "User ids are stored as your site passes them on. They are personal data, in exports too."),
        (not set(MASKED) <= set(found["masked"]), "Not all kinds of personal data are masked in addresses and texts."),
        (asks and "consent" not in on, "You ask for consent, but the consent log is off: you could not prove an answer."),
        (asks and not found["honour_gpc"], "Browsers with Global Privacy Control are counted."),
        (mode == Consent.FULL and not found["honour_gpc"],
         "Everybody is given a device id, and Global Privacy Control is not honoured: California asks for that."),
        (mode == Consent.FULL, "A device id is kept before anybody is asked. In the EU and the UK that takes consent that"
                               " you have asked for elsewhere, before this script is loaded."),
        (mode == Consent.COOKIELESS and bool(found["bridges"]),
         "A consent manager is connected: where it says yes, a device id is kept after all."),
    )  # fmt: skip
    return [text for is_so, text in said if is_so]


def get_collected(site: Site) -> Collected:
    found, days = settings_of(site), get_days(site.pk)
    kept = for_days(days["events"])
    items = [
        *visit_items(found, kept), *id_items(found, kept), *module_items(found, kept), *other_items(found, days),
    ]  # fmt: skip
    return Collected(
        site.domain, found["consent"], items, choices_of(found, site.domain), left_out_of(found), warnings_of(found),
        protections_of(found),
    )  # fmt: skip
