"""Working a request, step by step. A worker that is killed leaves its steps behind, and another goes on with the first that
is not done; each step may be repeated.

1. What waits in the buffer is written, so that it is found.
2. The ids are resolved, and kept until the end: once events are gone, they could not be found again.
3. An export is packed. An erasure goes through the storages of the registry, and then searches all of them again: what came
   meanwhile is erased in another round.
4. The ids are forgotten, and the parts and files in which the deleted data still lies are waited for until they are gone.
5. The receipt is signed.
"""

import logging
from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils.timezone import now

from accounts.actions import send_task
from accounts.audit import Action, do_record
from accounts.models import Site, User
from analytics.clickhouse import client
from analytics.privacy import archive, removal
from analytics.privacy.holding import hold
from analytics.privacy.models import PrivacyRequest
from analytics.privacy.reach import Reach
from analytics.privacy.receipt import make_receipt
from analytics.privacy.registry import STORAGES
from analytics.privacy.removal import NotYet
from analytics.privacy.stores.buffered import do_compact, do_write_queued
from analytics.privacy.subject import Subject, mark_of
from ingestion import buffer
from ingestion.pause import NotPaused, writers_paused

log = logging.getLogger(__name__)
ROUNDS = 5
WAITING = (PrivacyRequest.State.WAITING, PrivacyRequest.State.RUNNING)
FIRST = (("queue", "Write what waits in the buffer"), ("resolve", "Find the ids, devices and visits"))
LAST = (
    ("verify", "Search everywhere again"),
    ("forget", "Forget the ids"),
    ("disk", "Wait until it is gone from the disks"),
    ("receipt", "Sign the receipt"),
)


def steps_of(kind: str) -> list[dict[str, Any]]:
    names: list[tuple[str, str]] = [*FIRST]
    if kind == PrivacyRequest.Kind.ERASURE:
        names += [(f"erase:{storage.name}", storage.about) for storage in STORAGES.values()]
        names += LAST
    else:
        names += [("archive", "Pack what is held"), ("forget", "Forget the ids")]
    return [{"name": name, "about": about, "state": "waiting", "found": 0, "left": 0} for name, about in names]


def do_request(site: Site, user: User | None, kind: str, named_by: str, subject: Subject) -> PrivacyRequest:
    job = PrivacyRequest.objects.create(
        site=site, created_by=user, kind=kind, named_by=named_by, subject=subject.encode(), steps=steps_of(kind),
        mark=mark_of(site.pk, subject),
    )  # fmt: skip
    try:
        send_task("privacy.work", request_id=job.pk)
    except OSError:
        log.info("The request %s waits until the queue is back.", job.number)
    return job


def do_withdraw(job: PrivacyRequest) -> bool:
    """False once it has begun."""
    return bool(PrivacyRequest.objects.filter(pk=job.pk, state=PrivacyRequest.State.WAITING).delete()[0])


def do_work(request_id: int) -> None:
    """One request at a time; the lease ends by itself when its holder is killed."""
    with hold(buffer.key("lease", "privacy")) as held:
        job = PrivacyRequest.objects.select_related("site").filter(pk=request_id, state__in=WAITING).first()
        if not held or job is None:
            return
        try:
            do_steps(job)
        except (NotYet, NotPaused, client.StoreError, redis.RedisError, buffer.BufferError, OSError) as error:
            log.warning("The request %s waits: %s", job.number, error)
            put_error(job, str(error))
        except Exception as error:
            put_error(job, f"It failed ({type(error).__name__}); the log says why. It is tried again every minute.")
            raise


def put_error(job: PrivacyRequest, text: str) -> None:
    PrivacyRequest.objects.filter(pk=job.pk).update(error=text[:300])


def do_steps(job: PrivacyRequest) -> None:
    job.state, job.started_at, job.error = PrivacyRequest.State.RUNNING, job.started_at or now(), ""
    job.save(update_fields=["state", "started_at", "error"])
    reach = Reach(job.pk, Subject.decode(job.site_id, job.subject))
    for step in job.steps:
        if step["state"] != "done":
            step["state"] = "running"
            save_steps(job)
            do_step(job, reach, step)
            step["state"] = "done"
            save_steps(job)
    finish(job)


def save_steps(job: PrivacyRequest) -> None:
    job.save(update_fields=["steps"])


def do_step(job: PrivacyRequest, reach: Reach, step: dict[str, Any]) -> None:
    name: str = step["name"]
    if name.startswith("erase:"):
        erase_from(job, reach, step)
    else:
        step["found"] = STEPS[name](job, reach)


