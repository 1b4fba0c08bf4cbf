"""WARC files: headers that lie, compressions, damage; a bad record costs itself only, and every kind is counted."""

import gzip
import zlib
from pathlib import Path

import pytest

import ncvc
from tests.documents.promises import Case, Output, by_name, check, preprocess, run_cases, write

HEAD = "普通の頁です。血糖値が慢性的に高くなる病気です。早めの受診が大切です。"
MIDDLE = "調べる頁です。気管支の炎症で咳が続きます。二週間を超えたら受診してください。"
TAIL = "最後の頁です。定期的に検査を受けることで合併症を防げます。"


def html(text: str, head: str = "<meta charset=utf-8>") -> bytes:
    return f"<html><head>{head}<title>t</title></head><body><p>{text}</p></body></html>".encode()


def record(
    body: bytes, kind: str = "response", media: str = "application/http; msgtype=response", length: int | None = None
) -> bytes:
    """A WARC record with the block `body`."""
    fields = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        "WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>",
        "WARC-Date: 2020-01-01T00:00:00Z",
        "WARC-Target-URI: http://example.com/",
        f"Content-Type: {media}",
        f"Content-Length: {len(body) if length is None else length}",
    ]
    return "\r\n".join(fields).encode() + b"\r\n\r\n" + body + b"\r\n\r\n"


def http(body: bytes, *headers: str, status: str = "HTTP/1.1 200 OK", line: str = "\r\n") -> bytes:
    """An HTTP answer; `text/html` in UTF-8 unless a header says another type."""
    if not any(header.lower().startswith("content-type:") for header in headers):
        headers = ("Content-Type: text/html; charset=utf-8", *headers)
    return (line.join([status, *headers]) + line * 2).encode() + body


def chunked(body: bytes, size: int = 50) -> bytes:
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


BODY = html(MIDDLE)
BEFORE, AFTER = record(http(html(HEAD))), record(http(html(TAIL)))
SJIS = html(MIDDLE, "").decode().encode("cp932")

