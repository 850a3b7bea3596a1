"""What of personal data is masked at the door, with a box to try it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts.access import access_site
from accounts.audit import Action, record_change
from accounts.checks import check_name
from accounts.collection_forms import CollectionForm, lines
from accounts.models import Collection, Role
from analytics.privacy import history
from analytics.privacy.views import shown
from ingestion.enrich.personal import KINDS, MOST_RULES, compile_rule, masker_of

MOST_TRIED = 4000


def check_rule(line: str) -> str:
    name, _, pattern = line.strip().partition(" ")
    if check_name(name) in KINDS:
        raise ValueError(f"{name} is the name of a built-in kind")
    try:
        compile_rule(pattern.strip())
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    return f"{name} {pattern.strip()}"


class MaskingForm(CollectionForm):
    masked = forms.MultipleChoiceField(
        label="What is masked", required=False, choices=list(KINDS.items()), widget=forms.CheckboxSelectMultiple
    )
    query_params = lines(
        "Parameters of addresses that are kept",
        "page",
        "One a line. All others are cut off; those of campaigns stay anyway.",
    )
    mask_rules = lines(
        "Rules of your own", r"member \bM-[0-9]{5}\b",
        "One a line: a name, then a regular expression (RE2 syntax). What fits becomes [name].",
    )  # fmt: skip
    tried = forms.CharField(
        label="Try it", required=False, max_length=MOST_TRIED, help_text="An address, a title or any text. It is not kept.",
        widget=forms.Textarea({"class": "textarea mono", "rows": 3, "spellcheck": "false"}),
    )  # fmt: skip

    def shown(self, collection: Collection) -> dict[str, Any]:
        rules = "\n".join(f"{one['name']} {one['pattern']}" for one in collection.mask_rules)
        return {"masked": collection.masked, "query_params": "\n".join(collection.query_params), "mask_rules": rules}

    def clean_query_params(self) -> list[str]:
        return [name.lower() for name in self.as_lines("query_params", "Parameters", check_name)]

    def clean_mask_rules(self) -> list[dict[str, str]]:
        found = [line.partition(" ") for line in self.as_lines("mask_rules", "Rules", check_rule)]
        if len(found) > MOST_RULES:
            raise forms.ValidationError(f"At most {MOST_RULES} rules.")
        return [{"name": name, "pattern": pattern} for name, _, pattern in found]

    def written(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("masked", "query_params", "mask_rules")}

    def outcome(self) -> tuple[str, dict[str, int]]:
        """What becomes of the text that is tried, and what was found in it."""
        data, found = self.cleaned_data, dict[str, int]()
        rules = tuple((one["name"], one["pattern"]) for one in data["mask_rules"])
        masker, text = masker_of(tuple(sorted(data["masked"])), rules), data["tried"]
        return (masker.mask(text, found) if masker.is_suspect(text) else text), found


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def masking(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    form = MaskingForm(request.POST or None, site=site)
    tried: tuple[str, dict[str, int]] | None = None
    if request.method == "POST" and form.is_valid():
        if "save" in request.POST:
            before = form.kept()
            with history.noted(site, request.user):
                form.save()
            record_change(request.user, Action.DATA_RULES_CHANGED, site, before, form.kept(), target="masking",
                          request=request)  # fmt: skip
            messages.success(request, "Saved. New events follow it within seconds.")
            return redirect("privacy-masking", site_id=site.pk)
        tried = form.outcome()
    return shown(request, site, "masking", form=form, tried=tried, part="masking")
