"""Over HTTP, against a whole running Footfall: web, worker, beat, Valkey and ClickHouse on the same machine as the load."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.load import MARK, fresh, percentile, request, run
from tests.running import ROOT, Footfall, free_port

ROUNDS, SECONDS, CONNECTIONS = 3, 4.0, 32
TICK = os.sysconf("SC_CLK_TCK")


def body(site: dict[str, Any], number: int) -> bytes:
    one = {
        "event_id": MARK.decode(), "event_type": "page_view", "session": {"event_index": 1},
        "page": {"url": "https://shop.example/p/1?utm_source=news", "title": "Page", "referrer": "https://www.google.com/"},
        "device": {"screen_resolution": "1920x1080", "viewport_size": "1200x800", "language": "de-DE"},
        "geo": {"timezone": "Europe/Berlin"},
    }  # fmt: skip
    return json.dumps({"site": site["site_key"], "events": [one] * number}).encode()


def start_noop(port: int) -> "subprocess.Popen[bytes]":
    """The same server with the options of analytics/services/supervisor.py."""
    from analytics.services.supervisor import web_command

    command = [word.replace("analytics.wsgi:server", "tests.bench.noop:server") for word in web_command()]
    command[command.index("--port") + 1] = str(port)
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1)
            break
        except OSError:
            time.sleep(0.1)
    return process


def family(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True).stdout.split()
    parents = dict(zip(map(int, listed[::2]), map(int, listed[1::2]), strict=True))
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def cpu_seconds(pid: int) -> float:
    total = 0
    for one in family(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / TICK


def memory_megabytes(pid: int) -> float:
    total = 0
    for one in family(pid):
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)
    return total / 1024


def single(footfall: Footfall, site: dict[str, Any]) -> None:
    port = free_port()
    noop = start_noop(port)
    try:
        plain, ours, took = [], [], []
        for _ in range(ROUNDS):
            plain.append(run(port, CONNECTIONS, SECONDS, fresh(request(body(site, 1))))[0])
            rate, times = run(footfall.port, CONNECTIONS, SECONDS, fresh(request(body(site, 1))))
            ours.append(rate)
            took += times
    finally:
        noop.terminate()  # not kill: its workers have to go with it
        noop.wait(20)
    took.sort()
    ratio = median(a / b for a, b in zip(ours, plain, strict=True))
    print(
        f"1 event a request, {CONNECTIONS} connections      {median(ours):10,.0f} requests/s, {ratio:.2f} of a handler that only"
        f" reads ({median(plain):,.0f}); p50 {percentile(took, 0.5) * 1000:.1f} ms, p99 {percentile(took, 0.99) * 1000:.1f} ms"
    )


def batches(footfall: Footfall, site: dict[str, Any]) -> None:
    rates = [run(footfall.port, 8, SECONDS, fresh(request(body(site, 100))))[0] * 100 for _ in range(ROUNDS)]
    print(
        f"100 events a request, 8 connections    {median(rates):10,.0f} events/s accepted over HTTP (load and worker share the cores)"
    )


def drained(footfall: Footfall) -> float:
    """Seconds until nothing waits in the buffer."""
    began = time.perf_counter()
    while any(
        " 0.0" not in line
        for line in footfall.get("/metrics").splitlines()
        if line.startswith("footfall_buffer_entries{")
    ):
        time.sleep(0.1)
    return time.perf_counter() - began


def steady(footfall: Footfall, site: dict[str, Any], rate: int = 2000, seconds: int = 30) -> None:
    """From the request to the row in a query, every half second for another event; CPU of all processes meanwhile."""
    from tests.conftest import event

    build, stop, sent = fresh(request(body(site, 20))), threading.Event(), [0]

    def send() -> None:
        import socket

        with socket.create_connection(("127.0.0.1", footfall.port)) as link:
            next_at = time.perf_counter()
            while not stop.is_set():
                link.sendall(build())
                link.recv(65536)
                sent[0] += 20
                next_at += 20 / rate
                time.sleep(max(0.0, next_at - time.perf_counter()))

    sender = threading.Thread(target=send)
    cpu, began = cpu_seconds(footfall.process.pid), time.perf_counter()
    sender.start()
    visible = []
    while time.perf_counter() - began < seconds:
        marked = event(f"https://shop.example/seen/{len(visible)}")
        asked = time.perf_counter()
        footfall.post(site, [marked])
        while footfall.sql(
            f"SELECT count() FROM events WHERE path = '/seen/{len(visible)}' AND timestamp > now() - 60"
        ) == [(0,)]:
            time.sleep(0.02)
        visible.append(time.perf_counter() - asked)
        time.sleep(0.3)
    clock = time.perf_counter() - began
    used = cpu_seconds(footfall.process.pid) - cpu
    stop.set()
    sender.join()
    visible.sort()
    print(
        f"steady {sent[0] / clock:,.0f} events/s for {clock:.0f} s: visible after p50 {percentile(visible, 0.5):.2f} s,"
        f" p99 {percentile(visible, 0.99):.2f} s ({len(visible)} probes); CPU of all processes {used / clock:.2f} cores"
        " (with the probes' own queries)"
    )


def idle(footfall: Footfall, seconds: int = 30) -> None:
    time.sleep(8)
    cpu, began = cpu_seconds(footfall.process.pid), time.perf_counter()
    time.sleep(seconds)
    share = (cpu_seconds(footfall.process.pid) - cpu) / (time.perf_counter() - began)
    print(
        f"idle: {100 * share:.1f} % of a core over {seconds} s, {memory_megabytes(footfall.process.pid):,.0f} MB (PSS, all processes)"
    )


def main() -> None:
    print("\nOver HTTP, the whole of Footfall running beside the load:")
    with tempfile.TemporaryDirectory() as folder:
        footfall = Footfall(Path(folder) / "data")
        try:
            site = footfall.create_site()
            idle(footfall)
            single(footfall, site)
            batches(footfall, site)
            print(f"backlog written {drained(footfall):.1f} s after the last request")
            steady(footfall, site)
        finally:
            footfall.stop()


if __name__ == "__main__":
    sys.exit(main())
