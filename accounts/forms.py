"""What people fill in. Every check of a value is in checks.py; forms show its sentence beside the field."""

from collections.abc import Callable
from typing import Any
from zoneinfo import available_timezones

import pycountry
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.forms.widgets import CheckboxInput, HiddenInput, Input, Select

from accounts.actions import SCOPES
from accounts.checks import check_currency, check_domain, check_timezone
from accounts.models import Role, Site, User


class Styled(forms.Form):
    """Widgets with the classes of the design system."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            widget = field.widget
            if isinstance(widget, Select):
                widget.attrs.setdefault("class", "select")
            elif isinstance(widget, Input) and not isinstance(widget, CheckboxInput | HiddenInput):
                widget.attrs.setdefault("class", "input")

    def checked(self, field: str, check: Callable[[str], str]) -> str:
        try:
            return check(self.cleaned_data[field])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


def new_password(label: str = "Password") -> forms.CharField:
    return forms.CharField(
        label=label, strip=False, max_length=200, help_text="At least 10 characters; a few words are better than signs.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip


class AccountForm(Styled):
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    name = forms.CharField(
        label="Name", required=False, max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = new_password()

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email=email).exists():
            raise forms.ValidationError("This address has an account already. Log in instead.")
        return email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password"):
            try:
                validate_password(data["password"], User(email=data.get("email", ""), name=data.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


class SetupForm(AccountForm):
    team = forms.CharField(
        label="Team", max_length=120, required=False, help_text="Your company or project; can be changed."
    )


class LoginForm(Styled):
    email = forms.EmailField(
        label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label="Password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class EmailForm(Styled):
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"}))


class NewPasswordForm(Styled):
    password = new_password("New password")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password, self.user)
        return password


class ChangePasswordForm(NewPasswordForm):
    current = forms.CharField(
        label="Current password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    field_order = ["current", "password"]

    def clean_current(self) -> str:
        if not self.user.check_password(self.cleaned_data["current"]):
            raise forms.ValidationError("This is not your current password.")
        return str(self.cleaned_data["current"])


class ProfileForm(Styled):
    name = forms.CharField(label="Name", required=False, max_length=120)


def zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones()) if "/" in name or name == "UTC"]


def currencies() -> list[tuple[str, str]]:
    known = {c.alpha_3: c.name for c in pycountry.currencies}
    first = [code for code in ("EUR", "USD", "GBP", "CHF", "JPY") if code in known]
    return [(code, f"{code} · {known[code]}") for code in [*first, *sorted(set(known) - set(first))]]


def searchable() -> Select:
    return Select(attrs={"data-combo": ""})


class SiteForm(Styled):
    domain = forms.CharField(
        label="Domain", max_length=300, help_text="The host name, as in example.com.",
        widget=forms.TextInput(attrs={"placeholder": "example.com", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip
    timezone = forms.ChoiceField(
        label="Time zone", choices=zones, widget=searchable(), help_text="Days begin and end by this clock."
    )
    currency = forms.ChoiceField(
        label="Currency", choices=currencies, widget=searchable(), help_text="Revenue is shown in it."
    )

    def __init__(self, *args: Any, team_id: int, site: Site | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team_id, self.site = team_id, site

    def clean_domain(self) -> str:
        domain = self.checked("domain", check_domain)
        others = Site.objects.filter(team_id=self.team_id, domain=domain)
        if (others.exclude(pk=self.site.pk) if self.site else others).exists():
            raise forms.ValidationError("The team has a site with this domain already.")
        return domain

    def clean_timezone(self) -> str:
        return self.checked("timezone", check_timezone)

    def clean_currency(self) -> str:
        return self.checked("currency", check_currency)


class SiteSettingsForm(SiteForm):
    session_gap_minutes = forms.IntegerField(
        label="Minutes after which a session ends",
        min_value=1,
        max_value=240,
        help_text="Without any activity; 30 is what most tools use. For events from now on.",
    )


# Hours that an old key or secret works beside the new one, and how that is said.
OVERLAPS = {
    "0": "no longer", "1": "for one more hour", "24": "for one more day",
    "168": "for seven more days", "720": "for 30 more days",
}  # fmt: skip


class InviteForm(Styled):
    email = forms.EmailField(label="E-mail")
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.VIEWER)


class KeyForm(Styled):
    name = forms.CharField(label="Name", max_length=120, help_text="What it is for.")
    scopes = forms.MultipleChoiceField(
        label="Scopes", choices=[(s, s) for s in SCOPES], initial=["read:stats"], widget=forms.CheckboxSelectMultiple
    )
    days = forms.ChoiceField(
        label="Works",
        required=False,
        choices=[("", "until it is revoked"), ("30", "for 30 days"), ("90", "for 90 days"), ("365", "for a year")],
    )
