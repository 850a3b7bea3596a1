"""`make lint` for docker/: hadolint over the Dockerfile, compose's own check over compose.yml, alone and encrypted."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
SECRETS = ("SECRET_KEY", "POSTGRES_PASSWORD", "VALKEY_PASSWORD", "CLICKHOUSE_PASSWORD", "CLICKHOUSE_DISK_KEY")


def main() -> int:
    hadolint = [str(BIN / "hadolint"), "docker/Dockerfile"]
    whole = ["-f", "docker/compose.yml"]
    composes = [
        [str(BIN / "docker-compose"), *files, "--env-file", "docker/.env.example", "config", "-q"]
        for files in (whole, [*whole, "-f", "docker/compose.encrypted.yml"])
    ]
    environment = {**os.environ, **dict.fromkeys(SECRETS, "x")}
    codes = [subprocess.run(command, cwd=ROOT, env=environment).returncode for command in (hadolint, *composes)]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
