"""`make lint` for dependencies: are the locked versions free of published holes?

pip-audit and `npm audit` ask the registries, which know all advisories. A registry that cannot be reached, or answers without
any, fails nothing, but is told of in capital letters; then the short list in advisories.toml is all that was looked at.
"""

import datetime as dt
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LIST = Path(__file__).with_name("advisories.toml")
SECONDS = 20
OLD = dt.timedelta(days=90)
Process = "subprocess.Popen[str]"


def start(command: list[str], folder: Path) -> "Process | None":
    try:
        return subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True
        )
    except OSError:
        return None


def answer_of(process: "Process | None", until: dt.datetime) -> Any:
    """The JSON that it printed; None if it came to nothing."""
    if process is None:
        return None
    try:
        printed, _ = process.communicate(timeout=max(1.0, (until - dt.datetime.now(dt.UTC)).total_seconds()))
        return json.loads(printed)
    except (subprocess.TimeoutExpired, ValueError):
        process.kill()
        process.wait()
        return None


def holes_in_python(told: Any) -> list[str] | None:
    """Of what pip-audit says. None: it looked at nothing."""
    looked = [one for one in (told or {}).get("dependencies", ()) if "vulns" in one]
    if not looked:
        return None
    return [
        f"{one['name']} {one['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no release yet'}"
        for one in looked
        for hole in one["vulns"]
    ]


def holes_in_npm(told: Any) -> list[str] | None:
    if not isinstance(told, dict) or "vulnerabilities" not in told:
        return None
    return [f"{name}: {one['severity']}, in {one['range']}" for name, one in sorted(told["vulnerabilities"].items())]


def locked_python(root: Path) -> Iterator[tuple[str, str]]:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        yield from re.findall(r"^([a-z0-9-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", (root / lock).read_text(), re.M)


def locked_npm(root: Path) -> Iterator[tuple[str, str]]:
    packages = json.loads((root / "static" / "package-lock.json").read_text())["packages"]
    yield from ((path.rpartition("node_modules/")[2], one["version"]) for path, one in packages.items() if path)


def holes_of_list(known: dict[str, Any], root: Path) -> Iterator[str]:
    for kind, locked in (("python", locked_python(root)), ("npm", locked_npm(root))):
        for name, version in sorted(set(locked)):
            one = known[kind].get(name)
            if one and Version(version) < Version(one["mended"]):
                yield f"{name} {version}: {one['id']}, mended in {one['mended']}"


def ask_registries(root: Path) -> Iterator[tuple[str, list[str] | None]]:
    lock = ["--requirement", str(root / "requirements-dev.lock"), "--no-deps", "--disable-pip"]
    until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=SECONDS)
    python = start([str(BIN / "pip-audit"), *lock, "--timeout", "8", "--progress-spinner", "off", "-f", "json"], root)
    npm = start([str(BIN / "npm"), "audit", "--json", "--package-lock-only"], root / "static")
    yield "pip-audit", holes_in_python(answer_of(python, until))
    yield "npm audit", holes_in_npm(answer_of(npm, until))


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    known = tomllib.loads(LIST.read_text())
    age = dt.datetime.now(dt.UTC).date() - known["reviewed"]
    found = list(holes_of_list(known, root))
    silent = []
    for name, holes in ask_registries(root):
        if holes is None:
            silent.append(name)
        found += holes or []
    if silent:
        print(f"WARNING: {' and '.join(silent)} got no advisories here: holes that became known lately are not seen.")
        print(f"Looked at instead: tests/advisories.toml, of {known['reviewed']}, {age.days} days old.")
        if age > OLD:
            print("WARNING: that list is old. Run `make lint` where the registries' advisories can be reached.")
    if found:
        print("These have published holes; raise them in pyproject.toml or static/package.json:", *found, sep="\n  ")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
