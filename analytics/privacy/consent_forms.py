"""The consent text of a site, by language; and what is looked up in the log."""

import re
from typing import Any

from django import forms

from accounts.forms import Styled

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")  # en, de-AT
MOST_TEXT = 20_000
MOST_LANGUAGES = 40


def text_field(label: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=MOST_TEXT, help_text=help_text,
        widget=forms.Textarea({"class": "textarea", "rows": 6}),
    )  # fmt: skip


class TextForm(Styled):
    """A field for each language that there is, and one for another."""

    def __init__(self, *args: Any, texts: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tags = list(texts)
        for tag, text in texts.items():
            field = text_field(f"Text in “{tag}”", "Emptied, the language goes from the next version on.")
            field.initial = text
            self.fields[f"text_{tag}"] = field
        self.fields["language"] = forms.CharField(
            label="Another language" if texts else "Language", required=False, max_length=6,
            help_text="As your pages have it in <html lang>: en, de, pt-BR.",
            widget=forms.TextInput({"class": "input", "autocapitalize": "none", "spellcheck": "false", "placeholder": "en"}),
        )  # fmt: skip
        self.fields["text"] = text_field("Its text", "What your pages show when they ask, with what is agreed to.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        language, text = str(data.get("language") or "").strip(), data.get("text")
        if text and not LANGUAGE.fullmatch(language):
            self.add_error("language", "Expected a language such as en or pt-BR.")
        elif language and not text:
            self.add_error("text", "The text is missing.")
        elif len({*self.tags, language}) > MOST_LANGUAGES:
            self.add_error("language", f"At most {MOST_LANGUAGES} languages.")
        return data

    @property
    def texts(self) -> dict[str, str]:
        data = self.cleaned_data
        kept = {tag: str(data.get(f"text_{tag}") or "") for tag in self.tags}
        return kept | ({data["language"].strip(): str(data["text"])} if data.get("text") else {})


class ProofForm(Styled):
    consent_id = forms.CharField(
        label="Consent id", max_length=64,
        help_text="As your browser got it when you agreed. It is not kept, only looked up.",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )  # fmt: skip
