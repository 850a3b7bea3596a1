"""The rest of the data folder: keys, and the files of exports and whatever else is kept there."""

import base64
import json
import os
import shutil
from datetime import datetime
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.conf import settings

from analytics.services.backup.manifest import BackupError

FILES = "files"
KEYS = "keys.json"
SECRET = "secret_key"  # noqa: S105  a file's name
# Stores have their own way out; logs and locks tell nothing elsewhere.
LEFT_OUT = {"clickhouse", "valkey", "logs", "backups", "footfall.sqlite3", "up.lock", "beat-schedule", ".write-test"}
# What belongs to this data folder alone: the reader's password is made anew by `migrate`.
PASSING = ("footfall.sqlite3", "beat-schedule", "clickhouse.log", "valkey.log", "clickhouse_reader")
SALT_BYTES = 16


def is_kept(path: Path) -> bool:
    name = path.name
    return not (name in LEFT_OUT or name.startswith(PASSING))


def is_key(path: Path) -> bool:
    """A secret that Footfall made: a file of the data folder itself that only its owner may read."""
    return path.is_file() and path.stat().st_mode & 0o077 == 0


def key_from(passphrase: str, salt: bytes) -> Fernet:
    raw = Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(raw))


def private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def save_keys(folder: Path, passphrase: str) -> None:
    keys = {p.name: p.read_text() for p in sorted(settings.DATA_DIR.iterdir()) if is_kept(p) and is_key(p)}
    keys[SECRET] = settings.SECRET_KEY  # also where it comes from the environment
    content = json.dumps(keys).encode()
    if passphrase:
        salt = os.urandom(SALT_BYTES)
        content = base64.b64encode(salt) + b"\n" + key_from(passphrase, salt).encrypt(content)
    private(folder / KEYS, content)


def read_keys(folder: Path, sealed: bool, passphrase: str) -> dict[str, str]:
    content = (folder / KEYS).read_bytes()
    if sealed:
        if not passphrase:
            raise BackupError("The keys of this backup are sealed: set BACKUP_PASSPHRASE.")
        salt, _, rest = content.partition(b"\n")
        try:
            content = key_from(passphrase, base64.b64decode(salt)).decrypt(rest)
        except InvalidToken:
            raise BackupError("The passphrase does not open the keys of this backup.") from None
    keys: dict[str, str] = json.loads(content)
    return keys


def check_key(keys: dict[str, str], other_key: bool) -> None:
    """A key from the environment is not ours to change."""
    if os.environ.get("SECRET_KEY", "").strip() and keys[SECRET] != settings.SECRET_KEY and not other_key:
        raise BackupError(
            "SECRET_KEY is set to another value than the backup's. Set it to that one, or unset it so that the backup's is"
            " kept in the data folder; with --other-key people have to log in again and known users become new ones."
        )


def load_keys(keys: dict[str, str]) -> None:
    for name, value in keys.items():
        if Path(name).name == name:
            private(settings.DATA_DIR / name, value.encode())


def save_files(folder: Path) -> None:
    target = folder / FILES
    target.mkdir()
    for path in sorted(settings.DATA_DIR.iterdir()):
        if not is_kept(path) or is_key(path) or folder.is_relative_to(path):
            continue
        if path.is_dir():
            shutil.copytree(
                path, target / path.name, ignore=shutil.ignore_patterns("*.tmp"), copy_function=copy_if_there
            )
        elif path.is_file():
            copy_if_there(str(path), str(target / path.name))


def copy_if_there(source: str, target: str) -> None:
    """An export may be deleted while it is listed."""
    try:
        shutil.copy2(source, target)
    except FileNotFoundError:
        Path(target).unlink(missing_ok=True)


def load_files(folder: Path) -> None:
    if (folder / FILES).is_dir():
        shutil.copytree(folder / FILES, settings.DATA_DIR, dirs_exist_ok=True)


def get_made_before(moment: datetime) -> list[str]:
    """The backups in the data folder that hold what was deleted at that moment; others may be elsewhere."""
    found = (settings.DATA_DIR / "backups").glob("*")
    return sorted(path.name for path in found if path.is_dir() and path.stat().st_mtime < moment.timestamp())
