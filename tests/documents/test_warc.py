"""Records of WARC files and HTTP bodies: what one damaged record costs, and what headers that do not fit do."""

import gzip
import io
import random
import zlib
from pathlib import Path

import pytest
import zstandard

from ncvc.documents.http import BadBodyError, LongBodyError, parse_response
from ncvc.documents.warc import Damage, Record, read_records

LONGEST = 100_000
PAGE = "<html><p>熱が下がった。</p></html>".encode()


def record(block: bytes, *, kind: str = "resource", length: int | None = None, end: bytes = b"\r\n\r\n") -> bytes:
    size = len(block) if length is None else length
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nContent-Type: text/html\r\nContent-Length: {size}\r\n\r\n"
    return head.encode() + block + end


def read(data: bytes) -> list[str]:
    """Each record as its text, each damage as an exclamation mark."""
    found = []
    for each in read_records(io.BytesIO(data), LONGEST):
        if isinstance(each, Damage):
            found.append("!")
        else:
            found.append("long" if each.block is None else each.block.decode())
    return found


A, B, C = (record(name.encode() * 9) for name in "abc")
NINE = {name: name * 9 for name in "abc"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (A + B + C, ["a", "b", "c"]),
        (A + record(b"b" * 9, end=b"\n\n") + C, ["a", "b", "c"]),
        (A + record(b"b" * 9, end=b"") + C, ["a", "b", "c"]),
        (A + record(b"b" * 9, end=b""), ["a", "b"]),
        (b"\r\n\r\n" + A, ["a"]),
        (A + record(b"x" * 9, length=5) + C, ["a", "!", "c"]),
        (A + record(b"x" * 9, length=20) + C, ["a", "!", "c"]),
        (A + record(b"x" * 9, length=10**5) + B + C, ["a", "!", "b", "c"]),
        (A + B.replace(b"WARC-Type", b"WARC-Tipe") + C, ["a", "!", "c"]),
        (A + B.replace(b"Content-Length: 9", b"Content-Length: x") + C, ["a", "!", "c"]),
        (A + b"garbage\n" * 3 + C, ["a", "!", "c"]),
        (A + C[:-8], ["a", "!"]),
        (A + record(b"x" * (LONGEST + 1)) + C, ["a", "long", "c"]),
        (b"garbage", ["!"]),
        (b"", []),
        (A + bytes(3_000_000), ["a", "!"]),
    ],
)
def test_a_damaged_record_costs_no_other(data: bytes, expected: list[str]) -> None:
    assert read(data) == [NINE.get(each, each) for each in expected]
    assert read(gzip.compress(data)) == [NINE.get(each, each) for each in expected]


