"""What a backup says of itself: versions, counts, and the SHA-256 of every file."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

FORMAT = 1
NAME = "manifest.json"


class BackupError(Exception):
    """The backup cannot be made or used. The text is fit to be shown."""


class Manifest(msgspec.Struct):
    format: int
    footfall: str
    cut_at: datetime  # every event accepted before this moment is in it
    relational: Literal["sqlite", "postgresql"]
    django: list[tuple[str, str]]  # applied migrations: app, name
    clickhouse: dict[str, str]  # applied migrations: name -> checksum
    clickhouse_version: str
    rows: dict[str, int]  # of each relational table
    events: dict[str, int]  # rows of each ClickHouse table
    waiting: dict[str, int]  # entries of each stream of the buffer, and the number of other keys
    sealed: bool  # the keys need a passphrase
    files: dict[str, tuple[int, str]] = {}  # path -> size, SHA-256


def digest(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def files_of(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        str(path.relative_to(folder)): digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (NAME, f"{NAME}.sha256")
    }


def sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(folder: Path, manifest: Manifest) -> None:
    manifest.files = files_of(folder)
    raw = msgspec.json.format(msgspec.json.encode(manifest))
    (folder / NAME).write_bytes(raw)
    (folder / f"{NAME}.sha256").write_text(hashlib.sha256(raw).hexdigest() + "\n")
    for path in [*folder.rglob("*"), folder]:
        sync(path)


def read(folder: Path) -> Manifest:
    """The manifest of a backup that is whole; raises BackupError for one that is not."""
    try:
        raw = (folder / NAME).read_bytes()
        told = (folder / f"{NAME}.sha256").read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise BackupError(f"{folder} is not a finished backup: {NAME} or its checksum cannot be read.") from None
    if hashlib.sha256(raw).hexdigest() != told:
        raise BackupError(f"The backup is damaged: {NAME} was changed after it was written.")
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupError(f"This version cannot read the backup: {error}.") from None
    if manifest.format != FORMAT:
        raise BackupError(f"The backup has the format {manifest.format}; this version reads {FORMAT}.")
    check_files(folder, manifest)
    return manifest


def check_files(folder: Path, manifest: Manifest) -> None:
    found = files_of(folder)
    wrong = sorted(name for name in manifest.files.keys() | found.keys() if manifest.files.get(name) != found.get(name))
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise BackupError(f"The backup is damaged: {', '.join(wrong[:5])}{more} missing, added or changed.")


def now() -> datetime:
    return datetime.now(UTC)
