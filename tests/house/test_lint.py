"""What `make lint` looks for is found when it is there."""

import json
import subprocess
import sys

from tests import dependency_audit, secret_scan

# In pieces, so that this file is none of those that it is about.
PLANTED = {
    "settings.py": 'AWS = "AKIA' + 'QWERTYUIOPASDF12"\n',
    "tests/test_x.py": "KEY = '''-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE'''\n",
    "deploy.sh": "export DATABASE_URL=postgres://footfall:" + "9fKq2xLw" + "@db/footfall\n",
    "docker/.env": "PASS" + 'WORD="hunter2hunter2"\n',
}


def scan(folder):
    return subprocess.run(
        [sys.executable, "-m", "tests.secret_scan", str(folder)], cwd=secret_scan.ROOT, capture_output=True, text=True
    )


def test_planted_secrets_fail_the_scan(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "fine.py").write_text('GREETING = "hello"\n')
    assert scan(tmp_path).returncode == 0
    for name, text in PLANTED.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    told = scan(tmp_path)
    assert told.returncode == 1
    assert {line.split(":")[0] for line in told.stdout.splitlines() if "(" in line} == set(PLANTED)
    assert "QWERTY" not in told.stdout and "hunter2" not in told.stdout


def test_each_reviewed_secret_is_a_hash_with_a_reason():
    listed = secret_scan.tomllib.loads(secret_scan.REVIEWED.read_text())["reviewed"]
    assert all(len(one["hash"]) == 40 and one["what"] and (secret_scan.ROOT / one["file"]).exists() for one in listed)


def locks(folder, python, esbuild):
    (folder / "static").mkdir()
    (folder / "requirements.lock").write_text(f"{python} \\\n    --hash=sha256:00\n")
    (folder / "requirements-dev.lock").write_text("")
    packages = {"": {"name": "x"}, "node_modules/a/node_modules/esbuild": {"version": esbuild}}
    (folder / "static" / "package-lock.json").write_text(json.dumps({"packages": packages}))


def test_the_list_names_what_is_too_old(tmp_path, monkeypatch, capsys):
    locks(tmp_path, "django==5.2.7", "0.24.9")
    monkeypatch.setattr(dependency_audit, "ask_registries", lambda root: [("pip-audit", None), ("npm audit", [])])
    monkeypatch.setattr(sys, "argv", ["dependency_audit", str(tmp_path)])
    assert dependency_audit.main() == 1
    told = capsys.readouterr().out
    assert "django 5.2.7: CVE-2025-64459" in told and "esbuild 0.24.9" in told
    assert "WARNING: pip-audit got no advisories" in told


def test_what_the_registries_say_is_understood():
    hole = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
    looked = {"dependencies": [{"name": "x", "version": "1.0", "vulns": [hole]}, {"name": "y", "skip_reason": "no"}]}
    assert dependency_audit.holes_in_python(looked) == ["x 1.0: PYSEC-1, mended in 2.0"]
    assert dependency_audit.holes_in_python({"dependencies": [{"name": "y", "skip_reason": "no"}]}) is None
    assert dependency_audit.holes_in_npm({"message": "405"}) is None
    assert dependency_audit.holes_in_npm({"vulnerabilities": {}}) == []
    assert dependency_audit.holes_in_npm({"vulnerabilities": {"z": {"severity": "high", "range": "<3"}}}) == [
        "z: high, in <3"
    ]
