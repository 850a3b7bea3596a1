"""The house rules that a machine can keep: import direction, sizes, doors, and that the README tells the truth."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("accounts", "analytics", "dashboards", "ingestion")
FILES = [
    path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if "migrations" not in path.parts
]

# (importer, may not import). design.md: ingestion -> clickhouse, accounts; dashboards, api -> queries -> clickhouse.
FORBIDDEN = [
    ("ingestion", ("dashboards", "analytics.queries", "analytics.api")),
    ("dashboards", ("ingestion", "analytics.api", "analytics.clickhouse")),
    ("analytics.api", ("ingestion", "dashboards", "analytics.clickhouse")),
    ("analytics.queries", ("ingestion", "dashboards", "analytics.api")),
    ("analytics.saved", ("ingestion", "dashboards", "analytics.api", "analytics.clickhouse")),
    ("analytics.clickhouse", ("ingestion", "dashboards", "accounts", "analytics.queries", "analytics.api")),
    ("accounts", ("ingestion", "dashboards", "analytics.queries", "analytics.api", "analytics.clickhouse")),
]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_go_one_way(path):
    importer = module_of(path)
    for package, forbidden in FORBIDDEN:
        if within(importer, package):
            wrong = {name for name in imports_of(path) for other in forbidden if within(name, other)}
            assert not wrong, f"{importer} must not import {wrong}"


def test_only_clickhouse_imports_its_driver():
    users = {module_of(p) for p in FILES if any(within(i, "clickhouse_driver") for i in imports_of(p))}
    assert users == {"analytics.clickhouse.client"}


def test_sites_are_reached_through_the_door():
    pattern = re.compile(r"\bSite\.objects\b")
    assert {module_of(p).split(".")[0] for p in FILES if pattern.search(p.read_text())} <= {"accounts"}


def test_files_and_functions_stay_small():
    """style.md: files 95 % under 330 lines and none over 500; functions 95 % under 40 and none over 60."""
    lengths = {module_of(p): p.read_text().count("\n") for p in FILES}
    functions = {
        f"{module_of(path)}.{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    for sizes, usual, most in ((lengths, 330, 500), (functions, 40, 60)):
        assert {name: size for name, size in sizes.items() if size > most} == {}
        assert sum(size > usual for size in sizes.values()) <= 0.05 * len(sizes)


def test_the_project_root_holds_what_the_layout_says():
    names = {p.name for p in (ROOT / "analytics").iterdir() if p.suffix == ".py"}
    assert names == {"__init__.py", "settings.py", "urls.py", "wsgi.py", "celery.py"}


def test_every_path_in_the_readme_exists():
    text = (ROOT / "README.md").read_text() + "".join(p.read_text() for p in (ROOT / "docs").glob("*.md"))
    named = re.findall(
        r"`((?:accounts|analytics|dashboards|ingestion|static|templates|docker|docs|tests)/[\w./-]*)`", text
    )
    assert named
    assert [name for name in named if not (ROOT / name).exists() and not name.startswith("static/dist")] == []


def test_the_configuration_table_is_complete():
    """Each variable that settings.py reads stands in the README's table, and the other way round."""
    read = set(re.findall(r'env_\w+\("([A-Z_]+)"', (ROOT / "analytics/settings.py").read_text())) | {
        "FOOTFALL_DATA_DIR"
    }
    table = (ROOT / "README.md").read_text().split("## Configuration")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE)) == read


def test_nothing_names_a_registry():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    hosts = re.compile(
        r"https?://(?:[\w-]+\.)*(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|registry\.)", re.IGNORECASE
    )
    guilty = []
    for name in tracked:
        path = ROOT / name
        if (
            path.suffix in (".lock", ".json", ".toml", ".txt", ".npmrc")
            and path.exists()
            and hosts.search(path.read_text())
        ):
            guilty.append(name)
    assert guilty == []
