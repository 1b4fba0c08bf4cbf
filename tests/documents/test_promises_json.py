"""JSON Lines, plain text and Parquet: every document is kept or counted, with all its members."""

import bz2
import gzip
import io
import json
import lzma
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import zstandard

import ncvc
from tests.documents.promises import Case, Output, by_name, check, preprocess, run_cases, write

A, B, C = "肺炎と診断した。", "抗菌薬を始めた。", "三日で解熱した。"


def lines(*texts: str, **more: Any) -> bytes:
    return "".join(json.dumps({"text": t, **more}, ensure_ascii=False) + "\n" for t in texts).encode()


def literal(text: str) -> bytes:
    """Wiki-40B as some exports have it: the text as Python's literal of its bytes."""
    return json.dumps({"text": repr(text.encode())}).encode() + b"\n"


def zst(content: bytes, window: int) -> bytes:
    """A frame that asks for a window of 2^`window` bytes."""
    parameters = zstandard.ZstdCompressionParameters(window_log=window, write_content_size=False)
    written = io.BytesIO()
    with zstandard.ZstdCompressor(compression_params=parameters).stream_writer(written, closefd=False) as writer:
        writer.write(content)
    return written.getvalue()


ARTICLE = "\n_START_ARTICLE_\n肺炎\n\n_START_SECTION_\n概要\n\n_START_PARAGRAPH_\n肺の炎症。_NEWLINE_原因は細菌。"

