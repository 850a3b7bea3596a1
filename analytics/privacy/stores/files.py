"""Files of the data folder that hold people: exports of a site, and the archives of earlier requests."""

import csv
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.cache import cache

from analytics.privacy.reach import Reach
from analytics.privacy.removal import NotYet
from analytics.privacy.subject import Subject
from analytics.saved.exports import LEASE_SECONDS, do_delete, folder_of, path_of
from analytics.saved.models import Export

COLUMNS = ("session_id", "visitor_id", "person_id")
ID = re.compile(rb'\s*"(?:session_id|visitor_id|person_id)": "([0-9a-f]+)"')  # in a line of events.json


def folder() -> Path:
    return Path(settings.DATA_DIR) / "privacy"


def hexadecimal(number: int) -> str:
    """As ClickHouse's lower(hex()) has it: whole bytes, without leading zeros."""
    text = f"{number:x}"
    return text.zfill(len(text) + len(text) % 2)


def ids_in(path: Path, form: str) -> Iterator[set[str]]:
    """The ids of a file, some rows at a time; of an unfinished part as well."""
    if form == "parquet":
        import pyarrow.parquet as pq

        source = pq.ParquetFile(path)
        wanted = [name for name in COLUMNS if name in source.schema_arrow.names]
        for batch in source.iter_batches(columns=wanted):
            yield {value for column in batch.columns for value in column.to_pylist()}
        return
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file) if form == "csv" else (json.loads(line) for line in file if line.strip())
        for row in rows:
            yield {str(row.get(name)) for name in COLUMNS}


def holds(path: Path, form: str, wanted: set[str]) -> bool:
    return any(found & wanted for found in ids_in(path, form))


def ids_of(reach: Reach) -> set[int]:
    return reach.ids_of("person", "visitor", "device", "touched")


def holding(reach: Reach) -> Iterator[Export]:
    wanted = {hexadecimal(number) for number in ids_of(reach)}
    for job in Export.objects.filter(site_id=reach.site_id):
        reach.beat()
        files = [path for path in (path_of(job), *folder_of(job).glob("*.part")) if path.exists()]
        begun = any(folder_of(job).glob("*.tmp"))
        if begun or any(holds(path, job.format, wanted) for path in files):
            yield job


def find_exports(reach: Reach) -> int:
    return sum(1 for _ in holding(reach))


def erase_exports(reach: Reach) -> None:
    """An export that is done goes. One that is being made begins again."""
    for job in list(holding(reach)):
        lease = f"export:{job.pk}"
        if not cache.add(lease, 1, LEASE_SECONDS):
            raise NotYet("An export of the site is being made; waiting for it.")
        try:
            if job.status in (Export.Status.WAITING, Export.Status.RUNNING):
                for path in folder_of(job).glob("*"):
                    path.unlink()
                Export.objects.filter(pk=job.pk).update(status=Export.Status.WAITING, days_done=0, rows=0)
            else:
                do_delete(job)
        finally:
            cache.delete(lease)


def archives(reach: Reach) -> list[Path]:
    from analytics.privacy.models import PrivacyRequest

    mine = PrivacyRequest.objects.filter(site_id=reach.site_id, kind=PrivacyRequest.Kind.EXPORT)
    numbers = ids_of(reach)
    wanted = {hexadecimal(number) for number in numbers}
    found = []
    for number, text in mine.values_list("number", "subject"):
        reach.beat()
        other = Subject.decode(reach.site_id, text)
        meets = not numbers.isdisjoint(other.persons | other.devices | other.visitors)
        paths = list(folder().glob(f"{number}.*"))
        if meets or text == reach.subject.encode() or any(tells_of(path, wanted) for path in paths):
            found += paths
    return found


def tells_of(path: Path, wanted: set[str]) -> bool:
    """Whether events in an archive are the person's: it may have been asked for by another id. A draft tells nothing yet."""
    if path.suffix != ".zip":
        return False
    with zipfile.ZipFile(path) as pack:
        if "events.json" not in pack.namelist():
            return False
        with pack.open("events.json") as lines:
            return any(found[1].decode() in wanted for line in lines if (found := ID.match(line)))


def find_archives(reach: Reach) -> int:
    return len(archives(reach))


def erase_archives(reach: Reach) -> None:
    for path in archives(reach):
        path.unlink(missing_ok=True)
