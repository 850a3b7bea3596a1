"""Forms of what is kept on a site. Their values are checked where the API checks them: analytics/saved/checks.py."""

import json
from typing import Any, ClassVar

from django import forms
from django.core.validators import validate_email

from accounts.checks import check_currency
from accounts.forms import Styled
from accounts.models import Site
from analytics.queries.dimensions import BadQuery
from analytics.queries.engagement import PARTS
from analytics.saved.checks import check_goal, check_segment
from analytics.saved.css import filters_of_css
from analytics.saved.models import Annotation, DefinedEvent, ExchangeRate, Goal, Link, Report, Segment
from analytics.saved.rates import check_rate

PAGES = (("executive", "Executive"), ("product", "Product"), ("marketing", "Marketing"))


class SavedForm(Styled, forms.ModelForm):  # type: ignore[type-arg]
    """`check` raises BadQuery; its field is where the error is shown."""

    site: Site

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        self.site = site
        super().__init__(*args, **kwargs)
        self.instance.site = site

    def check(self, data: dict[str, Any]) -> None:
        pass

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        name = data.get("name")
        alike = self._meta.model._default_manager.filter(site=self.site).exclude(pk=self.instance.pk)
        if name and "name" in self.fields and self._meta.model is not Link and alike.filter(name=name).exists():
            self.add_error("name", f"There is one named {name} already.")
        if not self.errors:
            try:
                self.check(data)
            except BadQuery as error:
                field = error.field.split(".")[0]
                text = str(error).partition(": ")[2]
                self.add_error(field if field in self.fields else None, text[:1].upper() + text[1:] + ".")
        return data


class FiltersField(forms.CharField):
    """A list of filters as JSON text."""

    widget = forms.Textarea(attrs={"class": "input mono", "rows": 4, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return []
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, list) or "\\u0000" in text:
            raise forms.ValidationError('Expected a list as in [["is", "country", ["DE"]]].')
        return found


class GoalForm(SavedForm):
    filters = FiltersField(
        required=False, label="Only where", help_text='Filters as in the API: [["is", "props.plan", ["pro"]]].'
    )

    class Meta:
        model = Goal
        fields: ClassVar = ["name", "kind", "target", "threshold", "filters"]
        labels: ClassVar = {"kind": "Reached when", "target": "Page or event", "threshold": "At least"}
        help_texts: ClassVar = {
            "target": "A page with wildcards (/thanks, /docs/**), or the name of an event. For"
            " scrolling: the page, or nothing for all.",
            "threshold": "Percent of the page for scrolling, an amount for revenue; otherwise leave it empty.",
        }

    def check(self, data: dict[str, Any]) -> None:
        check_goal(self.site, data)


class DefinedEventForm(SavedForm):
    class Meta:
        model = DefinedEvent
        fields: ClassVar = ["name", "selector", "page"]
        labels: ClassVar = {"selector": "CSS selector of the clicked element", "page": "On the page"}
        help_texts: ClassVar = {
            "name": "How it is called in funnels, trends and goals.",
            "selector": 'As in .pricing button.signup, a[href="/buy"] or [text*="Order"]. Finds past clicks, too.',
            "page": "With wildcards, as in /pricing*; leave it empty for every page.",
        }

    def check(self, data: dict[str, Any]) -> None:
        filters_of_css(data["selector"])
        if data.get("page") and not data["page"].startswith("/"):
            raise BadQuery("page", f"expected a page as in /pricing*, got {data['page'][:80]!r}")


class SegmentForm(SavedForm):
    filters = FiltersField(
        help_text='As in the API: [["is", "country", ["DE"]], ["did", {"event": "purchase", "times": 2, "within": "30d"}]].'
    )

    class Meta:
        model = Segment
        fields: ClassVar = ["name", "kind", "filters", "days"]
        labels: ClassVar = {"days": "Days that a cohort looks back"}

    def check(self, data: dict[str, Any]) -> None:
        check_segment(self.site, data)


class AnnotationForm(SavedForm):
    moment = forms.DateTimeField(
        label="When", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In the site's time zone.",
    )  # fmt: skip

    link = forms.URLField(required=False, max_length=500, assume_scheme="https")

    class Meta:
        model = Annotation
        fields: ClassVar = ["moment", "text", "link"]
        labels: ClassVar = {"text": "What happened"}


class LinkForm(SavedForm):
    page = forms.ChoiceField(choices=PAGES, label="Dashboard")
    new_password = forms.CharField(
        required=False,
        strip=False,
        min_length=8,
        max_length=200,
        label="Password",
        help_text="Leave it empty for a link that opens by itself.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    expires_at = forms.DateTimeField(
        required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"}),
        help_text="In the site's time zone; leave it empty to end it by hand.",
    )  # fmt: skip
    open_to_all = forms.BooleanField(required=False, label="Take the password away")
    query = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)

    class Meta:
        model = Link
        fields: ClassVar = ["name", "page", "query", "embed", "expires_at"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.password:
            self.fields["new_password"].help_text = "Leave it empty to keep the one that it has."
        else:
            del self.fields["open_to_all"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kept = self.instance.password and not data.get("open_to_all")
        if data.get("embed") and (data.get("new_password") or kept):
            self.add_error("embed", "A frame cannot ask for a password: choose one of the two.")
        return data

    def save(self, commit: bool = True) -> Any:
        if self.cleaned_data["new_password"] or self.cleaned_data.get("open_to_all"):
            self.instance.put_password(self.cleaned_data["new_password"])
        return super().save(commit)


class ReportForm(SavedForm):
    recipients = forms.CharField(
        label="To",
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
        help_text="E-mail addresses, one a line.",
    )

    class Meta:
        model = Report
        fields: ClassVar = ["kind", "recipients", "threshold", "pdf"]
        labels: ClassVar = {"kind": "When", "threshold": "So many people", "pdf": "Enclose the report as a PDF"}
        help_texts: ClassVar = {
            "pdf": "For daily, weekly and monthly reports.",
            "threshold": "For spikes (100 unless given) and drops (1 unless given).",
        }

    def clean_recipients(self) -> list[str]:
        found = [*dict.fromkeys(self.cleaned_data["recipients"].replace(",", "\n").lower().split())]
        if not 1 <= len(found) <= 50:
            raise forms.ValidationError("Expected 1 to 50 addresses.")
        for address in found:
            try:
                validate_email(address)
            except forms.ValidationError:
                raise forms.ValidationError(f"{address[:80]} is no e-mail address.") from None
        return found


class ExchangeRateForm(SavedForm):
    class Meta:
        model = ExchangeRate
        fields: ClassVar = ["currency", "day", "rate"]
        labels: ClassVar = {"day": "From this day on"}
        help_texts: ClassVar = {
            "currency": "Three letters, as in USD.",
            "day": "Until the next rate of this currency; the first of a month makes it that month's.",
        }
        widgets: ClassVar = {"day": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, site=site, **kwargs)
        self.fields["rate"].help_text = f"What one unit is worth in {site.currency}, as in 0.92."

    def check(self, data: dict[str, Any]) -> None:
        check_rate(self.site, data)
        alike = ExchangeRate.objects.filter(site=self.site, currency=data["currency"], day=data["day"])
        if alike.exclude(pk=self.instance.pk).exists():
            raise BadQuery("day", "there is a rate of this currency from this day on already")


class SpendForm(Styled):
    day = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}))
    campaign = forms.CharField(label="Campaign (utm_campaign)", max_length=300)
    source = forms.CharField(label="Source", max_length=120, required=False)
    amount = forms.DecimalField(label="Spent", min_value=0, max_digits=12, decimal_places=2)
    currency = forms.CharField(label="Currency, where it is another than the site's", max_length=3, required=False)

    def clean_currency(self) -> str:
        return self.checked("currency", check_currency) if self.cleaned_data["currency"] else ""


