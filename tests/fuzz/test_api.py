"""Schemathesis over the published OpenAPI schema of a running Footfall: whatever it asks, no answer is a server's failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LONG = os.environ.get("FUZZ") == "long"  # all phases; in place of a few examples of each operation
pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


def test_no_operation_fails(footfall, tmp_path):
    site = footfall.create_site()
    footfall.manage("seeddemo", "--site", str(site["id"]), "--events", "500", "--days", "3")
    schema = tmp_path / "schema.yaml"
    schema.write_text(footfall.get("/api/schema/"))
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"), "run", str(schema), "--url", footfall.url, "--no-color",
            "--header", f"Authorization: Bearer {site['api_key']}", "--checks", "not_a_server_error", "--seed", "7",
            "--generation-database", "none", *(("--max-examples", "300") if LONG else ("--max-examples", "10", "--phases", "fuzzing")),
        ],
        capture_output=True, text=True, timeout=550, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "operations" in done.stdout.lower()
