"""Pages on which saved things are listed, added, changed and deleted: one class, one template."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import access_site
from accounts.audit import Action, do_record
from accounts.mail import absolute
from accounts.models import Role, Site
from analytics.queries.dimensions import BadQuery
from analytics.queries.store import StoreError
from analytics.saved.history import target_of, told_of
from analytics.saved.models import Link
from dashboards.library.forms import SavedForm

Row = Sequence[str]
Told = dict[str, Any] | None


@dataclass(frozen=True)
class Shelf:
    """`row`: what the list shows of a thing. `saved`: what happens after one was saved; `deleted`: what deletes it."""

    name: str
    title: str
    about: str
    model: type[Model]
    form: type[SavedForm]
    heads: Sequence[str]
    row: Callable[[Any, Site], Row]
    empty: str
    one: str
    role: Role = Role.ANALYST
    template: str = "dashboards/library/shelf.html"
    initial: Callable[[HttpRequest], dict[str, Any]] = field(default=lambda request: {})
    saved: Callable[[Any, HttpRequest], None] = field(default=lambda thing, request: None)
    deleted: Callable[[Any], object] = field(default=lambda thing: thing.delete())
    more: Callable[[Site], dict[str, Any]] = field(default=lambda site: {})  # for the template

    def things(self, site: Site) -> Any:
        return self.model._default_manager.filter(site=site)

    def find(self, site: Site, pk: int) -> Any:
        found = self.things(site).filter(pk=pk).first()
        if found is None:
            raise Http404("There is no such page.")
        return found

    @property
    def view(self) -> Callable[..., HttpResponse]:
        @require_http_methods(["GET", "HEAD", "POST"])
        @login_required
        def view(request: HttpRequest, site_id: int, pk: int | None = None) -> HttpResponse:
            site = access_site(request.user, site_id, self.role)
            thing = self.find(site, pk) if pk is not None else None
            before = told_of(thing) if thing else None
            with timezone.override(ZoneInfo(site.timezone)):
                form = self.form(
                    request.POST or None, site=site, instance=thing, initial=None if thing else self.initial(request)
                )
                if request.method == "POST" and form.is_valid():
                    return self.do_save(request, form, site, before)
                rows = [(one, self.row(one, site)) for one in self.things(site)]
                shown = {
                    "site": site,
                    "shelf": self,
                    "form": form,
                    "thing": thing,
                    "rows": rows,
                    "tab": self.name,
                    "base": absolute(request, "/").rstrip("/"),
                    **self.more(site),
                }
                return render(request, self.template, shown)

        return view

    def record(self, request: HttpRequest, thing: Any, target: str, before: Told, after: Told) -> None:
        is_link = isinstance(thing, Link)
        if after is None:
            action = Action.LINK_DELETED if is_link else Action.SAVED_DELETED
        elif before is None:
            action = Action.LINK_MADE if is_link else Action.SAVED_MADE
        else:
            action = Action.LINK_CHANGED if is_link else Action.SAVED_CHANGED
        do_record(request.user, action, None, thing.site, target=target, before=before, after=after, request=request)

    def do_save(self, request: HttpRequest, form: SavedForm, site: Site, before: Told) -> HttpResponse:
        if hasattr(form.instance, "created_by_id") and form.instance.created_by_id is None:
            form.instance.created_by = request.user
        thing = form.save()
        self.record(request, thing, target_of(self.one, thing), before, told_of(thing))
        try:
            self.saved(thing, request)
        except (BadQuery, StoreError) as error:
            messages.error(request, f"Saved, but: {error}")
        else:
            messages.success(request, "Saved.")
        return redirect(self.name, site_id=site.pk)

    @property
    def delete(self) -> Callable[..., HttpResponse]:
        @require_POST
        @login_required
        def delete(request: HttpRequest, site_id: int, pk: int) -> HttpResponse:
            site = access_site(request.user, site_id, self.role)
            thing = self.find(site, pk)
            before, target = told_of(thing), target_of(self.one, thing)
            try:
                self.deleted(thing)
                self.record(request, thing, target, before, None)
            except StoreError as error:
                messages.error(request, f"Nothing is deleted: {error}")
            else:
                messages.success(request, f"{str(thing)[:80]} is deleted.")
            return redirect(self.name, site_id=site.pk)

        return delete
