"""A WSGI application behind granian's RSGI interface: in a pool of threads, its answer streamed if it is a stream."""

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from functools import lru_cache
from io import BytesIO
from typing import IO, Any

THREADS = ThreadPoolExecutor(32, thread_name_prefix="django")
MAX_UPLOAD = 8 * 1024 * 1024  # held in memory; Django's own, lower limits answer with a page
# Nobody knows yet who sends it: of large ones, as files of spend are, so many at once and no more.
LARGE, MANY = 256 * 1024, asyncio.Semaphore(8)
NOSNIFF = ("X-Content-Type-Options", "nosniff")
Environ = dict[str, Any]
Headers = list[tuple[str, str]]


async def read_body(scope: Any, protocol: Any, most: int) -> BytesIO:
    """What was sent, but of something larger than `most` only so much as tells that it is."""
    length = scope.headers.get("content-length", "")
    if length.isdigit():
        if int(length) > most:
            return BytesIO()
        return BytesIO(await protocol() if int(length) else b"")
    if "transfer-encoding" not in scope.headers and scope.http_version.startswith("1"):
        return BytesIO()
    parts, size = [], 0
    async for part in protocol:
        parts.append(part)
        size += len(part)
        if size > most:
            break
    return BytesIO(b"".join(parts))


@lru_cache(maxsize=512)
def environ_name(header: str) -> str:
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


def environ_of(scope: Any, body: IO[bytes]) -> Environ:
    """The request as PEP 3333 wants it."""
    environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "CONTENT_TYPE": "",
        "CONTENT_LENGTH": "",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
    }
    for header, value in scope.headers.items():
        if "_" in header:  # would pass for the header with a dash, such as one that only the proxy may set
            continue
        name = environ_name(header)
        before = environ.get(name)
        environ[name] = value if not before else f"{before}{'; ' if name == 'HTTP_COOKIE' else ','}{value}"
    if scope.authority and "HTTP_HOST" not in environ:
        environ["HTTP_HOST"] = scope.authority  # HTTP/2
    return environ


class Started:
    status = 500
    headers: Headers

    def __call__(self, status: str, headers: Headers, exc_info: object = None) -> Callable[[bytes], None]:
        self.status, self.headers = int(status.split(" ", 1)[0]), headers
        return lambda data: None


async def serve_wsgi(application: Callable[..., Iterable[bytes]], scope: Any, protocol: Any) -> None:
    length = scope.headers.get("content-length", "")
    large = int(length) > LARGE if length.isdecimal() else "transfer-encoding" in scope.headers
    async with MANY if large else nullcontext():
        await answer(application, scope, protocol)


async def answer(application: Callable[..., Iterable[bytes]], scope: Any, protocol: Any) -> None:
    loop = asyncio.get_running_loop()
    body = await read_body(scope, protocol, MAX_UPLOAD)
    environ, size = environ_of(scope, body), body.getbuffer().nbytes
    if max(size, int(environ["CONTENT_LENGTH"] or 0)) > MAX_UPLOAD:
        protocol.response_str(
            413, [("Content-Type", "text/plain"), NOSNIFF], f"At most {MAX_UPLOAD} bytes can be sent."
        )
        return
    environ["CONTENT_LENGTH"] = str(size)  # Django reads nothing of a body in chunks, which has no length of its own
    server, _, port = scope.server.rpartition(":")
    environ |= {
        "SERVER_NAME": server.strip("[]"), "SERVER_PORT": port, "wsgi.version": (1, 0), "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False, "wsgi.input_terminated": True,
    }  # fmt: skip
    started = Started()
    result, whole = await loop.run_in_executor(THREADS, run, application, environ, started)
    if whole is not None:
        protocol.response_bytes(started.status, started.headers, whole)
        return
    with closing(result) if hasattr(result, "close") else nullcontext():
        parts: Iterator[bytes] = iter(result)
        transport = protocol.response_stream(started.status, started.headers)
        while (part := await loop.run_in_executor(THREADS, next, parts, None)) is not None:
            await transport.send_bytes(part)  # raises when the reader has gone


def run(application: Callable[..., Iterable[bytes]], environ: Environ, started: Started) -> tuple[Any, bytes | None]:
    """The answer, and its bytes unless it is to be streamed."""
    result: Any = application(environ, started)
    if getattr(result, "streaming", False):
        return result, None
    try:
        return result, b"".join(result)
    finally:
        if hasattr(result, "close"):
            result.close()
