"""What a site's owner says of its events: tracking, filters, event types of their own."""

import json
from typing import Any

import pycountry
from django import forms

from accounts.checks import (
    check_event_type,
    check_hostname,
    check_lines,
    check_name,
    check_network,
    check_path,
    check_share,
)
from accounts.event_schema import check_schema
from accounts.forms import Styled
from accounts.models import MODULES, Collection, Consent, EventSchema, Site

CAPTURED = {
    "links": "Clicks that lead to another site, and downloads.",
    "clicks": "Every click: the element, its text if it is a button or a link, the place. Feeds heatmaps.",
    "frustration": "Three quick clicks on one spot, and clicks after which nothing happens.",
    "forms": "When a form is started, sent or left, and how long each field took. Never a value.",
    "inputs": "Each change of a field: its name and whether it is filled. Never the value.",
    "scroll": "When 25, 50, 75, 90 and 100 % of a page are reached.",
    "media": "Play, pause, progress and end of videos and audio; YouTube and Vimeo too.",
    "share": "The browser's share dialog, and links to share pages.",
    "search": "Searches on your site, only as a hash, and which result was clicked.",
    "errors": "JavaScript errors, grouped; one that repeats is sent five times a page.",
    "api": "Your page's own requests: how long they took, which failed. Queries are cut off.",
    "vitals": "LCP, INP, CLS, FCP and TTFB of each page, as Google measures them.",
    "session": "Events at the start and the end of a session. Sessions are counted without it too.",
    "ecommerce": "Events from data-footfall attributes and data layers: products, carts, orders.",
    "bridges": "Takes over what a consent manager on the page was told.",
    "consent": "What was agreed to, when, and to which text: proof without who it was (Settings → Privacy).",
}
BRIDGES = {"tcf": "IAB TCF v2", "gcm": "Google Consent Mode"}


def lines(label: str, example: str, help_text: str, rows: int = 4) -> forms.CharField:
    attrs = {
        "class": "textarea mono",
        "rows": rows,
        "placeholder": example,
        "spellcheck": "false",
        "autocapitalize": "none",
    }
    return forms.CharField(label=label, required=False, help_text=help_text, widget=forms.Textarea(attrs=attrs))


class CollectionForm(Styled):
    """A part of the Collection; `save` writes it."""

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        self.site, self.collection = site, site.collection
        super().__init__(*args, initial=self.shown(self.collection), **kwargs)

    def shown(self, collection: Collection) -> dict[str, Any]:
        raise NotImplementedError

    def written(self) -> dict[str, Any]:
        raise NotImplementedError

    def kept(self) -> dict[str, Any]:
        """All that is kept of the site's collection now, for the audit log."""
        site, found = Site.objects.get(pk=self.site.pk), Collection.objects.get(pk=self.collection.pk)
        values = {f.name: getattr(found, f.name) for f in Collection._meta.fields if f.name not in ("id", "site")}
        return values | {"honour_dnt": site.honour_dnt, "honour_gpc": site.honour_gpc}

    def save(self) -> None:
        for name, value in self.written().items():
            setattr(self.collection, name, value)
        self.collection.save(update_fields=list(self.written()))

    def as_lines(self, name: str, what: str, check: Any) -> list[str]:
        try:
            return check_lines(self.cleaned_data[name], what, check)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class TrackingForm(CollectionForm):
    modules = forms.MultipleChoiceField(
        label="What is captured", required=False, choices=list(MODULES.items()), widget=forms.CheckboxSelectMultiple
    )
    consent = forms.ChoiceField(label="Consent", choices=Consent.choices, widget=forms.RadioSelect)
    bridges = forms.MultipleChoiceField(
        label="Consent managers", required=False, choices=list(BRIDGES.items()), widget=forms.CheckboxSelectMultiple
    )
    honour_dnt = forms.BooleanField(
        label="Honour Do Not Track", required=False, help_text="Browsers that send it are not counted."
    )
    honour_gpc = forms.BooleanField(
        label="Honour Global Privacy Control", required=False, help_text="Browsers that send it are not counted."
    )
    hash_users = forms.BooleanField(
        label="Keep user ids only as a hash", required=False,
        help_text="Otherwise the id that your site passes to identify() is stored as it is, and is personal data.",
    )  # fmt: skip
    traits = lines(
        "Traits that may be kept",
        "plan",
        "What identify() tells of a person is dropped unless named here. Names, addresses,"
        " e-mail and phone numbers among them are kept encrypted, and shown in full to analysts and above only.",
        6,
    )
    sealed_traits = lines(
        "Traits that are kept encrypted",
        "customer_number",
        "Whatever is in them. They are kept without being named above.",
        4,
    )
    search_params = lines(
        "Names of the search in addresses", "q", "A page with ?q=… in its address is a search on your site.", 6
    )

    def shown(self, collection: Collection) -> dict[str, Any]:
        return {
            "modules": collection.modules, "consent": collection.consent, "bridges": collection.bridges,
            "honour_dnt": self.site.honour_dnt, "honour_gpc": self.site.honour_gpc, "hash_users": collection.hash_users,
            "traits": "\n".join(collection.traits), "sealed_traits": "\n".join(collection.sealed_traits),
            "search_params": "\n".join(collection.search_params),
        }  # fmt: skip

    def clean_traits(self) -> list[str]:
        return self.as_lines("traits", "Traits", check_name)

    def clean_sealed_traits(self) -> list[str]:
        return self.as_lines("sealed_traits", "Encrypted traits", check_name)

    def clean_search_params(self) -> list[str]:
        return self.as_lines("search_params", "Names of the search", check_name)

    def written(self) -> dict[str, Any]:
        names = ("consent", "bridges", "hash_users", "traits", "sealed_traits", "search_params")
        # A bridge without its module would do nothing.
        wanted = {*self.cleaned_data["modules"], *(["bridges"] if self.cleaned_data["bridges"] else [])}
        return {name: self.cleaned_data[name] for name in names} | {"modules": [n for n in MODULES if n in wanted]}

    def save(self) -> None:
        super().save()
        self.site.honour_dnt = self.cleaned_data["honour_dnt"]
        self.site.honour_gpc = self.cleaned_data["honour_gpc"]
        self.site.save(update_fields=["honour_dnt", "honour_gpc"])


