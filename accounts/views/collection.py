"""Settings of a site beside the general ones: tracking, filters, event types."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import access_site
from accounts.address import client_address
from accounts.audit import Action, record_change
from accounts.collection_forms import CAPTURED, CollectionForm, EventSchemaForm, FilterForm, TrackingForm
from accounts.mail import absolute
from accounts.models import EventSchema, Role
from accounts.views.sites import snippet_of
from analytics.privacy import history

SAVED = "Saved. New events follow it within seconds, scripts that are already on a page within five minutes."

ABOUT_CONSENT = ("consent", "bridges", "honour_dnt", "honour_gpc")


def edit(request: HttpRequest, site_id: int, kind: type[CollectionForm], page: str) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    form = kind(request.POST or None, site=site)
    if request.method == "POST" and form.is_valid():
        before = form.kept()
        with history.noted(site, request.user):
            form.save()
        after = form.kept()
        asks = any(before[name] != after[name] for name in ABOUT_CONSENT)
        action = Action.CONSENT_CHANGED if asks else Action.SETTINGS_CHANGED
        record_change(request.user, action, site, before, after, target=page, request=request)
        messages.success(request, SAVED)
        return redirect(f"settings-{page}", site_id=site.pk)
    address = absolute(request, "/")
    context = {
        "form": form, "site": site, "tab": page, "captured": CAPTURED, "address": client_address(request),
        "snippet": snippet_of(request, site), "base": address.rstrip("/"),
        "held_snippet": snippet_of(request, site).replace(" data-site", ' data-consent="required" data-site'),
    }  # fmt: skip
    return render(request, f"accounts/settings_{page}.html", context)


def told(schema: EventSchema) -> dict[str, object]:
    return {"event_type": schema.event_type, "mode": schema.mode, "schema": schema.schema}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def tracking(request: HttpRequest, site_id: int) -> HttpResponse:
    return edit(request, site_id, TrackingForm, "tracking")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def filters(request: HttpRequest, site_id: int) -> HttpResponse:
    return edit(request, site_id, FilterForm, "filters")


@require_GET
@login_required
def event_types(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    return render(
        request, "accounts/settings_events.html", {"site": site, "tab": "events", "own": site.event_schemas.all()}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def event_type(request: HttpRequest, site_id: int, schema_id: int | None = None) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    own = site.event_schemas.filter(pk=schema_id).first() if schema_id is not None else None
    if schema_id is not None and own is None:
        raise Http404("There is no such page.")
    form = EventSchemaForm(request.POST or None, site=site, own=own)
    if request.method == "POST" and form.is_valid():
        before = told(own) if own else {}
        saved = form.save()
        record_change(request.user, Action.SETTINGS_CHANGED, site, before, told(saved),
                      target=f"schema {saved.event_type}", request=request)  # fmt: skip
        messages.success(request, "Saved. What was rejected before can be tried again on the Health page.")
        return redirect("settings-events", site_id=site.pk)
    return render(request, "accounts/event_type.html", {"form": form, "site": site, "tab": "events", "own": own})


@require_POST
@login_required
def delete_event_type(request: HttpRequest, site_id: int, schema_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    own = EventSchema.objects.filter(site=site, pk=schema_id).first()
    if own is None:
        raise Http404("There is no such page.")
    own.delete()
    record_change(request.user, Action.SETTINGS_CHANGED, site, told(own), {}, target=f"schema {own.event_type}",
                  request=request)  # fmt: skip
    messages.success(request, f"The schema of {own.event_type} is gone; such events are taken as they come.")
    return redirect("settings-events", site_id=site.pk)
