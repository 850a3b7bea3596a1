"""`make lint` for docker/: hadolint over the Dockerfile, compose's own check over compose.yml."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
SECRETS = ("SECRET_KEY", "POSTGRES_PASSWORD", "VALKEY_PASSWORD", "CLICKHOUSE_PASSWORD")


def main() -> int:
    hadolint = [str(BIN / "hadolint"), "docker/Dockerfile"]
    compose = [
        str(BIN / "docker-compose"),
        "-f",
        "docker/compose.yml",
        "--env-file",
        "docker/.env.example",
        "config",
        "-q",
    ]
    environment = {**os.environ, **dict.fromkeys(SECRETS, "x")}
    codes = [subprocess.run(command, cwd=ROOT, env=environment).returncode for command in (hadolint, compose)]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
