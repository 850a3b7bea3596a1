"""Files of msgpack records under zstd."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import zstandard

CHUNK = 1024 * 1024


def write(path: Path, records: Iterable[Any]) -> None:
    """Each record is preceded by its length in 4 bytes."""
    encode = msgspec.msgpack.Encoder().encode
    with path.open("wb") as file, zstandard.ZstdCompressor(level=3).stream_writer(file) as packed:
        for record in records:
            raw = encode(record)
            packed.write(len(raw).to_bytes(4, "big") + raw)


def read(path: Path) -> Iterator[Any]:
    decode = msgspec.msgpack.Decoder().decode
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as packed:
        while head := packed.read(4):
            yield decode(read_exactly(packed, int.from_bytes(head, "big")))


def read_exactly(packed: Any, length: int) -> bytes:
    parts: list[bytes] = []
    while length:
        part = packed.read(min(length, CHUNK))
        if not part:
            raise EOFError("The file ends in the middle of a record.")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
