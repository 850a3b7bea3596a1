"""A site's health: is everything that is sent arriving, and what became of the rest. Asks again every ten seconds."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import access_site
from accounts.actions import send_task
from accounts.audit import Action, do_record
from accounts.models import Role
from analytics.queries import health
from analytics.queries.health import OUTCOMES, Example, Minute, Quality
from analytics.services.backlog import Waiting, get_waiting
from dashboards.names import compact, duration
from dashboards.panel import panel
from dashboards.state import State

NAMES = {
    "stored": "Stored", "duplicate": "Duplicates", "sampled_out": "Sampled out", "dropped": "Left out",
    "rejected": "Rejected", "bot": "Bots",
}  # fmt: skip
REASONS = {
    "do_not_track": "Do Not Track is honoured", "global_privacy_control": "Global Privacy Control is honoured",
    "no_consent": "No consent yet", "blocked_hostname": "Host name not allowed", "blocked_path": "Path left out",
    "blocked_country": "Country left out", "blocked_address": "Address left out", "sampled_out": "Not in the sample",
    "bot_user_agent": "A bot by its user agent", "no_user_agent": "No user agent", "headless": "Headless browser",
    "automation": "Browser under automation", "suspicious": "Odd headers at an inhuman rate",
    "not_an_event": "Not in the shape of an event", "bad_event_id": "Event id is no UUID",
    "bad_event_type": "Event type cannot be used", "bad_url": "Page address cannot be used",
    "bad_timestamp": "Time cannot be read", "too_old": "Too old for a browser", "past_retention": "Older than is kept",
    "in_future": "In the future", "bad_revenue": "Revenue is no amount", "bad_currency": "Currency is no code",
    "bad_consent": "An answer about consent that is none",
    "too_large": "Too large or too deep", "bad_property": "A property is not as the schema has it",
    "missing_property": "A required property is missing", "unknown_property": "A property that the schema does not name",
    "not_storable": "Refused by the event store", "replayed": "Taken in after all", "": "",
}  # fmt: skip
STALE = timedelta(hours=24)
HEIGHT = 60


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    parts: list[tuple[str, float, float]]  # outcome, y, height
    text: str


@dataclass(frozen=True, slots=True)
class Factor:
    label: str
    share: str
    how: str
    state: str  # good, warn, bad or ""


@dataclass(frozen=True, slots=True)
class Shown:
    example: Example
    reason: str
    payload: str


def bars(minutes: list[Minute], state: State) -> list[Bar]:
    most = max([sum(minute.events.values()) for minute in minutes] + [1])
    made = []
    for i, minute in enumerate(minutes):
        top, parts = float(HEIGHT), []
        for outcome in OUTCOMES:
            if number := minute.events.get(outcome, 0):
                height = max(1.0, round(HEIGHT * number / most, 1))
                top -= height
                parts.append((outcome, round(top, 1), height))
        told = ", ".join(f"{number:,} {NAMES[name].lower()}" for name, number in minute.events.items()) or "nothing"
        made.append(Bar(i * 10, parts, f"{minute.at.astimezone(state.zone):%H:%M}: {told}"))
    return made


def percent(share: float | None) -> str:
    """Never rounded up to 100: one that is missing shows."""
    if share is None:
        return "–"
    return "100%" if share == 1 else f"{int(share * 1000) / 10:.1f}%" if share < 1 else f"{share * 100:.0f}%"


def state_of(share: float | None) -> str:
    return "" if share is None else "good" if share >= 0.99 else "warn" if share >= 0.95 else "bad"


def factors(quality: Quality) -> list[Factor]:
    late = f"half within {quality.delay_p50:.1f} s, 95 % within {quality.delay_p95:.1f} s" if quality.delay_p50 else ""
    return [
        Factor(
            "Valid", percent(quality.valid), f"{quality.rejected:,} of {quality.received:,} events rejected",
            state_of(quality.valid),
        ),
        Factor(
            "Complete", percent(quality.completeness),
            f"{quality.missing:,} missing in what the script numbered" if quality.completeness is not None
            else "no event of the script to tell by",
            state_of(quality.completeness),
        ),
        Factor(
            "Fresh", percent(quality.freshness), f"visible within 60 s; {late}" if late else "",
            state_of(quality.freshness),
        ),
    ]  # fmt: skip


def pretty(payload: str) -> str:
    try:
        return json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return payload


def waiting_now() -> list[Waiting] | None:
    try:
        return get_waiting()
    except redis.RedisError:
        return None


def ago(moment: datetime, now: datetime) -> str:
    seconds = max(0.0, (now - moment).total_seconds())
    if seconds < 90:
        return f"{seconds:.0f} s ago"
    return f"{duration(seconds)} ago" if seconds < 86_400 else f"{seconds / 86_400:.0f} days ago"


@panel("dashboards/panels/health.html")
def now(state: State, **_: str) -> dict[str, Any]:
    site, at = state.site.pk, state.now
    quality, minutes = health.get_quality(site, at), health.get_minutes(site, at)
    fresh, waiting = health.get_freshness(site), waiting_now()
    last_hour = {name: sum(minute.events.get(name, 0) for minute in minutes) for name in OUTCOMES}
    return {
        "quality": quality,
        "score": percent(quality.score),
        "score_state": state_of(quality.score),
        "factors": factors(quality),
        "last_event": ago(fresh.last_received, at) if fresh.last_received else "",
        "rate": compact(last_hour["stored"] / 60),
        "bars": bars(minutes, state),
        "legend": [(name, NAMES[name], f"{last_hour[name]:,}") for name in OUTCOMES],
        "waiting": sum(item.requests for item in waiting) if waiting is not None else None,
        "lag": duration(max([item.seconds for item in waiting or []] + [0])),
        "trackers": [(name, f"{n:,}", ago(seen, at)) for name, n, seen in health.get_trackers(site)],
    }  # fmt: skip


@panel("dashboards/panels/refused.html", people=True)  # examples are events as they came
def refused(state: State, **_: str) -> dict[str, Any]:
    site, at = state.site.pk, state.now
    return {
        "reasons": [
            (NAMES.get(item.outcome, item.outcome), REASONS.get(item.reason, item.reason), f"{item.events:,}",
             ago(item.last_seen, at))
            for item in health.get_reasons(site, at - timedelta(days=7))
            if item.reason
        ],
        "examples": [
            Shown(example, REASONS.get(example.reason, example.reason), pretty(example.payload))
            for example in health.get_examples(site)
        ],
    }  # fmt: skip


@require_GET
@login_required
def view(request: HttpRequest, site_id: int) -> HttpResponse:
    return render(request, "dashboards/health.html", {"site": access_site(request.user, site_id)})


@require_POST
@login_required
def replay(request: HttpRequest, site_id: int) -> HttpResponse:
    """Take in what was refused for one reason: in the background, and what is still refused stays."""
    site = access_site(request.user, site_id, Role.ADMIN)
    kind, reason = request.POST.get("kind", ""), request.POST.get("reason", "")
    if kind not in ("rejected", "bot") or reason not in REASONS:
        messages.error(request, "Nothing is replayed: choose one of the reasons on this page.")
        return redirect("health", site_id=site.pk)
    try:
        send_task("ingestion.replay", site_id=site.pk, kind=kind, reason=reason)
    except OSError as error:
        messages.error(request, f"Nothing is replayed: {error} Is the worker running?")
        return redirect("health", site_id=site.pk)
    do_record(request.user, Action.EVENTS_REPLAYED, None, site, target=kind, after={"reason": reason}, request=request)
    messages.success(
        request, "On their way. What is still refused stays in the list; the figures follow within seconds."
    )
    return redirect("health", site_id=site.pk)