# Records that are read.
READ = {
    "plain": record(http(BODY)),
    "chunked": record(http(chunked(BODY), "Transfer-Encoding: chunked")),
    "chunked_capitals": record(http(chunked(BODY), "TRANSFER-ENCODING: Chunked")),
    "chunk_extension": record(
        http(b"%x;a=b\r\n%s\r\n0\r\nX: y\r\n\r\n" % (len(BODY), BODY), "Transfer-Encoding: chunked")
    ),
    "chunked_but_plain": record(http(BODY, "Transfer-Encoding: chunked")),
    "gzip": record(http(gzip.compress(BODY), "Content-Encoding: gzip")),
    "gzip_but_plain": record(http(BODY, "Content-Encoding: gzip")),
    "x_gzip": record(http(gzip.compress(BODY), "Content-Encoding: x-gzip")),
    "x_gzip_but_plain": record(http(BODY, "Content-Encoding: x-gzip")),
    "deflate_zlib": record(http(zlib.compress(BODY), "Content-Encoding: deflate")),
    "deflate_raw": record(http(raw_deflate(BODY), "Content-Encoding: deflate")),
    "deflate_but_plain": record(http(BODY, "Content-Encoding: deflate")),
    "br_but_plain": record(http(BODY, "Content-Encoding: br")),
    "zstd_but_plain": record(http(BODY, "Content-Encoding: zstd")),
    "identity": record(http(BODY, "Content-Encoding: identity")),
    "gzip_chunked": record(http(chunked(gzip.compress(BODY)), "Transfer-Encoding: chunked", "Content-Encoding: gzip")),
    "gzip_chunked_but_gzip": record(http(gzip.compress(BODY), "Transfer-Encoding: chunked", "Content-Encoding: gzip")),
    "gzip_members": record(http(gzip.compress(BODY[:99]) + gzip.compress(BODY[99:]), "Content-Encoding: gzip")),
    "wrong_http_length": record(http(BODY, "Content-Length: 3")),
    "text_html_capitals": record(http(BODY, "Content-Type: TEXT/HTML")),
    "text_html_parameters": record(http(BODY, 'Content-Type: Text/Html ;Charset="UTF-8"')),
    "xhtml": record(http(BODY, "Content-Type: application/xhtml+xml")),
    "header_without_space": record(http(BODY, "Content-Type:text/html")),
    "line_feeds_only": record(http(BODY, line="\n")),
    "http_1_0": record(http(BODY, status="HTTP/1.0 200 OK")),
    "http_2": record(http(BODY, status="HTTP/2 200")),
    "status_without_reason": record(http(BODY, status="HTTP/1.1 200")),
    "header_latin1": record(http(BODY).replace(b"\r\n", b"\r\nServer: caf\xe9\r\n", 1)),
    "shift_jis_header": record(http(SJIS, "Content-Type: text/html; charset=Shift_JIS")),
    "shift_jis_no_charset": record(http(SJIS, "Content-Type: text/html")),
    "shift_jis_latin1_header": record(http(SJIS, "Content-Type: text/html; charset=ISO-8859-1")),
    "shift_jis_utf8_header": record(http(SJIS, "Content-Type: text/html; charset=utf-8")),
    "resource": record(BODY, "resource", "text/html"),
    "lower_case_fields": record(http(BODY))
    .replace(b"WARC-Type", b"warc-type")
    .replace(b"Content-Length", b"content-length"),
    "warc_1_1": record(http(BODY)).replace(b"WARC/1.0", b"WARC/1.1"),
    "blank_lines_between": b"\r\n\r\n" + record(http(BODY)),
}
# Records that are no pages: nothing is written or set aside, and the kind is counted where one may miss it.
PASSED_OVER = {
    "warcinfo": (record(b"software: x\r\n", "warcinfo", "application/warc-fields"), None),
    "request": (record(b"GET / HTTP/1.1\r\n\r\n", "request", "application/http; msgtype=request"), None),
    "metadata": (record(b"a: b\r\n", "metadata", "application/warc-fields"), None),
    "image": (record(http(b"\x89PNG\r\n\x1a\n", "Content-Type: image/png")), "image/png"),
    "pdf": (record(http(b"%PDF-1.4", "Content-Type: application/pdf; x=y")), "application/pdf"),
    "pdf_capitals": (record(http(b"%PDF-1.4", "Content-Type: Application/PDF")), "application/pdf"),
    "json": (record(http(b'{"a": 1}', "Content-Type: application/json")), "application/json"),
    "not_found": (record(http(BODY, status="HTTP/1.1 404 Not Found")), "404"),
    "moved": (record(http(BODY, status="HTTP/1.1 301 Moved")), "301"),
}
# Records that are set aside, alone.
DAMAGED = {
    "gzip_cut": record(http(gzip.compress(BODY)[:60], "Content-Encoding: gzip")),
    "gzip_flipped": record(
        http(gzip.compress(BODY)[:40] + b"\xff" * 9 + gzip.compress(BODY)[49:], "Content-Encoding: gzip")
    ),
    "undecodable": record(http(html("この頁は") + b"\xff\xfe\xfd\x80\x80", "Content-Type: text/html; charset=utf-8")),
    "length_too_small": record(http(BODY), length=len(http(BODY)) - 40),
    "length_not_a_number": record(http(BODY)).replace(b"Content-Length: ", b"Content-Length: x"),
    "without_length": record(http(BODY)).replace(b"Content-Length", b"Content-Size"),
    "without_type": record(http(BODY)).replace(b"WARC-Type", b"WARC-Tipe"),
    "garbage": b"\x00\x01\x02garbage" * 9 + b"\r\n\r\n",
}


def around(middle: bytes) -> dict[str, bytes]:
    return {"a.warc": BEFORE + middle + AFTER}


