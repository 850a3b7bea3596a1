"""A load generator that costs little beside what it measures: one process, raw sockets, requests built beforehand."""

import asyncio
import os
import time
from collections.abc import Callable


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered."""

    def __init__(self, build: Callable[[], bytes], until: float, took: list[float], done: asyncio.Future) -> None:
        self.build, self.until, self.took, self.done = build, until, took, done
        self.statuses: dict[bytes, int] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.rest = b""
        self.ask()

    def ask(self) -> None:
        if time.perf_counter() > self.until:
            self.transport.close()
            return
        self.began = time.perf_counter()
        self.transport.write(self.build())

    def data_received(self, data: bytes) -> None:
        self.rest += data
        head, found, body = self.rest.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < length:
            return
        self.took.append(time.perf_counter() - self.began)
        status = head[9:12]
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.rest = body[length:]
        self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(self.statuses)


def request(body: bytes, path: str = "/api/v1/events") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n"
        "Accept-Language: en\r\n\r\n"
    )
    return head.encode() + body


MARK = b"00000000-0000-7000-8000-000000000000"


def fresh(template: bytes) -> Callable[[], bytes]:
    """The request with a new id in place of each MARK."""
    parts = template.split(MARK)

    def build() -> bytes:
        out = [parts[0]]
        for part in parts[1:]:
            text = os.urandom(16).hex().encode()
            out += [text[:8], b"-", text[8:12], b"-7", text[13:16], b"-8", text[17:20], b"-", text[20:], part]
        return b"".join(out)

    return build


async def _run(
    port: int, connections: int, seconds: float, build: Callable[[], bytes]
) -> tuple[float, list[float], dict[bytes, int]]:
    loop, took = asyncio.get_running_loop(), []
    began = time.perf_counter()
    waiting = []
    for _ in range(connections):
        done = loop.create_future()
        await loop.create_connection(
            lambda done=done: Connection(build, began + seconds, took, done), "127.0.0.1", port
        )
        waiting.append(done)
    statuses: dict[bytes, int] = {}
    for found in await asyncio.gather(*waiting):
        for status, number in found.items():
            statuses[status] = statuses.get(status, 0) + number
    return time.perf_counter() - began, took, statuses


def run(port: int, connections: int, seconds: float, build: Callable[[], bytes]) -> tuple[float, list[float]]:
    """(requests a second, sorted seconds of each). All must be answered 202."""
    clock, took, statuses = asyncio.run(_run(port, connections, seconds, build))
    assert set(statuses) == {b"202"}, statuses
    return len(took) / clock, sorted(took)


def percentile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]
