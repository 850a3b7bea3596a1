"""Consent: how a site is set up for it, its history, its log, and what it collects in plain words."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import access_site
from accounts.audit import Action, do_record, record_change
from accounts.models import Consent, Role
from analytics.clickhouse.client import StoreError
from analytics.privacy import consent_log, history
from analytics.privacy.collected import get_collected
from analytics.privacy.consent_forms import ProofForm, TextForm
from analytics.privacy.models import ConsentText, SettingsVersion
from analytics.privacy.notice import FORMS, sections_of
from analytics.privacy.presets import PRESETS, do_apply, matching, preview
from analytics.privacy.views import shown

PERIODS = (30, 90, 365)
VERSIONS = 50
ENTRIES = 25


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def consent(request: HttpRequest, site_id: int) -> HttpResponse:
    """Presets: one is looked at (`?preset=`) before it is applied."""
    site = access_site(request.user, site_id, Role.ADMIN)
    if request.method == "POST":
        preset = PRESETS.get(request.POST.get("preset", ""))
        if preset is None:
            messages.error(request, "There is no such preset; nothing is changed.")
            return redirect("privacy-consent", site_id=site.pk)
        with history.noted(site, request.user):
            before, after = do_apply(site, preset)
        record_change(request.user, Action.CONSENT_CHANGED, site, before, after, target=f"preset {preset.name}",
                      request=request)  # fmt: skip
        messages.success(
            request, f"{preset.label} is set. New events follow it within seconds, pages within five minutes."
        )
        return redirect("privacy-consent", site_id=site.pk)
    chosen = PRESETS.get(request.GET.get("preset", ""))
    context = {
        "presets": PRESETS.values(), "matching": matching(site), "chosen": chosen,
        "changes": preview(site, chosen) if chosen else [], "version": history.latest(site.pk),
        "text": ConsentText.objects.filter(site=site).first(), "mode": Consent(site.collection.consent).label,
    }  # fmt: skip
    return shown(request, site, "consent", part="consent", **context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def consent_text(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    last = ConsentText.objects.filter(site=site).first()
    form = TextForm(request.POST or None, texts=last.texts if last else {})
    if request.method == "POST" and form.is_valid():
        made = history.do_write_text(site, form.texts, request.user)
        if made is None:
            messages.info(request, "Nothing was changed, so there is no new version.")
        else:
            record_change(request.user, Action.CONSENT_CHANGED, site, last.texts if last else {}, made.texts,
                          target=f"consent text, version {made.number}", request=request)  # fmt: skip
            messages.success(request, f"Version {made.number} of the text holds from now.")
        return redirect("privacy-consent", site_id=site.pk)
    return shown(request, site, "consent_text", part="consent", form=form, last=last)


@require_GET
@login_required
def settings_history(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    found = SettingsVersion.objects.filter(site=site)
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 10:
        found = found.filter(number__lt=int(before))
    versions = list(found[: VERSIONS + 1])
    older = versions[VERSIONS] if len(versions) > VERSIONS else None
    context = {
        "rows": history.with_changes(versions[:VERSIONS], older), "texts": ConsentText.objects.filter(site=site)[:VERSIONS],
        "older": versions[VERSIONS - 1].number if older else 0, "is_first": not before,
    }  # fmt: skip
    return shown(request, site, "history", part="history", **context)


@dataclass(frozen=True)
class Bar:
    """A day in the picture of the log: heights in hundredths of the largest day, stacked from below."""

    x: int
    day: consent_log.Day
    parts: list[tuple[str, float, float]]  # (answer, top, height)


def bars_of(days: list[consent_log.Day]) -> list[Bar]:
    most = max((day.total for day in days), default=0) or 1
    found = []
    for x, day in enumerate(days):
        parts, top = list[tuple[str, float, float]](), 100.0
        for answer in consent_log.ANSWERS:
            height = round(getattr(day, answer) * 100 / most, 2)
            top = round(top - height, 2)
            if height:
                parts.append((answer, top, height))
        found.append(Bar(x, day, parts))
    return found


def period_of(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked in map(str, PERIODS) else PERIODS[0]


def moment_of(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(text) / 1000, UTC) if text.isdecimal() else None
    except (ValueError, OverflowError, OSError):
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def log(request: HttpRequest, site_id: int) -> HttpResponse:
    """Counts, the latest entries, and one by its consent id, which is posted so that it stands in no log."""
    site = access_site(request.user, site_id, Role.ADMIN)
    form = ProofForm(request.POST or None)
    days, before = period_of(request), moment_of(request.GET.get("before", ""))
    context: dict[str, Any] = {
        "form": form, "days": days, "periods": PERIODS, "is_on": "consent" in site.collection.modules, "is_first": not before,
    }  # fmt: skip
    try:
        if request.method == "POST" and form.is_valid():
            context["proofs"] = list(map(consent_log.prove, consent_log.find(form.cleaned_data["consent_id"], site.pk)))
        counted = consent_log.counts(site, days)
        found = consent_log.entries(site.pk, before, ENTRIES)
    except StoreError as error:
        return shown(request, site, "consent_log", part="log", away=str(error), **context)
    totals = {answer: sum(getattr(day, answer) for day in counted) for answer in consent_log.ANSWERS}
    asked = totals["granted"] + totals["denied"]
    context |= {
        "totals": totals, "bars": bars_of(counted), "counted": [day for day in reversed(counted) if day.total],
        "entries": found, "older": consent_log.millis(found[-1].at) if len(found) >= ENTRIES else 0,
        "share": round(100 * totals["granted"] / asked) if asked else None,
    }  # fmt: skip
    return shown(request, site, "consent_log", part="log", **context)


@require_GET
@login_required
def log_csv(request: HttpRequest, site_id: int) -> StreamingHttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    do_record(request.user, Action.EXPORTED, None, site, target="consent log", request=request)
    name = f"consent-log-{site.pk}-{date.today().isoformat()}.csv"  # noqa: DTZ011  the file's name
    return StreamingHttpResponse(
        consent_log.as_csv(site.pk),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


@require_GET
@login_required
def collected(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    found = get_collected(site)
    sections = sections_of(found)
    texts = {name: make(sections) for name, (make, _) in FORMS.items()}
    mode = Consent(found.mode).label
    return shown(request, site, "collected", part="collected", found=found, mode=mode, sections=sections, texts=texts)


@require_GET
@login_required
def notice(request: HttpRequest, site_id: int) -> HttpResponse:
    """The text as a file: `?as=txt`, md or html."""
    site = access_site(request.user, site_id, Role.ADMIN)
    name = request.GET.get("as", "txt")
    if name not in FORMS:
        raise Http404("There is no such file.")
    make, kind = FORMS[name]
    response = HttpResponse(make(sections_of(get_collected(site))), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="privacy-notice-{site.domain}.{name}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def proof(request: HttpRequest) -> HttpResponse:
    """For who agreed somewhere and has the consent id: what the log says. No account is asked for; the id is the secret."""
    form = ProofForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            entries = consent_log.find(form.cleaned_data["consent_id"])
            context |= {"looked": True, "proofs": list(map(consent_log.prove, entries))}
        except StoreError:
            context["away"] = True
    response = render(request, "privacy/proof.html", context)
    response["Cache-Control"] = "no-store"
    return response
