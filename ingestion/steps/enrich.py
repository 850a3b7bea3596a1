"""Steps that add what follows from the request and the page."""

from ingestion.catalogue import PASSIVE
from ingestion.drops import Drop, Reason
from ingestion.enrich.sources import get_acquisition
from ingestion.enrich.timezones import country_of_timezone
from ingestion.enrich.urls import clean_referrer, clean_url
from ingestion.row import Context, Draft


def cut(text: str | None, length: int) -> str:
    return text.replace("\x00", "")[:length] if text else ""


def put_page(draft: Draft, context: Context) -> Drop | None:
    page, row = draft.event.page, draft.row
    hostname, path, url = clean_url(page.url, context.site.query_params)
    if not hostname or not page.url.lower().startswith(("http://", "https://")):
        return Drop(Reason.BAD_URL, "page.url", repr(page.url[:200]))
    row.hostname, row.path, row.url = hostname, path, url
    row.title = cut(page.title, 300)
    row.interactive = row.event_type not in PASSIVE
    row.tracker = context.tracker
    return None


def put_agent(draft: Draft, context: Context) -> None:
    device, row, agent = draft.event.device, draft.row, context.agent
    if not context.trusted:
        row.device_type, row.is_mobile = agent.device_type, agent.is_mobile
        row.os, row.os_version = agent.os, agent.os_version
        row.browser, row.browser_version = agent.browser, agent.browser_version
    row.language = context.language
    if device is None:
        return
    row.screen_resolution, row.viewport_size = cut(device.screen_resolution, 16), cut(device.viewport_size, 16)
    row.language = cut(device.language, 16) or row.language
    if context.trusted:
        row.device_type = cut(device.device_type, 16)
        row.is_mobile = device.is_mobile if device.is_mobile is not None else row.device_type in ("mobile", "tablet")
        row.os, row.os_version = cut(device.os, 32), cut(device.os_version, 16)
        row.browser, row.browser_version = cut(device.browser, 32), cut(device.browser_version, 16)


def put_place(draft: Draft, context: Context) -> None:
    """From the address by the MMDB file; the browser's time zone names the country where that knows nothing."""
    geo, row, place = draft.event.geo, draft.row, context.place
    zone = cut(geo.timezone, 64) if geo else ""
    if context.trusted and geo:
        row.country, row.region, row.city = cut(geo.country, 2).upper(), cut(geo.region, 64), cut(geo.city, 128)
    elif not context.trusted:
        row.country, row.region, row.city = place.country, place.region, place.city
    row.timezone = zone or place.timezone
    if not row.country and zone:
        row.country = country_of_timezone(zone)


def put_acquisition(draft: Draft, context: Context) -> None:
    """Where this page view came from; the writer lends the first page view's answer to the whole session."""
    page, row = draft.event.page, draft.row
    own = (context.site.domain, row.hostname)
    tags = (page.utm_source, page.utm_medium, page.utm_campaign, page.utm_term, page.utm_content)
    found = get_acquisition(page.url, page.referrer or "", own, tuple(cut(tag, 200) for tag in tags))
    row.page_referrer = clean_referrer(page.referrer or "")
    row.referrer, row.source, row.medium, row.channel = found.referrer, found.source, found.medium, found.channel
    row.utm_source, row.utm_medium, row.utm_campaign = found.utm_source, found.utm_medium, found.utm_campaign
    row.utm_term, row.utm_content = found.utm_term, found.utm_content
    row.click_id = found.click_id
    row.entry_page = row.path