CASES = [
    Case("plain", {"a.jsonl": lines(A, B)}, [A, B]),
    Case("names", {"a.jsonl": lines(A), "b.ndjson": lines(B), "c.json": lines(C)}, [A, B, C]),
    Case("crlf", {"a.jsonl": lines(A, B).replace(b"\n", b"\r\n")}, [A, B]),
    Case("blank_lines", {"a.jsonl": b"\n" + lines(A) + b"\n\n  \n" + lines(B)}, [A, B]),
    Case("no_last_line_feed", {"a.jsonl": lines(A, B)[:-1]}, [A, B]),
    Case("bom", {"a.jsonl": b"\xef\xbb\xbf" + lines(A, B)}, [A, B]),
    Case("escapes", {"a.jsonl": json.dumps({"text": A + '\t"x"\\'}).encode()}, [A + '\t"x"\\']),
    Case("nan", {"a.jsonl": b'{"text":"%s","score":NaN}\n' % A.encode() + lines(B)}, [A, B]),
    Case("infinity", {"a.jsonl": b'{"a":-Infinity,"text":"%s","b":[Infinity,NaN]}\n' % A.encode()}, [A]),
    Case("surrogate_pair", {"a.jsonl": b'{"text":"%s\\ud867\\ude3d"}\n' % A.encode()}, [A + "\U00029e3d"]),
    Case("surrogate_in_other_member", {"a.jsonl": b'{"id":"\\udc00","text":"%s"}\n' % A.encode()}, [A]),
    Case("broken_between", {"a.jsonl": lines(A) + b'{"text": "x\n' + lines(B)}, [A, B], quarantined=1),
    Case("not_an_object", {"a.jsonl": b'[1]\n"x"\n3\nnull\n' + lines(A)}, [A], quarantined=4),
    Case(
        "text_not_a_string", {"a.jsonl": b'{"text":1}\n{"text":null}\n{"text":["x"]}\n' + lines(A)}, [A], quarantined=3
    ),
    Case("text_missing", {"a.jsonl": b'{"body":"x"}\n' + lines(A)}, [A], quarantined=1),
    Case("trailing_comma", {"a.jsonl": b'{"text":"x",}\n' + lines(A)}, [A], quarantined=1),
    Case("two_on_a_line", {"a.jsonl": b'{"text":"x"}{"text":"y"}\n' + lines(A)}, [A], quarantined=1),
    Case("array", {"a.json": json.dumps([{"text": A}, {"text": B}], ensure_ascii=False).encode()}, [A, B]),
    Case("array_pretty", {"a.json": json.dumps([{"text": A}, {"text": B}], indent=2).encode()}, [A, B]),
    Case("array_ascii_spaces", {"a.json": b" \n [ " + lines(A)[:-1] + b" , \n" + lines(B) + b" ]\n"}, [A, B]),
    Case("array_bad_element", {"a.json": b'[{"text":"%s"}, 3, {"text":"%s"}]' % (A.encode(), B.encode())}, [A, B], 1),
    Case(
        "array_brackets_in_text",
        {"a.json": json.dumps([{"text": A + ']}[{"'}, {"text": B}]).encode()},
        [A + ']}[{"', B],
    ),
    Case("array_gz", {"a.json.gz": gzip.compress(json.dumps([{"text": A}, {"text": B}]).encode())}, [A, B]),
    Case(
        "nested",
        {"a.jsonl": b'{"meta":{"text":"%s"}}\n' % A.encode()},
        [A],
        source={"text_field": "meta.text"},
        field="meta.text",
    ),
    Case(
        "nested_deep",
        {"a.jsonl": b'{"a":{"b":{"c":"%s"}}}\n' % A.encode()},
        [A],
        source={"text_field": "a.b.c"},
        field="a.b.c",
    ),
    Case(
        "dotted_member",
        {"a.jsonl": b'{"meta.text":"%s"}\n' % A.encode()},
        [A],
        source={"text_field": "meta.text"},
        field="meta.text",
    ),
    Case(
        "other_field",
        {"a.jsonl": '{"本文":"肺炎。","text":"x"}\n'.encode()},
        ["肺炎。"],
        source={"text_field": "本文"},
        field="本文",
    ),
    Case(
        "wiki40b_literal",
        {
            "a.jsonl": literal(ARTICLE)
            + literal("_START_ARTICLE_\n肺炎\n_START_PARAGRAPH_\n肺の病気。'引用'と\"二重\"。")
        },
        ["肺炎\n概要\n肺の炎症。\n原因は細菌。", "肺炎\n肺の病気。'引用'と\"二重\"。"],
    ),
    Case("wiki40b", {"a.jsonl": json.dumps({"text": ARTICLE}).encode()}, ["肺炎\n概要\n肺の炎症。\n原因は細菌。"]),
    Case(
        "wiki40b_crlf",
        {"a.jsonl": json.dumps({"text": ARTICLE.replace("\n", "\r\n")}).encode()},
        ["肺炎\n概要\n肺の炎症。\n原因は細菌。"],
    ),
    Case("literal_like_text", {"a.jsonl": lines("b'は青色の略号です。")}, ["b'は青色の略号です。"]),
    Case("gz", {"a.jsonl.gz": gzip.compress(lines(A)) + gzip.compress(lines(B))}, [A, B]),
    Case("bz2", {"a.jsonl.bz2": bz2.compress(lines(A)) + bz2.compress(lines(B))}, [A, B]),
    Case("xz", {"a.jsonl.xz": lzma.compress(lines(A)) + lzma.compress(lines(B))}, [A, B]),
    Case("zst", {"a.jsonl.zst": zstandard.compress(lines(A)) + zstandard.compress(lines(B))}, [A, B]),
    Case("zst_window_27", {"a.jsonl.zst": zst(lines(A), 27)}, [A]),
    Case("text_gz", {"a.txt.gz": gzip.compress(A.encode()), "b.txt.xz": lzma.compress(B.encode())}, [A, B]),
    Case("gz_cut", {"a.jsonl.gz": gzip.compress(lines(A, B))[:-6], "b.jsonl": lines(C)}, [A, B, C], quarantined=1),
    Case("not_gz", {"a.jsonl.gz": b"no gzip at all", "b.jsonl": lines(C)}, [C], quarantined=1),
    Case("text", {"a.txt": f"{A}\n{B}\n".encode(), "b.txt": C.encode()}, [f"{A}\n{B}", C]),
    Case("text_bom", {"a.txt": b"\xef\xbb\xbf" + A.encode()}, [A]),
    Case("text_cr", {"a.txt": f"{A}\r{B}\r{C}".encode()}, [f"{A}\n{B}\n{C}"]),
    Case("text_crlf", {"a.txt": f"{A}\r\n{B}\r\n".encode()}, [f"{A}\n{B}"]),
    Case("paragraphs", {"a.txt": f"{A}\n{B}\n\n\n{C}\n".encode()}, [f"{A}\n{B}", C], source={"format": "paragraphs"}),
    Case("paragraphs_cr", {"a.txt": f"{A}\r{B}\r\r{C}".encode()}, [f"{A}\n{B}", C], source={"format": "paragraphs"}),
    Case("paragraphs_crlf", {"a.txt": f"{A}\r\n\r\n{C}".encode()}, [A, C], source={"format": "paragraphs"}),
    Case(
        "paragraphs_u3000",
        {"a.txt": f"{A}\n\u3000\n{B}\n \u3000\t\n{C}".encode()},
        [A, B, C],
        source={"format": "paragraphs"},
    ),
    Case(
        "paragraphs_u3000_crlf",
        {"a.txt": f"{A}\r\n\u3000\r\n{B}\r\n \u3000\u3000\r\n{C}\r\n".encode()},
        [A, B, C],
        source={"format": "paragraphs"},
    ),
    Case(
        "paragraphs_u3000_cp932",
        {"a.txt": f"{A}\r\n\u3000\r\n{B}".encode("cp932")},
        [A, B],
        source={"format": "paragraphs"},
    ),
    Case("paragraphs_blank", {"a.txt": f"\n\n{A}\n\n\n\n".encode()}, [A], source={"format": "paragraphs"}),
]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Output:
    return run_cases(tmp_path_factory.mktemp("json"), CASES)


