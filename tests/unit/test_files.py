"""One file of a delivery: what makes it unreadable or too large, however it is packed (design section 4)."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zlib
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lib.landing import CSV, HEADER, OPTIONAL, REQUIRED, ROW, accepted, csv_bytes, deliver, rejected

SOUND = csv_bytes(ROW, ROW)
GZ = gzip.compress(SOUND)


def parquet(rows: int = 2, compression: str = "snappy", **columns: pa.Array) -> bytes:
    texts = {name: pa.array([str(i) for i in range(rows)]) for name in REQUIRED}
    buffer = io.BytesIO()
    pq.write_table(pa.table(texts | columns), buffer, compression=compression)
    return buffer.getvalue()


def said(name: str, rows: int = 2) -> dict[str, dict[str, Any]]:
    return {name: {"format": "parquet" if name.endswith("parquet") else "csv", "rows": rows}}


# CSV ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "bom"),
    [("UTF-8", b"\xef\xbb\xbf"), ("GB18030", b"\x84\x31\x95\x33"), ("UTF-8", b""), ("GB18030", b"")],
)
def test_a_header_is_decoded_and_its_bom_tolerated(tmp_path, encoding, bom):
    line = (HEADER + ',"备,注"').encode(encoding)
    found = accepted(tmp_path, {CSV: bom + line + b"\r\n"}, entries={CSV: {"encoding": encoding}})
    assert found.files[0].header == (*REQUIRED, "备,注")
    assert found.files[0].header_line == line


def test_blank_lines_are_no_rows_and_a_repeated_header_is_one(tmp_path):
    lines = ["", " \t", HEADER, ROW, "\t\r", HEADER + "\r", "\r", " " + HEADER, "\r\r", "\ufeff" + HEADER]
    found = accepted(tmp_path, {CSV: "\n".join(lines).encode()}, entries={CSV: {"rows": 5}})
    assert (found.files[0].rows, found.files[0].header_repeats) == (5, 2)


UNREADABLE = {
    "nothing": b"",
    "blank lines": b"\n \r\n\t\n",
    "a header that is not UTF-8": HEADER.encode() + b",\xff\n",
    "a header with what an earlier program could not decode": csv_bytes(header=HEADER + ",\ufffd"),
    "a header with an open quote": csv_bytes(header=HEADER + ',"x'),
    "a header with text after a quote": csv_bytes(header=HEADER + ',"x"y'),
    "a header with a CR inside": csv_bytes(header="\r" + HEADER),
    "a header over 1 MiB": csv_bytes(header=HEADER + "," * 1024**2),
    "a column twice": csv_bytes(header=HEADER + ", AAC001 "),
    "an optional column twice": csv_bytes(header=f"{HEADER},{OPTIONAL},{OPTIONAL}"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_csv_is_unreadable_with(tmp_path, case):
    assert rejected(deliver(tmp_path, {CSV: UNREADABLE[case]})).reason == "file.unreadable"


def test_changes_with_two_operations_are_unreadable(tmp_path):
    place = deliver(tmp_path, {CSV: csv_bytes(header=HEADER + ",操作,操作")}, kind="changes")
    assert rejected(place).reason == "file.unreadable"


@pytest.mark.parametrize("name", ["a.csv.bz2", "a.ZST", "a.snappy"])
def test_a_name_that_spark_takes_for_another_packing_is_unreadable(tmp_path, name):
    assert rejected(deliver(tmp_path, {name: SOUND})).reason == "file.unreadable"


# gzip -----------------------------------------------------------------------------------------------------


def test_a_gzip_file_may_have_members_and_a_name_in_capitals(tmp_path):
    parts = (b"\xef", b"\xbb\xbf" + SOUND[:5], b"", SOUND[5:60], SOUND[60:])
    members = b"".join(gzip.compress(part) for part in parts)
    found = accepted(tmp_path, {"A.CSV.GZ": members}, entries=said("A.CSV.GZ"))
    assert (found.files[0].header, found.files[0].rows) == (REQUIRED, 2)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(SOUND, id="plain text"),
        pytest.param(GZ[:-1], id="cut off in the trailer"),
        pytest.param(GZ[: len(GZ) // 2], id="cut off in the middle"),
        pytest.param(GZ + b"\0", id="padding after the end"),
        pytest.param(GZ + b"\x1f", id="a member begun"),
        pytest.param(GZ[:-8] + bytes(8), id="another checksum"),
        pytest.param(gzip.compress(b""), id="nothing inside"),
    ],
)
def test_a_gzip_file_is_unreadable_with(tmp_path, data):
    found = rejected(deliver(tmp_path, {"a.csv.gz": data}, entries=said("a.csv.gz")))
    assert found.reason == "file.unreadable"


def test_a_broken_gzip_file_is_first_compared_with_its_manifest(tmp_path):
    said_whole = {"a.csv.gz": {"rows": 2, "bytes": len(GZ)}}
    assert rejected(deliver(tmp_path, {"a.csv.gz": GZ[:-9]}, entries=said_whole)).reason == "file.bytes"


def test_a_gzip_bomb_never_goes_off(tmp_path):
    packer = zlib.compressobj(wbits=31)
    data = b"".join(packer.compress(bytes(1_000_000)) for _ in range(20)) + packer.flush()
    place = deliver(tmp_path, {"a.csv.gz": data}, entries=said("a.csv.gz"))
    tracemalloc.start()
    try:
        assert rejected(place).reason == "file.too_large"
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_gzip_file_may_not_expand_beyond_a_hundred_times(tmp_path):
    data = gzip.compress(csv_bytes(*[ROW] * 10_000))
    assert rejected(deliver(tmp_path, {"a.csv.gz": data})).reason == "file.too_large"


# Parquet --------------------------------------------------------------------------------------------------

TEXTS = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]


@pytest.mark.parametrize("kind", TEXTS, ids=str)
def test_parquet_may_hold_its_strings_as_its_writer_pleases(tmp_path, kind):
    data = parquet(AAC003=pa.array(["甲", None]).cast(kind))
    found = accepted(tmp_path, {"a.parquet": data}, entries=said("a.parquet"))
    assert (found.files[0].header, found.files[0].rows, found.files[0].header_line) == (REQUIRED, 2, b"")


def with_a_corrupt_page() -> bytes:
    data = bytearray(parquet(rows=20_000, compression="none"))
    start = pq.read_metadata(io.BytesIO(bytes(data))).row_group(0).column(1).dictionary_page_offset
    data[start + 40 : start + 4000] = b"\xff" * 3960
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(SOUND, id="plain text"),
        pytest.param(parquet()[:-20], id="no footer"),
        pytest.param(with_a_corrupt_page(), id="a corrupt page"),
        pytest.param(parquet(AAC150=pa.array([1, 2])), id="an integer column"),
        pytest.param(parquet(AAC150=pa.array([b"1", b"2"])), id="a binary column"),
        pytest.param(parquet(AAC150=pa.array([None, None])), id="a column without type"),
        pytest.param(parquet(AAC150=pa.array([["1"], ["2"]])), id="a list"),
        pytest.param(parquet(AAC150=pa.array([{"AAC150": "1"}] * 2)), id="a structure"),
        pytest.param(parquet(aac001=pa.array(["x", "y"])), id="a column twice but for its case"),
        pytest.param(parquet(compression="brotli"), id="a packing that Spark lacks"),
    ],
)
def test_a_parquet_file_is_unreadable_with(tmp_path, data):
    place = deliver(tmp_path, {"a.parquet": data}, entries=said("a.parquet"))
    assert rejected(place).reason == "file.unreadable"


def test_a_parquet_column_in_other_letters_is_another_column(tmp_path):
    data = parquet().replace(b"AAC001", b"aac001")
    place = deliver(tmp_path, {"a.parquet": data}, entries=said("a.parquet"))
    assert rejected(place).reason == "column.missing"


def test_a_text_repeated_without_end_is_too_large_before_it_fills_the_memory(tmp_path):
    same = pa.DictionaryArray.from_arrays(pa.array([0] * 10_000, pa.int32()), ["x" * 100_000])
    data = parquet(rows=10_000, AAC003=same)
    place = deliver(tmp_path, {"a.parquet": data}, entries=said("a.parquet", rows=10_000))
    assert rejected(place).reason == "file.too_large"
    assert pa.default_memory_pool().max_memory() < 100_000_000  # of a thousand million


def test_a_parquet_file_may_not_expand_beyond_a_hundred_times(tmp_path):
    long = pa.array(["x" * 500_000 + str(i) for i in range(2)])
    data = parquet(AAC003=long, compression="zstd")
    place = deliver(tmp_path, {"a.parquet": data}, entries=said("a.parquet"))
    assert rejected(place).reason == "file.too_large"