def erase_from(job: PrivacyRequest, reach: Reach, step: dict[str, Any], before: int = 0) -> None:
    """`found` is written before anything goes, so that it survives a worker that is killed. `before`: of former rounds."""
    name = step["name"].removeprefix("erase:")
    storage = STORAGES.get(name)
    if storage is None:  # of an earlier version
        return
    step["found"] = max(step["found"], before + held(name, reach))
    save_steps(job)
    if storage.paused:
        with writers_paused() as pause:
            storage.erase(reach)
            pause.check()
    else:
        storage.erase(reach)


def held(name: str, reach: Reach) -> int:
    """How much a storage holds. Rows made from events are counted before events go, by those that the person touched."""
    from analytics.privacy.stores.tables import VIEWS

    return reach.count(name, VIEWS[name][0]) if name in VIEWS else STORAGES[name].find(reach)


def verify(job: PrivacyRequest, reach: Reach) -> int:
    """What is still found is erased, round after round. Raises NotYet for a person who goes on browsing all the time."""
    for _ in range(ROUNDS):
        do_write_queued(reach)
        reach.resolve()
        left = {name: found for name, storage in STORAGES.items() if (found := storage.find(reach))}
        for step in job.steps:
            if step["name"].startswith("erase:"):
                step["left"] = left.get(step["name"].removeprefix("erase:"), 0)
        save_steps(job)
        if not left:
            return 0
        for name in (name for name in STORAGES if name in left or STORAGES[name].paused):
            step = job.find_step(f"erase:{name}")
            erase_from(job, reach, step, before=step["found"])
    raise NotYet(f"Something is still found in {', '.join(left)}; it is erased again.")


def forget(job: PrivacyRequest, reach: Reach) -> int:
    count = reach.count("privacy_reach", "request = {request:UInt64}")
    removal.delete(reach, "privacy_reach", "request = {request:UInt64}")
    return count


def clear_disks(job: PrivacyRequest, reach: Reach) -> int:
    tables = [
        place.removeprefix("table:") for one in STORAGES.values() for place in one.covers if place.startswith("table:")
    ]
    for table in tables:
        removal.apply_masks(table, reach.beat)
    removal.end_old_parts([*tables, "privacy_reach"], reach.beat)
    do_compact(reach.beat)
    clear_journal()
    return 0


def clear_journal() -> None:
    """SQLite writes over what is deleted, but not in the journal beside the database until that is emptied."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    try:
        with connection.cursor() as cursor:
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except OperationalError:
        busy = True
    if busy:
        raise NotYet("Waiting for readers of the database's journal.")


STEPS: dict[str, Callable[[PrivacyRequest, Reach], int]] = {
    "queue": lambda job, reach: do_write_queued(reach),
    "resolve": lambda job, reach: reach.resolve(),
    "archive": archive.do_archive,
    "verify": verify,
    "forget": forget,
    "disk": clear_disks,
    "receipt": lambda job, reach: 0,
}


def finish(job: PrivacyRequest) -> None:
    """All of it or nothing: a request without its subject could not be gone on with."""
    job.state, job.finished_at = PrivacyRequest.State.DONE, now()
    with transaction.atomic():
        if job.kind == PrivacyRequest.Kind.ERASURE:
            job.receipt = make_receipt(job)
            # Earlier requests about the same person, answered or not, have nothing left to be about.
            PrivacyRequest.objects.filter(site=job.site, mark=job.mark).update(subject="")
            job.subject = ""
        job.save(update_fields=["state", "finished_at", "receipt", "subject"])
        do_record("worker", Action.PRIVACY_REQUEST_DONE, None, job.site, target=str(job), after=counts_of(job))
    log.info("The request %s of site %s is done.", job.number, job.site_id)


def counts_of(job: PrivacyRequest) -> dict[str, int]:
    return {step["name"].removeprefix("erase:"): step["found"] for step in job.steps if step["found"]}


def do_resume() -> None:
    """Those that nobody works on, the oldest first; archives that were there long enough go."""
    for job in PrivacyRequest.objects.filter(state__in=WAITING).order_by("created_at"):
        do_work(job.pk)
    too_old = now() - PrivacyRequest.KEPT_FOR
    kept = PrivacyRequest.objects.filter(kind=PrivacyRequest.Kind.EXPORT).exclude(finished_at__lt=too_old)
    names = {str(number) for number in kept.values_list("number", flat=True)}
    for path in (settings.DATA_DIR / "privacy").glob("*"):
        if path.stem not in names:
            path.unlink(missing_ok=True)