class EngagementForm(Styled):
    """Weights have to sum to 1."""

    core = forms.CharField(
        required=False,
        label="Core actions",
        help_text="Names of events, one a line; empty: every interaction but views and clicks.",
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
    )
    feature_events = forms.CharField(
        required=False,
        label="Features",
        help_text="Names of events, one a line.",
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
    )
    cleaning = forms.CharField(
        required=False,
        label="Pages that are shown as one",
        help_text="For paths and flows: /product/* = /product/:id, one a line.",
        widget=forms.Textarea(attrs={"class": "input mono", "rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for part, (label, _, _) in PARTS.items():
            self.fields[f"{part}_weight"] = forms.FloatField(label=f"Weight of {label}", min_value=0, max_value=1)
            self.fields[f"{part}_cap"] = forms.FloatField(
                label=f"{label.capitalize()} that count fully", min_value=0.01, max_value=10_000
            )
        for name in self.fields:
            self.fields[name].widget.attrs.setdefault("class", "input")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        total = sum(data.get(f"{part}_weight") or 0 for part in PARTS)
        if not self.errors and abs(total - 1) > 0.001:
            raise forms.ValidationError(f"The weights have to sum to 1; these sum to {total:g}.")
        return data

    def clean_cleaning(self) -> list[list[str]]:
        rules = []
        for line in self.cleaned_data["cleaning"].splitlines():
            if not line.strip():
                continue
            pattern, equals, to = (part.strip() for part in line.partition("="))
            if not equals or not pattern.startswith("/"):
                raise forms.ValidationError(f"Expected /page/* = /page/:id, got {line.strip()[:80]!r}.")
            rules.append([pattern, to])
        if len(rules) > 50:
            raise forms.ValidationError("At most 50 lines.")
        return rules
