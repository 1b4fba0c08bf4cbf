"""HTML and WARC: what is kept of a page, against warcio's files and hand-written pages."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

import ncvc
from ncvc.documents.pages import Page, to_document
from tests.documents.test_sources import clean, put, quarantine, texts

warcio = pytest.importorskip("warcio.warcwriter")
from warcio.statusandheaders import StatusAndHeaders  # noqa: E402

PARAGRAPHS = [
    "高血圧症は、血圧が高い状態が続く病気である。診察室で測った収縮期血圧が140mmHg以上のとき、高血圧と診断される。",
    "治療は、まず生活習慣の改善から始める。塩分を一日6g未満に控え、適度な運動を続けることが勧められる。",
    "薬物治療では、カルシウム拮抗薬、ARB、利尿薬などが用いられる。副作用としてめまいやむくみが現れることがある。",
]
RUBY = "患者は<ruby>喘鳴<rp>（</rp><rt>ぜんめい</rt><rp>）</rp></ruby>を訴えた。"
TABLE = "<table><tr><th>薬剤名</th><th>用量</th></tr><tr><td>アムロジピン</td><td>5mg</td></tr></table>"
BODY = "".join(f"<p>{text}</p>" for text in [*PARAGRAPHS, RUBY]) + TABLE
NAV = "<nav><ul><li><a href='/'>ホーム</a></li><li><a href='/q'>お問い合わせ</a></li></ul></nav>"
AROUND = "<aside class='sidebar'><a href='1'>人気記事</a></aside><div class='ad'><a href='x'>半額セール</a></div>"
FOOTER = "<footer><p>Copyright © 2024 健康ナビ</p></footer>"
NOISE = ("ホーム", "お問い合わせ", "人気記事", "半額", "Copyright", "ぜんめい", "計測", "（）")
LAYOUTS = {
    "article": f"<header>{NAV}</header><main><article><h1>高血圧症</h1>{BODY}</article></main>{AROUND}{FOOTER}",
    "divs": f"<div id='header'>{NAV}</div><div id='content'><h1>高血圧症</h1>{BODY}</div>{AROUND}"
    "<div id='footer'><p>Copyright © 2024</p></div>",
}


def page(layout: str, codec: str, *, declared: bool = True) -> bytes:
    meta = f"<meta charset='{codec.replace('cp932', 'shift_jis').replace('_', '-')}'>" if declared else ""
    head = f"<head>{meta}<title>高血圧症</title><script>var x = '計測';</script></head>"
    html = f"<!DOCTYPE html><html lang='ja'>{head}<body>{LAYOUTS[layout]}</body></html>"
    return html.encode(codec, "xmlcharrefreplace")


def expect_main_text(text: str) -> None:
    for wanted in [*PARAGRAPHS, "患者は喘鳴を訴えた。", "アムロジピン"]:
        assert ncvc.clean(wanted) in text
    for noise in NOISE:
        assert noise not in text


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("codec", ["utf-8", "cp932", "euc_jp"])
@pytest.mark.parametrize("declared", [True, False])
def test_the_main_text_of_a_page(tmp_path: Path, layout: str, codec: str, declared: bool) -> None:
    put(tmp_path / "in/a.html", page(layout, codec, declared=declared))
    documents, report = clean(tmp_path)
    expect_main_text(documents[0]["text"])
    assert documents[0]["title"] == "高血圧症"
    assert report["sources"][0]["files"] == [{"path": str(tmp_path / "in/a.html"), "documents": 1}]


def warc(records: list[tuple[str, str, str, bytes]], *, packed: bool, encoding: str = "") -> bytes:
    """(record type, status, content type, body) → the bytes that warcio writes."""
    out = io.BytesIO()
    writer = warcio.WARCWriter(out, gzip=packed)
    for i, (kind, status, content_type, body) in enumerate(records):
        url = f"http://example.jp/{i}"
        headers = {"WARC-Date": "2024-01-02T03:04:05Z"}
        if kind == "response":
            fields = [("Content-Type", content_type)]
            if encoding:
                fields.append(("Content-Encoding", encoding))
            http = StatusAndHeaders(status, fields, protocol="HTTP/1.1")
            record = writer.create_warc_record(
                url, kind, io.BytesIO(body), http_headers=http, warc_headers_dict=headers
            )
        else:
            record = writer.create_warc_record(
                url, kind, io.BytesIO(body), warc_content_type=content_type, warc_headers_dict=headers
            )
        writer.write_record(record)
    return out.getvalue()


RECORDS: list[tuple[str, str, str, bytes]] = [
    ("warcinfo", "", "application/warc-fields", b"software: x\r\n"),
    ("response", "200 OK", "text/html; charset=Shift_JIS", page("divs", "cp932", declared=False)),
    ("response", "404 Not Found", "text/html", page("divs", "utf-8")),
    ("response", "200 OK", "image/png", b"\x89PNG"),
    ("metadata", "", "text/plain", b"x"),
    ("resource", "", "text/html", page("article", "utf-8")),
    ("conversion", "", "text/plain", "本文だけの文書。".encode()),
]


@pytest.mark.parametrize("packed", [True, False])
def test_the_pages_of_a_warc(tmp_path: Path, packed: bool) -> None:
    data = warc(RECORDS, packed=packed)
    put(tmp_path / f"in/a.warc{'.gz' if packed else ''}", data)
    documents, _ = clean(tmp_path)
    assert [document["url"] for document in documents] == [f"http://example.jp/{i}" for i in (1, 5, 6)]
    expect_main_text(documents[0]["text"])
    expect_main_text(documents[1]["text"])
    assert documents[2]["text"] == ncvc.clean("本文だけの文書。")
    raw = gzip.decompress(data) if packed else data
    for document in documents:
        assert raw[document["offset"] :].startswith(b"WARC/1.")
        assert document["date"] == "2024-01-02T03:04:05Z"


def test_pages_that_the_server_compressed(tmp_path: Path) -> None:
    body = gzip.compress(page("divs", "utf-8"))
    bomb = gzip.compress(bytes(30_000_000))
    records = [("response", "200 OK", "text/html", body), ("response", "200 OK", "text/html", bomb)]
    put(tmp_path / "in/a.warc.gz", warc(records, packed=True, encoding="gzip"))
    documents, _ = clean(tmp_path, on_error="quarantine", longest_line=1_000_000)
    expect_main_text(documents[0]["text"])
    assert [row[2] for row in quarantine(tmp_path)] == ["line_too_long"]


@pytest.mark.parametrize("packed", [True, False])
def test_a_truncated_warc_gives_what_came_before(tmp_path: Path, packed: bool) -> None:
    data = warc([RECORDS[1]] * 60, packed=packed)
    path = put(tmp_path / f"in/a.warc{'.gz' if packed else ''}", data)
    for cut in (len(data) - 30, len(data) // 2 + 7, 40):
        path.write_bytes(data[:cut])
        documents, _ = clean(tmp_path, on_error="quarantine")
        assert len(documents) < 60
        assert cut == 40 or len(documents) >= 25
        assert [row[2] for row in quarantine(tmp_path)] == ["damaged_file"]
    with pytest.raises(ncvc.InputError, match=r"a\.warc(\.gz)?:\d+: the file is truncated or damaged here"):
        clean(tmp_path)


def test_what_cannot_be_read_is_set_aside_by_file_and_offset(tmp_path: Path) -> None:
    torn = b"<html><body><p>" + PARAGRAPHS[0].encode()[:-1] + b"\xff</p>"
    put(tmp_path / "in/a.html", torn)
    put(tmp_path / "in/b.html", page("divs", "utf-8"))
    put(tmp_path / "in/c.warc", warc([RECORDS[1], ("response", "200 OK", "text/html", torn)], packed=False))
    put(tmp_path / "in/d.warc", b"hello\n")
    put(tmp_path / "in/e.html", b"")
    with pytest.raises(ncvc.InputError, match=r"a\.html:0: not text in the file's encoding"):
        clean(tmp_path)
    documents, report = clean(tmp_path, on_error="quarantine")
    assert len(documents) == 2
    assert report["documents"] == {"in": 5, "out": 2, "dropped": 1, "quarantined": 2}
    found = quarantine(tmp_path)
    assert [(name, reason) for name, _, reason in found] == [
        ("a.html", "undecodable"),
        ("c.warc", "undecodable"),
        ("d.warc", "damaged_file"),
    ]
    assert (tmp_path / "in/c.warc").read_bytes()[found[1][1] :].startswith(b"WARC/1.")


def test_pages_beside_other_files_and_on_any_number_of_processes(tmp_path: Path, monkeypatch: Any) -> None:
    for i in range(30):
        put(tmp_path / f"in/{i:02}.html", page("divs", "utf-8").replace("高血圧症は".encode(), f"{i}。".encode()))
        if i % 10 == 5:
            put(tmp_path / f"in/{i:02}.jsonl", json.dumps({"text": f"{i}番。"}).encode())
    one, _ = clean(tmp_path, threads=1)
    many, _ = clean(tmp_path, threads=3)
    assert one == many
    assert len(one) == 33
    assert texts(one)[6] == "5番。"


def test_a_page_beyond_the_limits_is_set_aside_and_named(tmp_path: Path) -> None:
    put(tmp_path / "in/a.html", b"<p>" + PARAGRAPHS[0].encode())
    put(tmp_path / "in/b.html", b"<div>" * 400_000)
    put(tmp_path / "in/c.html", b"<font>" * 400_000 + PARAGRAPHS[1].encode())
    documents, report = clean(tmp_path, on_error="quarantine")
    assert texts(documents) == [ncvc.clean(text) for text in PARAGRAPHS[:2]]
    assert quarantine(tmp_path) == [("b.html", 0, "page_too_complex")]
    assert report["documents"]["quarantined"] == 1
    with pytest.raises(ncvc.InputError, match=r"b\.html:0: the page has more than 1,024 elements inside each other"):
        clean(tmp_path)


def test_pages_that_are_compressed_on_disk(tmp_path: Path) -> None:
    put(tmp_path / "in/a.html.gz", gzip.compress(page("article", "cp932", declared=False)))
    put(tmp_path / "in/b.HTM", page("divs", "utf-8"))
    put(tmp_path / "in/c.xhtml.gz", gzip.compress(page("divs", "euc_jp"))[:-20])
    put(tmp_path / "in/d.html.gz", gzip.compress(bytes(3_000_000)))
    documents, _ = clean(tmp_path, on_error="quarantine", longest_line=1_000_000)
    assert len(documents) == 2
    for document in documents:
        expect_main_text(document["text"])
    assert quarantine(tmp_path) == [("c.xhtml.gz", 0, "damaged_file"), ("d.html.gz", 0, "line_too_long")]


def test_plain_text_of_common_crawl(tmp_path: Path) -> None:
    data = warc([("warcinfo", "", "application/warc-fields", b"x: y\r\n"), RECORDS[-1]], packed=True)
    put(tmp_path / "in/CC-MAIN-1.warc.wet.gz", data)
    put(tmp_path / "in/CC-MAIN-2.wet", gzip.decompress(data).replace("本文".encode(), "別文".encode()))
    documents, _ = clean(tmp_path)
    assert texts(documents) == [ncvc.clean(text) for text in ("本文だけの文書。", "別文だけの文書。")]


def test_records_that_are_no_pages_are_counted_by_kind(tmp_path: Path) -> None:
    body = page("divs", "utf-8")
    records = [
        ("response", "200 OK", 'TEXT/HTML;Charset="utf-8"', body),
        ("response", "200 OK", "Image/PNG", b"\x89PNG"),
        ("response", "200 OK", "image/png", b"\x89PNG"),
        ("response", "200 OK", "strange", b"x"),
        ("response", "404 Not Found", "text/html", body),
        ("resource", "", "text/css", b"p {}"),
    ]
    data = warc(records, packed=False)
    put(tmp_path / "in/a.warc", data)
    put(tmp_path / "in/b.warc", data.replace("高血圧症".encode(), "低血圧症".encode()))
    documents, report = clean(tmp_path)
    assert len(documents) == 2
    assert report["sources"][0]["passed_over"] == {"image/png": 4, "no media type": 2, "status 404": 2, "text/css": 2}


@pytest.mark.parametrize("codec", ["cp932", "euc_jp", "iso2022_jp"])
@pytest.mark.parametrize("declared", ["", "utf-8", "iso-8859-1", "shift_jis", "euc-jp", "x-unknown"])
def test_a_declared_encoding_is_not_believed(codec: str, declared: str) -> None:
    text = "".join(PARAGRAPHS)
    html = f"<html><head><meta charset='{declared}'></head><body><p>{text}</p></body></html>".encode(codec)
    assert to_document(Page(html), None)["text"] == text
    assert to_document(Page(html, encoding=declared or None), None)["text"] == text


def test_declared_encodings_of_other_languages() -> None:
    for text, codec in (
        ("déjà vu, élève", "iso-8859-1"),
        ("高血压患者需要治疗。", "gb18030"),
        ("고혈압 환자ㅋㅋ", "euc-kr"),
    ):
        html = f"<html><head><meta charset={codec}></head><body>{text}</body></html>".encode(codec)
        assert to_document(Page(html), None)["text"] == text
        assert to_document(Page(html, encoding=codec), None)["text"] == text
