"""What is sent packed, and what is uploaded: bombs cost little, and what is no text is refused with a sentence."""

import gzip
import json
import tracemalloc
import zlib

import pytest
import zstandard
from django.core.files.uploadedfile import SimpleUploadedFile

from ingestion.payload import MAX_BYTES
from tests.conftest import event

MiB = 1024 * 1024
HEAD = b"Day,Campaign,Source,Cost\n"


def zeros(size):
    """So many packed by gzip, without being in memory."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(MiB)) for _ in range(size // MiB)) + packer.flush()


def zstd_zeros(size, window=27):
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=window)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return b"".join(packer.compress(bytes(MiB)) for _ in range(size // MiB)) + packer.flush()


@pytest.mark.parametrize(("encoding", "bomb", "status"), [
    ("gzip", zeros(600 * MiB), 413), ("gzip", gzip.compress(zeros(600 * MiB)), 400), ("zstd", zstd_zeros(600 * MiB, 20), 413),
    ("zstd", zstd_zeros(600 * MiB), 400), ("gzip", gzip.compress(b"[" * 900_000), 400), ("zstd", b"\x28\xb5\x2f\xfd" + bytes(50), 400),
], ids=["gzip", "gzip in gzip", "zstd", "zstd with a window of 128 MiB", "brackets", "no zstd"])  # fmt: skip
def test_a_bomb_costs_no_more_than_a_large_request(site, post, encoding, bomb, status):
    assert len(bomb) < MAX_BYTES, "or it would be refused by its size"
    tracemalloc.start()
    try:
        answer = post(bomb, headers={"HTTP_CONTENT_ENCODING": encoding})
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status == status and answer.json()["error"]["message"]
    assert most < 40 * MiB


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd,gzip", "compress", "x" * 5000])
def test_no_other_packing_is_opened(site, post, encoding):
    answer = post(zlib.compress(b"{}"), headers={"HTTP_CONTENT_ENCODING": encoding})
    assert answer.status == 415 and "gzip, zstd or none" in answer.json()["error"]["message"]


def test_what_is_cut_off_is_not_half_taken(site, post, drain, stored):
    body = json.dumps({"site": site.site_key, "events": [event() for _ in range(50)]}).encode()
    for encoding, packed in (("gzip", gzip.compress(body)), ("zstd", zstandard.ZstdCompressor().compress(body))):
        for size in (len(packed) - 1, len(packed) // 2, 12):
            assert post(packed[:size], headers={"HTTP_CONTENT_ENCODING": encoding}).status == 400, (encoding, size)
    drain()
    assert stored("path") == []


@pytest.fixture
def upload(client_in, site, stores):
    def send(content, name="spend.csv", kind="text/csv"):
        file = SimpleUploadedFile(name, content, kind)
        return client_in.post(f"/sites/{site.pk}/settings/spend/import", {"file": file}, follow=True)

    return send


@pytest.mark.parametrize("content", [
    b"", HEAD, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, b"PK\x03\x04" + bytes(2000), HEAD + b"2026-11-01,a\x00b,c,5\n",
    gzip.compress(HEAD * 100), HEAD + b'2026-11-01,"' + b"a" * 200_000 + b'",c,5\n', HEAD.decode().encode("utf-16-le") + b"\x00",
    HEAD + b"2026-11-01,\xff\xfe,c,5\n", b"a" * (5 * MiB + 1), HEAD + b"2026-11-01,a,b,5\n" * 50_001, b"\x00" * 3000, b"\xff\xfe" + b"\x00\xd8" * 50,
], ids=["empty", "head alone", "picture", "zip", "NUL", "gzip", "field", "UTF-16 unmarked", "Latin", "large", "lines", "NULs", "surrogates"])  # fmt: skip
def test_what_is_no_table_is_refused_with_a_sentence(upload, site, content):
    page = upload(content)
    assert page.status_code == 200 and "Nothing was imported: " in page.content.decode()
    assert not site.spend.exists()


@pytest.mark.parametrize("content", [
    HEAD + b"2026-11-01,autumn,shop,5\n", HEAD.replace(b"\n", b"\r") + b"2026-11-01,autumn,shop,5\r",
    b"\xef\xbb\xbf" + HEAD + b"2026-11-01,autumn,shop,5\r\n", "\ufeff".encode("utf-16-le") + (HEAD + b"2026-11-01,autumn,shop,5\n").decode().encode("utf-16-le"),
], ids=["plain", "lines of an old Mac", "UTF-8 marked", "UTF-16 marked"])  # fmt: skip
def test_tables_of_any_program_are_read(upload, content):
    page = upload(content, "spend.xls", "application/vnd.ms-excel").content.decode()
    assert "autumn" in page and "Nothing was imported" not in page
