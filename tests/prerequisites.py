"""What the tests need: Chromium, Postgres and a Redis that speaks TLS, from Debian where this user may install; collected files."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WANTED = {
    "chromium-headless-shell": lambda: shutil.which("chromium-headless-shell"),
    "postgresql": lambda: list(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
    "redis-server": lambda: shutil.which("redis-server"),
}


def collect_static_files() -> None:
    """Once, before the tests' processes start side by side."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "analytics.settings")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FOOTFALL_DATA_DIR"] = folder
        import django

        django.setup()
        from analytics.services.checks import check_static_files

        check_static_files()


def main() -> int:
    collect_static_files()
    missing = [package for package, found in WANTED.items() if not found()]
    if not missing:
        return 0
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"The tests need {' and '.join(missing)}. On Debian: sudo apt-get install {' '.join(missing)}")
        return 1
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *missing]):
        done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True)
        if done.returncode:
            print(done.stdout[-2000:], done.stderr[-2000:])
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