def test_a_damaged_member_costs_no_other() -> None:
    members = [gzip.compress(record(f"{i}".encode() * 3000)) for i in range(9)]
    sound = [f"{i}" * 3000 for i in range(9)]
    assert read(b"".join(members)) == sound
    for place in range(1, 9):
        for at in (0, 4, 12, len(members[place]) // 2, len(members[place]) - 6):
            torn = bytearray(members[place])
            torn[at] ^= 0xFF
            found = read(b"".join([*members[:place], bytes(torn), *members[place + 1 :]]))
            # A wrong checksum is seen behind the block; a wrong time is not looked at.
            assert [text for text in found if text != "!"] in (sound, sound[:place] + sound[place + 1 :]), (place, at)
            assert ("!" in found) == (at != 4)


@pytest.mark.parametrize("level", [0, 9])
@pytest.mark.parametrize("size", [40, 3000, 60_000])
def test_a_member_that_is_cut_short_costs_no_other(level: int, size: int) -> None:
    texts = ["".join(random.Random(number).choices("abcdefgh <>\n", k=size)) for number in range(5)]
    members = [gzip.compress(record(text.encode()), level) for text in texts]
    for place in range(5):
        # A file that begins with one byte of gzip is not known as gzip.
        for cut in {
            1 if place else 3,
            12,
            len(members[place]) // 2,
            len(members[place]) * 2 // 3,
            len(members[place]) - 3,
        }:
            found = read(b"".join([*members[:place], members[place][:cut], *members[place + 1 :]]))
            assert "!" in found, (place, cut)
            # Where nothing but the checksum is missing the record may be there.
            whole = [text for text in found if text != "!"]
            assert whole in (texts, texts[:place] + texts[place + 1 :]), (place, cut)


@pytest.mark.parametrize("seed", [*range(10), 11, 54, 102])
def test_a_member_that_is_cut_short_never_ends_in_the_bytes_of_the_next(seed: int) -> None:
    """By chance a line break stands where the block would end (seeds 11, 54 and 102)."""
    source = random.Random(seed)
    texts = ["".join(source.choices("abcdefgh <>\n", k=60_000)) for _ in range(3)]
    members = [gzip.compress(record(text.encode()), 1) for text in texts]
    cut = source.randrange(len(members[1]) // 2, len(members[1]) - 8)
    found = read(members[0] + members[1][:cut] + members[2])
    assert [text for text in found if text != "!"] == [texts[0], texts[2]]
    assert "!" in found


def test_a_record_before_a_damaged_member_is_kept() -> None:
    members = [gzip.compress(record(name.encode() * 9)) for name in "abc"]
    torn = members[1][:10] + b"\xff" * 10 + members[1][20:]
    assert read(members[0] + torn + members[2]) == [NINE["a"], "!", NINE["c"]]
    assert read(members[0] + torn) == [NINE["a"], "!"]
    assert read(members[0] + members[1] + b"junk") == [NINE["a"], NINE["b"], "!"]


def test_offsets_are_those_of_the_uncompressed_file(tmp_path: Path) -> None:
    data = b"\r\n" + A + b"junk\n" + B
    for packed in (data, gzip.compress(data[:50]) + gzip.compress(data[50:])):
        offsets = [each.offset for each in read_records(io.BytesIO(packed), LONGEST) if isinstance(each, Record)]
        assert offsets == [2, data.index(B)]


def response(*headers: str, body: bytes = PAGE) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode() + body


def chunked(data: bytes, last: bytes = b"0\r\n\r\n") -> bytes:
    return (
        b"".join(b"%x;x=y\r\n%b\r\n" % (len(data[i : i + 10]), data[i : i + 10]) for i in range(0, len(data), 10))
        + last
    )


RAW = zlib.compressobj(wbits=-15)
BODIES = {
    "plain": response(),
    "chunked": response("Transfer-Encoding: chunked", body=chunked(PAGE)),
    "chunked without an end": response("Transfer-Encoding: chunked", body=chunked(PAGE, b"")),
    "chunked and plain": response("Transfer-Encoding: chunked"),
    "gzip": response("Content-Encoding: gzip", body=gzip.compress(PAGE)),
    "two members": response("Content-Encoding: gzip", body=gzip.compress(PAGE[:9]) + gzip.compress(PAGE[9:])),
    "x-gzip": response("content-encoding: X-GZIP", body=gzip.compress(PAGE)),
    "gzip and plain": response("Content-Encoding: gzip"),
    "deflate": response("Content-Encoding: deflate", body=zlib.compress(PAGE)),
    "raw deflate": response("Content-Encoding: deflate", body=RAW.compress(PAGE) + RAW.flush()),
    "deflate and plain": response("Content-Encoding: deflate"),
    "zstd": response("Content-Encoding: zstd", body=zstandard.compress(PAGE)),
    "br and plain": response("Content-Encoding: br"),
    "both": response("Transfer-Encoding: chunked", "Content-Encoding: gzip", body=chunked(gzip.compress(PAGE))),
    "twice": response("Content-Encoding: gzip, gzip", body=gzip.compress(gzip.compress(PAGE))),
    "identity": response("Content-Encoding: identity"),
    "line feeds alone": b"HTTP/1.0 200\nContent-Type: text/html\n\n" + PAGE,
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies(name: str) -> None:
    assert parse_response(BODIES[name]).body(LONGEST) == PAGE


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
def test_bodies_that_are_damaged_or_too_long(coding: str) -> None:
    packed = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstandard.compress}[coding]
    with pytest.raises(BadBodyError):
        parse_response(response(f"Content-Encoding: {coding}", body=packed(PAGE * 9)[:-9])).body(LONGEST)
    with pytest.raises(LongBodyError):
        parse_response(response(f"Content-Encoding: {coding}", body=packed(bytes(50_000_000)))).body(LONGEST)
    with pytest.raises(BadBodyError):
        parse_response(response("Transfer-Encoding: chunked", body=b"5\r\nabcdefgh\r\n5\r\nx")).body(LONGEST)
    with pytest.raises(BadBodyError):
        parse_response(b"ICY 200 OK\r\n\r\n")


def test_headers() -> None:
    found = parse_response(response('content-type: TEXT/HTML ; Charset="Shift_JIS"', "Content-Type: image/png"))
    assert (found.status, found.media_type, found.charset) == (200, "text/html", "Shift_JIS")
    assert parse_response(b"HTTP/2 404\r\n\r\n").status == 404