@by_name(CASES)
def test_texts(output: Output, case: Case) -> None:
    check(output, case)


def test_lone_surrogate_keeps_the_document(tmp_path: Path) -> None:
    contents = [b'{"text":"%s\\ud83d%s"}\n' % (A.encode(), B.encode()), b'{"text":"\\udc00\\ud800%s"}\n' % A.encode()]
    output = run_cases(tmp_path, [Case("lone", {"a.jsonl": b"".join(contents)}, [])])
    texts = output.source("lone").texts
    assert len(texts) == 2
    assert texts[0].startswith(ncvc.clean(A))
    assert texts[0].endswith(ncvc.clean(B))
    assert ncvc.clean(A) in texts[1]


@pytest.mark.parametrize("window", [28, 29, 30, 31])
def test_large_windows_are_read_or_named(tmp_path: Path, window: int) -> None:
    files = {"a.jsonl.zst": zst(lines(A), window), "b.jsonl": lines(B)}
    output = run_cases(tmp_path, [Case("window", files, [])])
    read = output.source("window")
    if read.texts != [A, B]:
        assert read.texts == [B]
        assert "window" in read.quarantine[0]["reason"]


def test_other_members_are_kept(tmp_path: Path) -> None:
    members = {"id": 2**53 + 1, "f": 0.1, "n": None, "b": True, "l": [1, {"x": "値"}], "日付": "2024-01-31", "e": ""}
    output = run_cases(tmp_path, [Case("members", {"a.jsonl": lines(A, **members)}, [])])
    (document,) = output.source("members").documents
    assert document == {"text": A, **members}


def test_missing_member_names_those_there_are(tmp_path: Path) -> None:
    write(tmp_path / "in", {"a.jsonl": '{"body":"x","題":"y"}\n'.encode()})
    output = preprocess(tmp_path, [{"name": "s", "inputs": ["in"]}], ok=False, on_error="stop")
    assert output.process.returncode != 0
    assert "Traceback" not in output.process.stderr
    assert "body" in output.process.stderr
    assert "題" in output.process.stderr


def test_unknown_quality_warning_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "in", {"a.jsonl": lines(A)})
    source = {"name": "s", "inputs": ["in"], "quality_warnings": ["nosiy"]}
    output = preprocess(tmp_path, [source], ok=False)
    assert output.process.returncode != 0
    assert "nosiy" in output.process.stderr
    assert "noisy" in output.process.stderr


def test_long_line_costs_itself(tmp_path: Path) -> None:
    long = lines("あ" * 100_000)
    write(tmp_path / "in-long", {"a.jsonl": lines(A) + long + lines(B), "b.jsonl.gz": gzip.compress(long + lines(C))})
    output = preprocess(tmp_path, [{"name": "long", "inputs": ["in-long"]}], longest_line=100_000)
    read = output.source("long")
    assert read.texts == [A, B, C]
    assert [(q["line"], q["reason"]) for q in read.quarantine] == [(2, "line_too_long"), (1, "line_too_long")]


def test_quarantine_names_line_and_never_text(tmp_path: Path) -> None:
    content = lines(A, B) + '{"text": "秘密の患者"\n'.encode() + lines(C) + b'{"text": 5, "x": "secret"}\n'
    output = run_cases(tmp_path, [Case("bad", {"a.jsonl": content}, [])])
    quarantine = output.source("bad").quarantine
    assert [(Path(q["file"]).name, q["line"]) for q in quarantine] == [("a.jsonl", 3), ("a.jsonl", 5)]
    everything = output.process.stdout + output.process.stderr + json.dumps(quarantine, ensure_ascii=False)
    assert "秘密" not in everything
    assert "secret" not in everything


def oscar(text: str, **metadata: Any) -> bytes:
    whole = {"content": text, "warc_headers": {"warc-target-uri": "https://example.com"}, "metadata": metadata}
    return json.dumps(whole, ensure_ascii=False).encode() + b"\n"