CASES = [
    *(Case(f"read_{name}", around(middle), [HEAD, MIDDLE, TAIL]) for name, middle in READ.items()),
    *(Case(f"over_{name}", around(middle), [HEAD, TAIL]) for name, (middle, _) in PASSED_OVER.items()),
    *(Case(f"damaged_{name}", around(middle), [HEAD, TAIL], quarantined=1) for name, middle in DAMAGED.items()),
    Case(
        "gz_members",
        {"a.warc.gz": b"".join(map(gzip.compress, [BEFORE, record(http(BODY)), AFTER]))},
        [HEAD, MIDDLE, TAIL],
    ),
    Case("gz_whole", {"a.warc.gz": gzip.compress(BEFORE + record(http(BODY)) + AFTER)}, [HEAD, MIDDLE, TAIL]),
    Case(
        "gz_junk_between",
        {"a.warc.gz": gzip.compress(BEFORE) + b"junk" + gzip.compress(AFTER)},
        [HEAD, TAIL],
        quarantined=1,
    ),
    Case("last_cut", {"a.warc": BEFORE + record(http(BODY)) + AFTER[:-90]}, [HEAD, MIDDLE], quarantined=1),
    Case("length_beyond_end", {"a.warc": BEFORE + record(http(BODY), length=10**15)}, [HEAD], quarantined=1),
    Case(
        "length_too_large",
        {"a.warc": BEFORE + record(http(BODY), length=len(http(BODY)) + 50) + AFTER * 2},
        [HEAD, TAIL],
        2,
    ),
    Case("bad_file_beside_good", {"a.warc": b"x" * 500, "b.warc": BEFORE + AFTER}, [HEAD, TAIL], quarantined=1),
    Case(
        "wet",
        {"a.warc.wet": b"".join(record(t.encode(), "conversion", "text/plain") for t in (HEAD, MIDDLE))},
        [HEAD, MIDDLE],
    ),
    Case(
        "wet_gz",
        {
            "CC-MAIN-1.warc.wet.gz": b"".join(
                gzip.compress(record(t.encode(), kind, "text/plain"))
                for t, kind in (("a: b", "warcinfo"), (HEAD, "conversion"), (MIDDLE, "conversion"))
            )
        },
        [HEAD, MIDDLE],
    ),
]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Output:
    return run_cases(tmp_path_factory.mktemp("warc"), CASES)


@by_name(CASES)
def test_records(output: Output, case: Case) -> None:
    read = output.source(case.name)
    if case.name == "length_too_large":  # it runs into the next record, and may cost that one too but no other
        assert read.texts in ([ncvc.clean(HEAD), ncvc.clean(TAIL)], [ncvc.clean(t) for t in (HEAD, TAIL, TAIL)])
        assert read.quarantine
        return
    check(output, case)


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, (_, kind) in PASSED_OVER.items() if kind])
def test_passed_over_is_counted(output: Output, name: str, kind: str) -> None:
    passed = output.source(f"over_{name}").summary["passed_over"]
    assert [kind in key for key in passed] == [True], passed
    assert list(passed.values()) == [1]
    assert kind in output.process.stdout + output.process.stderr


def test_decompressed_page_is_limited(tmp_path: Path) -> None:
    """A page of zeros that gzip makes small is set aside, and the next record is read."""
    bomb = record(http(gzip.compress(b"<p>" + b"0" * 30_000_000), "Content-Encoding: gzip"))
    write(tmp_path / "in-bomb", {"a.warc": BEFORE + bomb + AFTER})
    output = preprocess(tmp_path, [{"name": "bomb", "inputs": ["in-bomb"]}], longest_line=1_000_000)
    read = output.source("bomb")
    assert read.texts == [ncvc.clean(HEAD), ncvc.clean(TAIL)]
    assert [q["reason"] for q in read.quarantine] == ["line_too_long"]
