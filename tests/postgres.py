"""Run pytest against a Postgres of its own: python -m tests.postgres tests/accounts …"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.running import free_port


def as_server(*command: str) -> None:
    """Postgres refuses to run as root; Debian's package brings the user postgres."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")


@contextmanager
def running_postgres(certificate: tuple[Path, Path] | None = None) -> Iterator[int]:
    """Its port, for the user footfall, who needs no password."""
    server = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    folder = Path(tempfile.mkdtemp(prefix="footfall-postgres-"))
    data, port = folder / "data", free_port()
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    for path in certificate or ():
        shutil.copy(path, folder)
    if os.geteuid() == 0:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "postgres")
    try:
        as_server(str(server / "initdb"), "-D", str(data), "-U", "footfall", "--auth=trust", "--no-sync")
        if certificate:
            names = zip(("ssl_cert_file", "ssl_key_file"), certificate, strict=True)
            lines = ["ssl = on", *(f"{name} = '{folder / path.name}'" for name, path in names)]
            with (data / "postgresql.conf").open("a") as file:
                file.write("\n".join(lines) + "\n")
        as_server(str(server / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
        yield port
    finally:
        if (data / "postmaster.pid").exists():
            as_server(str(server / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    with running_postgres() as port:
        environment = {**os.environ, "DATABASE_URL": f"postgres://footfall@127.0.0.1:{port}/postgres"}
        return subprocess.run([sys.executable, "-m", "pytest", *sys.argv[1:]], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
