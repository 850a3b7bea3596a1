"""Run pytest against a Postgres of its own: python -m tests.postgres tests/accounts …"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.running import free_port

SERVER = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))


def as_server(*command: str) -> None:
    """Postgres refuses to run as root; Debian's package brings the user postgres."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="footfall-postgres-"))
    data, port = folder / "data", free_port()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    try:
        as_server(str(SERVER / "initdb"), "-D", str(data), "-U", "footfall", "--auth=trust", "--no-sync")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        as_server(str(SERVER / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
        environment = {**os.environ, "DATABASE_URL": f"postgres://footfall@127.0.0.1:{port}/postgres"}
        return subprocess.run([sys.executable, "-m", "pytest", *sys.argv[1:]], env=environment).returncode
    finally:
        if (data / "postmaster.pid").exists():
            as_server(str(SERVER / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