def test_oscar(tmp_path: Path) -> None:
    """Documents with a warning that the source drops are counted as dropped; null and missing members are none."""
    content = oscar(A, quality_warnings=None, categories=None) + oscar(B, quality_warnings=["noisy"]) + oscar(C)
    output = run_cases(tmp_path, [Case("oscar", {"a.jsonl": content}, [])])
    read = output.source("oscar")
    assert read.members("content") == [A, C]
    assert read.summary["documents"] == {"in": 3, "out": 2, "dropped": 1, "quarantined": 0}


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    pyarrow, writer = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    written = io.BytesIO()
    writer.write_table(pyarrow.table(columns), written, **options)
    return written.getvalue()


def test_parquet_forms_of_text(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    forms = {
        "string": pa.array([A, B], pa.string()),
        "large_string": pa.array([A, B], pa.large_string()),
        "binary": pa.array([A.encode(), B.encode()], pa.binary()),
        "large_binary": pa.array([A.encode(), B.encode()], pa.large_binary()),
        "dictionary": pa.array([A, B]).dictionary_encode(),
        "view": pa.array([A, B], pa.string_view()),
    }
    cases = [Case(f"form_{name}", {"a.parquet": parquet({"text": column})}, [A, B]) for name, column in forms.items()]
    for compression in ("none", "snappy", "gzip", "zstd", "brotli", "lz4"):
        content = parquet({"text": pa.array([A, B] * 5)}, compression=compression, row_group_size=3)
        cases.append(Case(f"packed_{compression}", {"a.parquet": content}, [A, B] * 5))
    for version in ("1.0", "2.0"):
        content = parquet({"text": pa.array([A, B])}, data_page_version=version)
        cases.append(Case(f"page_{version[0]}", {"a.parquet": content}, [A, B]))
    plain = parquet({"text": pa.array([A, B])}, use_dictionary=False)
    cases += [
        Case("null", {"a.parquet": parquet({"text": pa.array([A, None, B])})}, [A, B], quarantined=1),
        Case("bad_bytes", {"a.parquet": parquet({"text": pa.array([A.encode(), b"\xff\xfe", B.encode()])})}, [A, B], 1),
        Case("empty_table", {"a.parquet": parquet({"text": pa.array([], pa.string())}), "b.parquet": plain}, [A, B]),
        Case("cut", {"a.parquet": plain[:-20], "b.parquet": plain}, [A, B], quarantined=1),
        Case("no_parquet", {"a.parquet": b"PAR1" + bytes(40), "b.parquet": plain}, [A, B], quarantined=1),
        Case(
            "nested",
            {"a.parquet": parquet({"meta": pa.array([{"text": A}, {"text": B}])})},
            [A, B],
            source={"text_field": "meta.text"},
            field="meta.text",
        ),
    ]
    output = run_cases(tmp_path, cases)
    wrong = {}
    for case in cases:
        try:
            check(output, case)
        except AssertionError as error:
            wrong[case.name] = str(error).split("\n")[0]
    assert wrong == {}


def test_parquet_keeps_every_column(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    columns = {
        "text": pa.array([A]),
        "i": pa.array([2**62]),
        "u": pa.array([2**64 - 1], pa.uint64()),
        "small": pa.array([-3], pa.int8()),
        "f": pa.array([0.5]),
        "half": pa.array([0.5], pa.float16()),
        "b": pa.array([True]),
        "date": pa.array([date(2024, 1, 31)]),
        "date64": pa.array([date(2024, 1, 31)], pa.date64()),
        "decimal": pa.array([Decimal("12.50")]),
        "time": pa.array([time(12, 34, 56)]),
        "when": pa.array([datetime(2024, 1, 31, 12, 34, 56)], pa.timestamp("ms")),
        "binary": pa.array([b"\x00\xff"]),
        "list": pa.array([["x", "y"]]),
        "struct": pa.array([{"a": 1, "b": "値"}]),
        "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        "null": pa.array([None]),
        "duration": pa.array([90], pa.duration("s")),
    }
    output = run_cases(tmp_path, [Case("rich", {"a.parquet": parquet(columns)}, [])])
    (document,) = output.source("rich").documents
    assert set(document) == set(columns)
    equal = {"text": A, "i": 2**62, "u": 2**64 - 1, "small": -3, "f": 0.5, "half": 0.5, "b": True, "list": ["x", "y"]}
    assert {name: document[name] for name in equal} == equal
    assert document["struct"] == {"a": 1, "b": "値"}
    assert document["null"] is None
    assert str(document["date"]).startswith("2024-01-31")
    assert str(document["date64"]).startswith("2024-01-31")
    assert Decimal(str(document["decimal"])) == Decimal("12.5")
    assert str(document["time"]).startswith("12:34:56")
    assert str(document["when"]).replace("T", " ").startswith("2024-01-31 12:34:56")
    assert document["binary"]
