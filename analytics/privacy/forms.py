from typing import Any

from django import forms

from accounts.forms import Styled
from accounts.models import Site
from analytics.privacy.models import PrivacyRequest
from analytics.privacy.retention import KINDS
from analytics.privacy.subject import BadSubject, Kind, check_subject


class RetentionForm(Styled):
    """A number of days for each kind of data."""

    def __init__(self, *args: Any, days: dict[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, keeping in KINDS.items():
            attrs = {"class": "input", "aria-label": f"{keeping.label}: days", "min": 1, "max": keeping.limit}
            self.fields[kind] = forms.IntegerField(
                label=keeping.label,
                min_value=1,
                max_value=keeping.limit,
                initial=days[kind],
                widget=forms.NumberInput(attrs),
            )


class RequestForm(Styled):
    kind = forms.ChoiceField(label="What is asked for", choices=PrivacyRequest.Kind.choices)
    named_by = forms.ChoiceField(label="Who it is, by", choices=Kind.choices)
    value = forms.CharField(
        label="The id or the token", max_length=4000,
        help_text="The id as your site passes it to identify(). It is used once and kept only as a keyed hash.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )  # fmt: skip

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        self.site = site
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("value") and data.get("named_by"):
            try:
                data["subject"] = check_subject(self.site, data["named_by"], data["value"])
            except BadSubject as error:
                self.add_error("value", str(error))
        return data


class OptOutForm(RequestForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["kind"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        subject = data.get("subject")
        if subject and not (subject.users or subject.devices):
            self.add_error("value", "This browser keeps no id, so only the browser itself can opt out.")
        return data
