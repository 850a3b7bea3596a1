"""What is handed out to a person: a ZIP with a readable list of what is held, and a JSON file for each storage."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from analytics.privacy.models import PrivacyRequest
from analytics.privacy.reach import Reach
from analytics.privacy.registry import STORAGES
from analytics.privacy.stores.files import folder

HEAD = """What {site} holds of you
{line}

Request {number}, asked for on {asked}. The files beside this one are JSON, which any editor shows.
Ids in them are codes from which your own id cannot be worked out.

"""
FOOT = """
Counts and lists that are made from these records say nothing more than they do, so they are not listed again.
Visits without consent and without a sign-in are counted under a code that changes every day, and its key is destroyed
after two days. After that nobody, we included, can tell that they were yours, unless your browser was given a token in time.
"""


def path_of(job: PrivacyRequest) -> Path:
    return folder() / f"{job.number}.zip"


def write_list(file: IO[bytes], rows: Iterator[dict[str, Any]], reach: Reach) -> int:
    count = 0
    file.write(b"[")
    for row in rows:
        file.write(
            (",\n" if count else "\n").encode() + json.dumps(row, ensure_ascii=False, indent=2, default=str).encode()
        )
        count += 1
        if count % 1000 == 0:
            reach.beat()
    file.write(b"\n]\n")
    return count


def do_archive(job: PrivacyRequest, reach: Reach) -> int:
    """How many records are in it. An unfinished one is begun anew."""
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    target, lines, total = path_of(job), [], 0
    draft = target.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as pack:
        for storage in STORAGES.values():
            rows = list_of(storage.export(reach))
            if rows is None:
                continue
            with pack.open(f"{storage.name}.json", "w") as file:
                count = write_list(file, rows, reach)
            lines.append(f"{storage.name + '.json':24} {count:>8}  {storage.about}")
            total += count
        asked = f"{job.created_at:%Y-%m-%d}"
        title = HEAD.format(
            site=job.site.domain, line="=" * (len(job.site.domain) + 22), number=job.number, asked=asked
        )
        pack.writestr("README.txt", title + "\n".join(lines) + "\n" + FOOT)
    draft.replace(target)
    return total


def list_of(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]] | None:
    """None where there is nothing of the person."""
    first = next(rows, None)
    return None if first is None else chained(first, rows)


def chained(first: dict[str, Any], rest: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield first
    yield from rest
