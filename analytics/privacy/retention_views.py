"""How long a site keeps its data: a page with a preview of what will go."""

from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts.access import access_site
from accounts.audit import Action, record_change
from accounts.confirm import confirm_person
from accounts.models import Role
from analytics.clickhouse.client import StoreError
from analytics.privacy import history
from analytics.privacy.forms import RetentionForm
from analytics.privacy.retention import KINDS, do_set, folder_bytes, get_days, get_disk, get_use
from analytics.privacy.views import shown


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def retention(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    days = get_days(site.pk)
    form = RetentionForm(request.POST or None, days=days)
    asked = days
    if request.method == "POST" and form.is_valid():
        asked = {kind: int(form.cleaned_data[kind]) for kind in KINDS}
        if "save" in request.POST:
            if any(asked[kind] < days[kind] for kind in KINDS):  # data goes by it
                confirm_person(request)
            with history.noted(site, request.user):
                do_set(site.pk, asked)
            record_change(
                request.user, Action.RETENTION_CHANGED, site, days, asked, target="retention", request=request
            )
            messages.success(request, "Saved. What is too old goes in the coming night.")
            return redirect("privacy-retention", site_id=site.pk)
    try:
        rows = [(form[kind], keeping, get_use(site.pk, kind, asked[kind])) for kind, keeping in KINDS.items()]
        disk, away = get_disk(), ""
    except StoreError as error:
        rows, disk, away = [], None, str(error)
    full = datetime.now(UTC) + timedelta(days=disk.days_left) if disk and disk.days_left is not None else None
    context = {
        "form": form, "rows": rows, "disk": disk, "away": away, "full_on": full, "asked": asked != days,
        "going": sum(use.going_rows for _, _, use in rows), "files": folder_bytes("exports") + folder_bytes("privacy"),
    }  # fmt: skip
    return shown(request, site, "retention", part="retention", **context)
