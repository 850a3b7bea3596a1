"""A dashboard as a PDF: the period and the filters of its address, with the figures that the report mails have."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.audit import Action, do_record
from analytics.queries.dimensions import BadQuery
from analytics.queries.store import StoreError
from analytics.saved.digest import Asked, get_digest
from dashboards.door import Closed, enter
from dashboards.panel import explain
from dashboards.state import State, get_state

LISTS = {
    "executive": ("path", "source", "country", "device_type"),
    "product": ("event_type", "path", "browser", "device_type"),
    "marketing": ("channel", "source", "utm_campaign", "entry_page", "referrer", "country"),
}


@require_GET
def view(request: HttpRequest, site_id: int, page: str) -> HttpResponse:
    if page not in LISTS:
        raise Http404("There is no such page.")
    try:
        door = enter(request, site_id)
    except Closed as closed:
        return closed.answer
    if door.link and door.link.page != page:
        raise Http404("There is no such page.")
    state = get_state(request, door)
    from analytics.saved.pdf import to_pdf  # its library takes long to import

    asked = Asked(state.site, state.dates, state.filters, state.compared, LISTS[page])
    try:
        made = to_pdf(get_digest(asked, state.now, f"{page}.pdf"), state.now, told(state))
    except (BadQuery, StoreError) as error:
        message = str(error) if isinstance(error, BadQuery) else explain(str(error))
        return render(request, "dashboards/unavailable.html", {"site": state.site, "message": message}, status=503)
    link = {"link": door.link.pk} if door.link else None
    do_record(request.user, Action.EXPORTED, None, door.site, target=f"{page} as a PDF", after=link, request=request)
    answer = HttpResponse(made, content_type="application/pdf")
    file = f"{state.site.domain}-{page}-{state.dates.first}-{state.dates.last}.pdf"
    answer["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer


def told(state: State) -> str:
    chips = [] if state.is_guest else state.chips
    return "; ".join(" ".join(filter(None, [chip.label, chip.word, chip.value])) for chip in chips)
