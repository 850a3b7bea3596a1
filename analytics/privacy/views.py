"""The privacy pages of a site's settings."""

import json
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import access_site
from accounts.audit import Action, do_record
from accounts.models import OptOut, Role, Site, User
from accounts.opt_outs import do_opt_in, do_opt_out
from analytics.privacy.archive import path_of
from analytics.privacy.forms import OptOutForm, RequestForm
from analytics.privacy.ledger import do_request, do_withdraw
from analytics.privacy.models import PrivacyRequest
from analytics.privacy.subject import mark_of
from analytics.services.backup.folder import get_made_before

SHOWN = 100
ASKED = {"export": Action.PERSON_EXPORTED, "erasure": Action.PERSON_ERASED}


def find_request(request: HttpRequest, site_id: int, pk: int) -> PrivacyRequest:
    site = access_site(request.user, site_id, Role.ADMIN)
    found = PrivacyRequest.objects.select_related("site").filter(site=site, pk=pk).first()
    if found is None:
        raise Http404("There is no such page.")
    return found


def shown(request: HttpRequest, site: Site, template: str, **context: Any) -> HttpResponse:
    with timezone.override(ZoneInfo(site.timezone)):
        return render(request, f"privacy/{template}.html", {"site": site, "tab": "privacy", **context})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def requests(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    form = RequestForm(request.POST or None, site=site)
    asked = PrivacyRequest.objects.filter(site=site)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if "look" in request.POST:  # whether the ledger knows this person
            asked = asked.filter(mark=mark_of(site.pk, data["subject"]))
            return shown(request, site, "requests", form=form, requests=asked[:SHOWN], looked=True, part="requests")
        assert isinstance(request.user, User)
        made = do_request(site, request.user, data["kind"], data["named_by"], data["subject"])
        do_record(request.user, ASKED[made.kind], None, site, target=str(made), request=request)
        messages.success(request, "The request is noted and worked on from now.")
        return redirect("privacy-request", site_id=site.pk, pk=made.pk)
    return shown(request, site, "requests", form=form, requests=asked[:SHOWN], part="requests")


@require_GET
@login_required
def one(request: HttpRequest, site_id: int, pk: int) -> HttpResponse:
    """The page of a request; htmx asks for its progress."""
    job = find_request(request, site_id, pk)
    template = "progress" if getattr(request, "htmx", False) else "request"
    older = get_made_before(job.finished_at) if job.finished_at and job.receipt else []
    return shown(request, job.site, template, job=job, ready=path_of(job).exists(), older=older, part="requests")


@require_POST
@login_required
def withdraw(request: HttpRequest, site_id: int, pk: int) -> HttpResponse:
    job = find_request(request, site_id, pk)
    target = str(job)
    if do_withdraw(job):
        do_record(request.user, Action.PRIVACY_REQUEST, None, job.site, target=f"{target} withdrawn", request=request)
        messages.success(request, "The request is withdrawn.")
    else:
        messages.error(request, "It has begun already, and goes on to its end.")
    return redirect("privacy", site_id=job.site_id)


@require_GET
@login_required
def receipt(request: HttpRequest, site_id: int, pk: int) -> HttpResponse:
    job = find_request(request, site_id, pk)
    if job.receipt is None:
        raise Http404("There is no receipt yet.")
    response = HttpResponse(json.dumps(job.receipt, indent=2) + "\n", content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="receipt-{job.number}.json"'
    return response


@require_GET
@login_required
def archive(request: HttpRequest, site_id: int, pk: int) -> Any:
    job = find_request(request, site_id, pk)
    if job.kind != PrivacyRequest.Kind.EXPORT or not path_of(job).exists():
        raise Http404("There is no such file, or its days are over.")
    do_record(request.user, Action.EXPORT_FETCHED, None, job.site, target=str(job), request=request)
    response = FileResponse(path_of(job).open("rb"), as_attachment=True, filename=f"data-{job.number}.zip")
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def opt_outs(request: HttpRequest, site_id: int) -> HttpResponse:
    """People whom the site does not track."""
    site = access_site(request.user, site_id, Role.ADMIN)
    form = OptOutForm(request.POST or None, site=site)
    if request.method == "POST" and form.is_valid():
        marks = form.cleaned_data["subject"].marks
        target = "tracked again" if "undo" in request.POST else "opted out"
        do_record(request.user, Action.PRIVACY_REQUEST, None, site, target=f"A person: {target}", request=request)
        if "undo" in request.POST:
            changed = do_opt_in(site, marks)
            messages.success(request, "Tracked again from now on." if changed else "There was no such opt-out.")
        else:
            do_opt_out(site, marks)
            messages.success(
                request, "Not tracked any more, within seconds. What is held already stays until it is deleted."
            )
        return redirect("privacy-opt-outs", site_id=site.pk)
    return shown(request, site, "opt_outs", form=form, part="opt-outs", number=OptOut.objects.filter(site=site).count())
