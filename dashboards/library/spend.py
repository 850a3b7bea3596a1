"""What campaigns cost: entered by day, or imported from an ad platform's CSV with a look at it first."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.signing import BadSignature, dumps, loads
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import access_site
from accounts.audit import Action, do_record
from accounts.models import Role, Site
from analytics.saved.history import told_of
from analytics.saved.models import Spend
from analytics.saved.spend import COLUMNS, MOST_BYTES, Line, do_import, do_put, get_preview
from dashboards.builder import known
from dashboards.library.forms import SpendForm
from dashboards.state import State

SHOWN, NAMES = 200, 300


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def view(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ANALYST)
    form = SpendForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        do_put(site, [Line(data["day"], data["campaign"], data["source"], data["amount"], data["currency"])])
        do_record(request.user, Action.SAVED_MADE, None, site, target="spend", after=data, request=request)
        messages.success(request, "Saved; an amount that was there for this day, campaign and source is replaced.")
        return redirect("spend", site_id=site.pk)
    rows = Spend.objects.filter(site=site)[:SHOWN]
    return render(
        request,
        "dashboards/library/spend.html",
        {"site": site, "form": form, "rows": rows, "campaigns": campaigns(site), "tab": "spend"},
    )


def campaigns(site: Site) -> list[str]:
    return known(State(site, period="365d"), "utm_campaign")


@require_POST
@login_required
def delete(request: HttpRequest, site_id: int, pk: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ANALYST)
    found = Spend.objects.filter(site=site, pk=pk).first()
    if found is None:
        raise Http404("There is no such page.")
    before = told_of(found)
    found.delete()
    do_record(request.user, Action.SAVED_DELETED, None, site, target="spend", before=before, request=request)
    messages.success(request, "Deleted.")
    return redirect("spend", site_id=site.pk)


@require_POST
@login_required
def preview(request: HttpRequest, site_id: int) -> HttpResponse:
    """Step 1: what the file would do. Step 2 (`confirm`): it is done. Between them the text travels signed in the form."""
    site = access_site(request.user, site_id, Role.ANALYST)
    try:
        text = text_of(request)
        mapping = {name: int(request.POST[f"column_{name}"]) for name in COLUMNS if f"column_{name}" in request.POST}
        found = get_preview(site, text, mapping or None, names_of(request))
    except ValueError as error:
        messages.error(request, f"Nothing was imported: {error}")
        return redirect("spend", site_id=site.pk)
    missing = [COLUMNS[name] for name in ("day", "campaign", "amount") if found.mapping.get(name, -1) < 0]
    if "confirm" in request.POST and found.lines and not missing:
        try:
            number = do_import(site, found)
        except ValueError as error:
            messages.error(request, f"Nothing was imported: {error}")
            return redirect("spend", site_id=site.pk)
        after = {"lines": number}
        do_record(request.user, Action.SAVED_MADE, None, site, target="spend, imported", after=after, request=request)
        messages.success(
            request,
            f"{number:,} amounts are imported{f', {len(found.wrong):,} lines left out' if found.wrong else ''}.",
        )
        return redirect("spend", site_id=site.pk)
    usual = set(campaigns(site))
    shown: dict[str, Any] = {
        "site": site,
        "found": found,
        "text": dumps(text, salt="spend", compress=True),
        "missing": missing,
        "tab": "spend",
        "columns": [
            (name, title, found.mapping.get(name, -1), list(enumerate(found.heads))) for name, title in COLUMNS.items()
        ],
        "lines": found.lines[:20],
        "wrong": found.wrong[:20],
        "totals": totals_of(found.lines, site.currency),
        "names": [(theirs, ours, ours in usual) for theirs, ours in list(found.names.items())[:NAMES]],
        "campaigns": sorted(usual),
    }
    return render(request, "dashboards/library/spend_preview.html", shown)


def totals_of(lines: list[Line], own: str) -> str:
    """Each currency by itself."""
    sums: dict[str, Decimal] = {}
    for line in lines:
        sums[line.currency or own] = sums.get(line.currency or own, Decimal(0)) + line.amount
    return ", ".join(f"{currency} {amount:.2f}" for currency, amount in sorted(sums.items()))


def text_of(request: HttpRequest) -> str:
    """Raises ValueError."""
    if "text" in request.POST:
        try:
            return str(loads(request.POST["text"], salt="spend"))
        except BadSignature:
            raise ValueError("the form is too old; choose the file again.") from None
    file = request.FILES.get("file")
    if file is None:
        raise ValueError("choose a CSV file.")
    if (file.size or 0) > MOST_BYTES:
        raise ValueError(f"the file has over {MOST_BYTES // 1024 // 1024} MB; split it.")
    raw = file.read()
    # Nearly everything can be read as UTF-16, so only what says that it is.
    encoding = "utf-16" if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return str(raw.decode(encoding))
    except UnicodeError:
        raise ValueError("the file is not text in UTF-8 or UTF-16.") from None


def names_of(request: HttpRequest) -> dict[str, str]:
    theirs, ours = request.POST.getlist("theirs"), request.POST.getlist("ours")
    return {
        one: other.replace("\0", "").strip()[:300] for one, other in zip(theirs, ours, strict=False) if other.strip()
    }
