"""Whether the audit log is whole."""

from dataclasses import dataclass, replace

from django.db import transaction

from accounts.audit import hash_of, is_signed, lock_head
from accounts.audit_models import AuditEntry, AuditHead

PIECE = 2000


@dataclass(frozen=True, slots=True)
class Verdict:
    """`problem` is empty where the log is whole; `number`: the first entry that is altered or missing."""

    entries: int
    head: str
    problem: str = ""
    number: int | None = None


def verify(known_head: str = "") -> Verdict:
    """`known_head`: NUMBER:HASH as an earlier run told it, which also shows a log that was replaced as a whole."""
    head = AuditHead.objects.filter(pk=1).first()
    if head is None:
        first = AuditEntry.objects.order_by("number").first()
        return Verdict(0, "") if first is None else Verdict(0, "", "The head of the log is missing.", first.number)
    found = walk(head)
    with transaction.atomic():  # what was written meanwhile, while nobody writes
        now = lock_head()
        if now.anchor != head.anchor:
            return verify(known_head)
        if not found.problem:
            found = walk(now, head)
        if not found.problem and now.number and not is_signed(now):
            text = (
                "The signature of the head does not fit: the head was altered, or the server's SECRET_KEY was changed."
            )
            found = replace(found, problem=text, number=now.number)
    if not found.problem:
        problem, number = compare(known_head, now)
        found = replace(found, problem=problem, number=number)
    return replace(found, head=f"{now.number}:{now.hash}")


def walk(head: AuditHead, seen: AuditHead | None = None) -> Verdict:
    """Entry by entry up to the head; from the anchor, or from the head that was walked to before (`seen`)."""
    number, previous = (seen.number, seen.hash) if seen else (head.anchor, head.anchor_hash)
    entries, start = AuditEntry.objects.order_by("number"), number
    entries = entries.filter(number__gt=number) if seen else entries.filter(number__lte=head.number)
    for entry in entries.iterator(chunk_size=PIECE):
        problem, wrong = fault(entry, number, previous, number == start)
        if problem:
            return Verdict(number - head.anchor, "", problem, wrong)
        number, previous = entry.number, entry.hash
    if number < head.number:
        text = f"Entry {number + 1} is missing: the end of the log was cut off."
        return Verdict(number - head.anchor, "", text, number + 1)
    if number > head.number or previous != head.hash:
        text = f"Entry {number} was altered or added: the head tells of another."
        return Verdict(number - head.anchor, "", text, number)
    return Verdict(number - head.anchor, "")


def fault(entry: AuditEntry, number: int, previous: str, is_first: bool) -> tuple[str, int]:
    """What is wrong with the entry that comes after the entry `number`, and with which."""
    if entry.number > number + 1:
        return f"Entry {number + 1} is missing.", number + 1
    if entry.number <= number:
        return f"Entry {entry.number} was dropped, and put back.", entry.number
    if hash_of(entry) != entry.hash:
        return f"Entry {entry.number} was altered.", entry.number
    if entry.previous != previous:
        wrong = entry.number if is_first else number
        return f"Entry {wrong} was altered, and its hash with it.", wrong
    return "", 0


def compare(known: str, head: AuditHead) -> tuple[str, int | None]:
    if not known:
        return "", None
    text, _, wanted = known.partition(":")
    if not text.isdecimal() or not wanted:
        raise ValueError("The head is given as NUMBER:HASH, as this command prints it.")
    number = int(text)
    if number < head.anchor:
        return "", None  # retention has dropped it since
    held = head.anchor_hash if number == head.anchor else None
    if held is None:
        entry = AuditEntry.objects.filter(number=number).first()
        held = entry.hash if entry else ""
    return ("", None) if held == wanted else (f"Entry {number} is not the one that was known.", number)
