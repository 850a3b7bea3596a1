"""`make lint` for secrets: detect-secrets over every file of the repository that git knows or would take.

What is no secret is marked where it stands (`pragma: allowlist secret`), or its hash stands in secrets_reviewed.toml. Under
tests/ passwords by name are not looked for: the cast of the tests has some. Keys by their form are, everywhere.
"""

import hashlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing import Pool
from pathlib import Path

from detect_secrets.__version__ import VERSION
from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings

ROOT = Path(__file__).resolve().parent.parent
REVIEWED = Path(__file__).with_name("secrets_reviewed.toml")
CLEAN = ROOT / "build" / "clean_of_secrets"  # prints of files with nothing in them: to look at all of them takes 15 s
HASHES = (  # nothing else is in them
    "requirements.lock",
    "requirements-dev.lock",
    "static/package-lock.json",
    "tests/secrets_reviewed.toml",
)
_held = ExitStack()
PICTURES = (".png", ".jpg", ".woff2", ".ico", ".mmdb")


def files_of(root: Path) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    names = {name for name in listed if name and name not in HASHES and not name.endswith(PICTURES)}
    return sorted(name for name in names if (root / name).is_file() and not (root / name).is_symlink())


def get_ready() -> None:
    """In each process, for as long as it lives: to compile the patterns takes longer than to search a file."""
    _held.enter_context(default_settings())


def found_in(root: Path, name: str) -> list[PotentialSecret]:
    found = list(scan_file(str(root / name)))
    return [one for one in found if not (name.startswith("tests/") and one.type == "Secret Keyword")]


def reviewed() -> dict[str, set[str]]:
    """A file's name -> hashes of what somebody looked at and found to be no secret."""
    listed: list[dict[str, str]] = tomllib.loads(REVIEWED.read_text())["reviewed"]
    allowed: dict[str, set[str]] = {}
    for one in listed:
        allowed.setdefault(one["file"], set()).add(one["hash"])
    return allowed


def print_of(path: Path) -> str:
    return hashlib.sha256(VERSION.encode() + path.name.encode() + path.read_bytes()).hexdigest()


def scan(root: Path, clean: set[str]) -> Iterator[str]:
    """One line for each that nobody reviewed; the secret itself is not in it. What is `clean` is not searched again."""
    allowed = reviewed()
    names = [name for name in files_of(root) if print_of(root / name) not in clean]
    with Pool(2, get_ready) as pool:
        for name, found in zip(names, pool.starmap(found_in, [(root, name) for name in names], 16), strict=True):
            if not found:
                clean.add(print_of(root / name))
            for one in found:
                if one.secret_hash not in allowed.get(name, set()):
                    yield f"{name}:{one.line_number}: {one.type} ({one.secret_hash})"


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    clean = set(CLEAN.read_text().split()) if CLEAN.exists() else set()
    lines = list(scan(root, clean))
    CLEAN.parent.mkdir(exist_ok=True)
    CLEAN.write_text("\n".join(sorted(clean)))
    if lines:
        print("\n".join(lines))
        print("Take the secret out and make it void, or, if it is none, put its hash into tests/secrets_reviewed.toml.")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())