def countries() -> list[tuple[str, str]]:
    named = [(c.alpha_2, getattr(c, "common_name", c.name)) for c in pycountry.countries]
    return sorted(named, key=lambda pair: pair[1])


class FilterForm(CollectionForm):
    hostnames = lines(
        "Allowed host names", "*.shop.example", "One a line; none: all. Keeps out copies of your snippet."
    )
    blocked_paths = lines(
        "Paths left out", "/admin/**", "One a line. * is anything within a part of the path, ** anything at all."
    )
    blocked_countries = forms.MultipleChoiceField(
        label="Countries left out", required=False, choices=countries, help_text="Ctrl or ⌘ chooses several, or none again.",
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )  # fmt: skip
    blocked_networks = lines(
        "Addresses left out", "203.0.113.0/24",
        "One address or network a line, such as your office's. Compared at the door and never stored with an event.",
    )  # fmt: skip
    sampling = lines(
        "Sampling", "scroll 10",
        "Percent of visitors whose events of a type are kept, * for all others. A visitor is kept whole or not at all;"
        " figures are scaled back and say so.",
    )  # fmt: skip
    limit_site = forms.IntegerField(
        label="Events a minute of the site", min_value=0, max_value=2_000_000_000,
        help_text="Beyond it senders are told 429 and try again in the next minute. 0: no limit.",
    )  # fmt: skip
    limit_address = forms.IntegerField(
        label="Events a minute of an address", min_value=0, max_value=2_000_000_000, required=False,
        help_text="Empty: 6,000 of public addresses. 0: no limit. Not for the ingest secret.",
    )  # fmt: skip

    def shown(self, collection: Collection) -> dict[str, Any]:
        return {
            **{
                name: "\n".join(getattr(collection, name))
                for name in ("hostnames", "blocked_paths", "blocked_networks")
            },
            "blocked_countries": collection.blocked_countries,
            "sampling": "\n".join(f"{name} {share:g}" for name, share in collection.sampling.items()),
            "limit_site": collection.limit_site,
            "limit_address": collection.limit_address,
        }

    def clean_hostnames(self) -> list[str]:
        return self.as_lines("hostnames", "Allowed host names", check_hostname)

    def clean_blocked_paths(self) -> list[str]:
        return self.as_lines("blocked_paths", "Paths left out", check_path)

    def clean_blocked_networks(self) -> list[str]:
        return self.as_lines("blocked_networks", "Addresses left out", check_network)

    def clean_sampling(self) -> dict[str, float]:
        pairs = [line.rpartition(" ") for line in self.as_lines("sampling", "Sampling", check_share)]
        return {name: float(share) for name, _, share in pairs}

    def written(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.fields}


EXAMPLE = {
    "type": "object",
    "required": ["plan"],
    "properties": {"plan": {"enum": ["free", "pro"]}, "seats": {"type": "integer", "minimum": 1}},
}


class EventSchemaForm(Styled):
    event_type = forms.CharField(
        label="Event type", max_length=64, help_text='The name in footfall("event", name, …).',
        widget=forms.TextInput(attrs={"placeholder": "upgrade", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip
    description = forms.CharField(label="What it means", max_length=300, required=False)
    mode = forms.ChoiceField(label="How strict", choices=EventSchema.Mode.choices, widget=forms.RadioSelect)
    schema = forms.CharField(
        label="Schema of its properties", help_text="JSON Schema. Types that say the same, 5 and “5”, become one another.",
        widget=forms.Textarea(attrs={"class": "textarea mono", "rows": 14, "spellcheck": "false", "autocapitalize": "none"}),
    )  # fmt: skip

    def __init__(self, *args: Any, site: Site, own: EventSchema | None = None, **kwargs: Any) -> None:
        self.site, self.own = site, own
        shown: dict[str, Any] = {"mode": EventSchema.Mode.LENIENT, "schema": json.dumps(EXAMPLE, indent=2)}
        if own:
            shown = {name: getattr(own, name) for name in ("event_type", "description", "mode")}
            shown["schema"] = json.dumps(own.schema, indent=2, ensure_ascii=False)
        super().__init__(*args, initial=shown, **kwargs)

    def clean_event_type(self) -> str:
        name = self.checked("event_type", check_event_type)
        others = self.site.event_schemas.filter(event_type=name)
        if (others.exclude(pk=self.own.pk) if self.own else others).exists():
            raise forms.ValidationError("The site has a schema for this event type already.")
        return name

    def clean_schema(self) -> dict[str, Any]:
        try:
            return check_schema(self.cleaned_data["schema"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def save(self) -> EventSchema:
        own = self.own or EventSchema(site=self.site)
        for name, value in self.cleaned_data.items():
            setattr(own, name, value)
        own.save()
        return own
