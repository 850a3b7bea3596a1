"""A mail at once, to see what it looks like."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.access import access_site
from accounts.models import Role, User
from analytics.queries.store import StoreError
from analytics.saved.mails import do_send
from analytics.saved.models import Report


@require_POST
@login_required
def send(request: HttpRequest, site_id: int, pk: int) -> HttpResponse:
    """To the person who asks for it alone."""
    site = access_site(request.user, site_id, Role.ANALYST)
    report = Report.objects.select_related("site").filter(site=site, pk=pk).first()
    if report is None:
        raise Http404("There is no such page.")
    assert isinstance(request.user, User)
    report.recipients, now = [request.user.email], datetime.now(UTC)
    today = now.astimezone(ZoneInfo(site.timezone)).date()
    due = today.replace(day=1) if report.kind == Report.Kind.MONTHLY else today
    if report.kind == Report.Kind.WEEKLY:
        due = today - timedelta(days=today.weekday())
    try:
        taken = do_send(report, due.isoformat(), now)
    except StoreError as error:
        taken, why = False, str(error)
    else:
        why = "the mail server did not take it. Is EMAIL_URL set?"
    if taken:
        messages.success(request, f"A mail is on its way to {request.user.email}.")
    else:
        messages.error(request, f"Nothing was sent: {why}")
    return redirect("reports", site_id=site.pk)
