"""Every format of the input against writers that are not ours: pyarrow, gzip, bz2, zstandard, warcio, Python's codecs."""

import bz2
import gzip
import io
import json
import lzma
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import zstandard

import ncvc
from ncvc.corpus.config import PreprocessConfig, SourceConfig
from ncvc.corpus.duplicates import DuplicatesConfig
from ncvc.corpus.filters import FiltersConfig
from ncvc.corpus.preprocess import preprocess
from ncvc.documents.sources import SourceFile, find_sources
from ncvc.errors import ConfigError
from tests.corpus.run import NO_DUPLICATES, NO_FILTERS, read_zst

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet as pq  # noqa: E402

TEXTS = [f"症例{i}。高血圧のため通院中、「発熱」を認めた。\nWBC {i * 100}/μL、CRP 0.3。" for i in range(40)]


def clean(folder: Path, inputs: list[str] | None = None, **settings: Any) -> tuple[list[Any], Any]:
    """The documents that a pass keeps, and its report."""
    run = {name: settings.pop(name) for name in ("on_error", "threads", "longest_line") if name in settings}
    source = SourceConfig(name="a", inputs=inputs or ["in"], filters=FiltersConfig(**NO_FILTERS), **settings)
    config = PreprocessConfig(sources=[source], output="out", duplicates=DuplicatesConfig(**NO_DUPLICATES), **run)
    report = preprocess(config, folder, to="text", replace=True, restart=True).to_json()
    counts = report["documents"]
    assert counts["in"] == counts["out"] + counts["dropped"] + counts["quarantined"]
    return read_zst(folder / "out/a.jsonl.zst"), report


def quarantine(folder: Path) -> list[tuple[str, int, str]]:
    rows = [json.loads(line) for line in (folder / "out/quarantine.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(Path(row["file"]).name, row["line"], row["reason"]) for row in rows]


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def json_lines(texts: list[str]) -> bytes:
    return "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts).encode()


def cleaned(texts: list[str]) -> list[str]:
    return [ncvc.clean(text) for text in texts]


def texts(documents: list[Any], field: str = "text") -> list[str]:
    return [document[field] for document in documents]


# --- compression -------------------------------------------------------------------------------------------

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}


@pytest.mark.parametrize("suffix", PACKERS)
def test_several_compressed_files_one_after_another(tmp_path: Path, suffix: str) -> None:
    raw = b"\xef\xbb\xbf" + json_lines(TEXTS)
    cuts = [0, 1, 5, 700, 701, len(raw)]  # inside a byte order mark, a character, a line
    members = [PACKERS[suffix](raw[a:b]) for a, b in pairwise(cuts)]
    put(tmp_path / f"in/a.jsonl.{suffix}", b"".join(members))
    documents, _ = clean(tmp_path)
    assert texts(documents) == cleaned(TEXTS)


@pytest.mark.parametrize("suffix", PACKERS)
def test_what_is_cut_off_or_flipped_is_set_aside_with_its_line(tmp_path: Path, suffix: str) -> None:
    chance = random.Random(3)
    raw = json_lines(["".join(chance.choices("高血圧糖尿病発熱咳嗽頭痛", k=300)) for _ in range(4000)])
    packed = PACKERS[suffix](raw)
    put(tmp_path / f"in/a.jsonl.{suffix}", packed[: len(packed) * 2 // 3])
    with pytest.raises(ncvc.InputError, match=rf"a\.jsonl\.{suffix}:\d+: the file is truncated or damaged"):
        clean(tmp_path)
    documents, report = clean(tmp_path, on_error="quarantine")
    assert 0 < len(documents) < 4000
    assert report["reasons"] == {"damaged_file": 1}
    flipped = bytearray(packed)
    flipped[len(packed) // 2] ^= 0x10
    put(tmp_path / f"in/a.jsonl.{suffix}", bytes(flipped))
    _, report = clean(tmp_path, on_error="quarantine")
    assert "damaged_file" in report["reasons"] or report["documents"]["quarantined"]


# --- Parquet -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "brotli", "zstd", "lz4"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_parquet_as_pyarrow_writes_it(tmp_path: Path, codec: str, version: str) -> None:
    table = pa.table(
        {
            "id": pa.array(range(len(TEXTS)), pa.int64()),
            "body": TEXTS,
            "score": [i / 2 for i in range(len(TEXTS))],
            "tags": [["内科", None, str(i)] for i in range(len(TEXTS))],
            "meta": [{"title": f"題{i}", "n": None} for i in range(len(TEXTS))],
            "when": pa.array([0] * len(TEXTS), pa.timestamp("ns")),
        }
    )
    (tmp_path / "in").mkdir()
    pq.write_table(table, tmp_path / "in/a.parquet", compression=codec, row_group_size=7, data_page_version=version)
    documents, report = clean(tmp_path, text_field="body")
    when = "1970-01-01T00:00:00.000000000"
    rows = [{**row, "body": ncvc.clean(row["body"]), "when": when} for row in table.to_pylist()]
    assert documents == rows
    assert report["text_bytes"] == sum(len(text.encode()) for text in TEXTS)


def test_parquet_rows_without_text_and_columns_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in/a.parquet"
    pq.write_table(pa.table({"text": [TEXTS[0], None, TEXTS[1]], "n": [1, 2, 3], "b": [b"x"] * 3}), path)
    with pytest.raises(ncvc.InputError, match=r"a\.parquet:2: the text field is not a string"):
        clean(tmp_path)
    documents, _ = clean(tmp_path, on_error="quarantine")
    assert texts(documents) == cleaned(TEXTS[:2])
    assert quarantine(tmp_path) == [("a.parquet", 2, "not_a_string")]
    for field, reason in {"body": "missing_column", "n": "not_a_text_column"}.items():
        clean(tmp_path, text_field=field, on_error="quarantine")
        assert quarantine(tmp_path) == [("a.parquet", 0, reason)]
    with pytest.raises(ncvc.InputError, match=r'no column of the name.*; there are "text", "b", "n"$'):
        clean(tmp_path, text_field="body")


def test_damaged_parquet_is_never_a_crash(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in/a.parquet"
    pq.write_table(pa.table({"text": TEXTS, "n": range(len(TEXTS))}), path, row_group_size=10, compression="none")
    good = path.read_bytes()
    chance = random.Random(5)
    for trial in range(40):
        bad = bytearray(good)
        if trial % 4 == 0:
            bad = bad[: chance.randrange(len(bad))]
        else:
            bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
        path.write_bytes(bytes(bad))
        clean(tmp_path, on_error="quarantine", threads=1)


# --- plain text --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp932", "euc_jp", "iso2022_jp", "utf-16"])
def test_a_text_file_is_a_document_in_any_japanese_encoding(tmp_path: Path, codec: str) -> None:
    some = [text.replace("μ", "m") for text in TEXTS[:3]]
    for i, text in enumerate(some):
        put(tmp_path / f"in/{i}.txt", text.encode(codec))
    put(tmp_path / "in/9.txt.gz", gzip.compress(some[0].encode(codec)))
    documents, report = clean(tmp_path)
    assert texts(documents) == cleaned([*some, some[0]])
    assert [row["documents"] for row in report["sources"][0]["files"]] == [1, 1, 1, 1]


def test_the_encoding_can_be_set_and_is_kept_to(tmp_path: Path) -> None:
    put(tmp_path / "in/a.txt", "熱".encode("cp932"))  # too short to be recognised with certainty
    documents, _ = clean(tmp_path, encoding="shift_jis")
    assert texts(documents) == ["熱"]
    put(tmp_path / "in/b.txt", TEXTS[0].encode()[:-1])
    with pytest.raises(ncvc.InputError, match=r"b\.txt:1: not text in the file's encoding; set `encoding`"):
        clean(tmp_path)
    clean(tmp_path, on_error="quarantine")
    assert ("b.txt", 1, "undecodable") in quarantine(tmp_path)


@pytest.mark.parametrize("codec", ["utf-8", "cp932", "euc_jp"])
def test_paragraphs_between_blank_lines(tmp_path: Path, codec: str) -> None:
    some = [text.replace("μ", "m") for text in TEXTS]
    put(tmp_path / "in/a.txt", ("\r\n\r\n \r\n".join(some)).encode(codec))
    documents, _ = clean(tmp_path, format="paragraphs")
    assert texts(documents) == cleaned([text + "\r\n" for text in some])
    put(tmp_path / "in/a.txt", b"\n".join([some[0].encode(codec), b"", b"\x80\xff\xff", b"", some[1].encode(codec)]))
    documents, _ = clean(tmp_path, format="paragraphs", on_error="quarantine")
    assert texts(documents) == cleaned([text + "\n" for text in some[:2]])
    assert quarantine(tmp_path) == [("a.txt", 4, "undecodable")]


def test_a_document_over_the_bound(tmp_path: Path) -> None:
    put(tmp_path / "in/bomb.txt.gz", gzip.compress(b" " * 50_000_000))
    put(tmp_path / "in/ok.txt", TEXTS[0].encode())
    documents, _ = clean(tmp_path, on_error="quarantine", longest_line=10_000)
    assert texts(documents) == cleaned(TEXTS[:1])
    assert quarantine(tmp_path) == [("bomb.txt.gz", 1, "line_too_long")]


def test_thousands_of_small_files(tmp_path: Path) -> None:
    names = [f"{i:05}" for i in range(3000)]
    for name in names:
        put(tmp_path / f"in/{name[:3]}/{name}.txt", f"文書{name}。".encode())
    documents, report = clean(tmp_path)
    assert texts(documents) == [ncvc.clean(f"文書{name}。") for name in names]
    assert [row["documents"] for row in report["sources"][0]["files"]] == [1] * 3000


# --- published corpora -------------------------------------------------------------------------------------

# The members of a document of OSCAR 23.01 as its documentation shows them.
OSCAR: dict[str, Any] = {
    "content": "高血圧の治療について。\n降圧薬を用いる。",
    "warc_headers": {
        "warc-record-id": "<urn:uuid:29eaa920-d299-4b1d-b687-c72bd8d68116>",
        "warc-type": "conversion",
        "content-length": "35298",
        "warc-refers-to": "<urn:uuid:39e42055-0d94-4e45-9c6c-9e7056635d64>",
        "warc-block-digest": "sha1:WFH2A5WHCS2H365GIAFYQPI7UOAMFGHB",
        "warc-date": "2022-11-26T09:45:47Z",
        "warc-identified-content-language": "jpn",
        "content-type": "text/plain",
        "warc-target-uri": "https://example.jp/",
    },
    "metadata": {
        "identification": {"label": "ja", "prob": 0.8938327},
        "harmful_pp": 4063.1814,
        "tlsh": "tlsh:T125315FF2B6088901EEA097015DB39B4600B",
        "quality_warnings": None,
        "categories": None,
        "sentence_identifications": [{"label": "ja", "prob": 0.99837273}, None],
    },
}
# A document of Wiki-40B as TensorFlow Datasets and the Hugging Face Hub give it.
WIKI = {
    "wikidata_id": "Q41861",
    "text": "\n_START_ARTICLE_\n高血圧\n_START_SECTION_\n概要\n_START_PARAGRAPH_\n血圧が高い。_NEWLINE_成人に多い。\n"
    "_START_SECTION_\n治療\n_START_PARAGRAPH_\n降圧薬を用いる。",
    "version_id": "7584226153265562116",
}
WIKI_TEXT = "高血圧\n概要\n血圧が高い。\n成人に多い。\n治療\n降圧薬を用いる。"


def warned(*warnings: str) -> dict[str, Any]:
    return {**OSCAR, "metadata": {**OSCAR["metadata"], "quality_warnings": list(warnings)}}


def test_oscar_and_wiki40b_in_json_lines(tmp_path: Path) -> None:
    rows = [OSCAR, WIKI, {"text": "普通の文書。"}, warned("tiny", "header"), warned("short_sentences", "noisy")]
    put(tmp_path / "in/a.jsonl", "\n".join(json.dumps(row) for row in rows).encode())
    documents, report = clean(tmp_path)
    assert report["reasons"] == {"quality_warning": 1}
    assert documents[0] == {**OSCAR, "content": ncvc.clean(OSCAR["content"])}
    assert documents[1] == {**WIKI, "text": ncvc.clean(WIKI_TEXT)}
    assert documents[2] == {"text": ncvc.clean("普通の文書。")}
    assert len(documents) == 4
    packed = (tmp_path / "out/dropped/quality_warning.jsonl.zst").read_bytes()
    dropped = json.loads(zstandard.ZstdDecompressor().stream_reader(packed).read())
    assert (dropped["line"], dropped["text"]) == (5, ncvc.clean(OSCAR["content"]))
    _, report = clean(tmp_path, quality_warnings=["tiny", "noisy"])
    assert report["reasons"] == {"quality_warning": 2}
    _, report = clean(tmp_path, quality_warnings=[])
    assert report["reasons"] == {}


def test_oscar_and_wiki40b_in_parquet(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pq.write_table(pa.Table.from_pylist([WIKI] * 3), tmp_path / "in/wiki.parquet")
    documents, _ = clean(tmp_path)
    assert texts(documents) == [ncvc.clean(WIKI_TEXT)] * 3
    (tmp_path / "in/wiki.parquet").unlink()
    pq.write_table(pa.Table.from_pylist([warned("tiny"), warned("noisy")]), tmp_path / "in/oscar.parquet")
    documents, report = clean(tmp_path, text_field="content")
    assert texts(documents, "content") == [ncvc.clean(OSCAR["content"])]
    assert report["reasons"] == {"quality_warning": 1}


def test_a_form_that_is_set_is_asked_for(tmp_path: Path) -> None:
    put(tmp_path / "in/a.jsonl", json.dumps(WIKI).encode())
    clean(tmp_path, format="oscar", on_error="quarantine")
    assert quarantine(tmp_path) == [("a.jsonl", 1, "missing_field")]
    documents, _ = clean(tmp_path, format="wiki40b")
    assert texts(documents) == [ncvc.clean(WIKI_TEXT)]


# --- which files -------------------------------------------------------------------------------------------


def test_files_are_found_in_order_and_once(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl.bz2", "c/d.parquet", "c/e.txt", "c/f.HTML", "g.warc.gz", ".h.jsonl", "README.md"):
        put(tmp_path / name, b"")
    found = find_sources(["c", ".", "*.jsonl", "b.jsonl"], tmp_path)
    assert found.skipped == [tmp_path / "README.md"]
    assert [(str(file.path.relative_to(tmp_path)), file.format) for file in found.files] == [
        ("c/d.parquet", "parquet"),
        ("c/e.txt", "text"),
        ("c/f.HTML", "html"),
        ("a.jsonl.bz2", "jsonl"),
        ("b.jsonl", "jsonl"),
        ("g.warc.gz", "warc"),
    ]
    assert find_sources(["c"], tmp_path, "paragraphs").files == [SourceFile(tmp_path / "c/e.txt", "paragraphs")]
    assert [file.format for file in find_sources(["."], tmp_path, "oscar").files] == ["jsonl", "jsonl", "parquet"]


def test_a_file_whose_name_says_nothing_goes_by_its_beginning(tmp_path: Path) -> None:
    beginnings = {"jsonl": b'{"text": 1}', "parquet": b"PAR1", "html": b"\n<!DOCTYPE HTML>", "warc": b"WARC/1.0\r\n"}
    for name, head in beginnings.items():
        assert find_sources([name], put(tmp_path / name, head).parent).files[0].format == name
    put(tmp_path / "notes.md", "# 覚え書き".encode())
    with pytest.raises(ncvc.NcvcError, match=r"notes\.md: unknown format, by name and by content; set `format`"):
        find_sources(["*"], tmp_path)
    assert find_sources(["notes.md"], tmp_path, "text").files[0].format == "text"
    with pytest.raises(ncvc.NcvcError, match="no such input"):
        find_sources(["*.parquet"], tmp_path)


def test_unknown_formats_and_encodings_are_config_errors(tmp_path: Path) -> None:
    config = tmp_path / "a.yaml"
    for line in ("format: rtf", "encoding: latin-1"):
        config.write_text(f"sources: [{{name: a, inputs: [in], {line}}}]\noutput: out\n", encoding="utf-8")
        with pytest.raises(ConfigError, match=r"a\.yaml:1: "):
            PreprocessConfig.load(config)


def test_a_zip_bomb_of_lines_is_bounded(tmp_path: Path) -> None:
    bomb = io.BytesIO()
    with gzip.open(bomb, "wb") as file:
        file.write(b'{"text": "' + b" " * 20_000_000)
    put(tmp_path / "in/a.jsonl.gz", bomb.getvalue())
    clean(tmp_path, on_error="quarantine", longest_line=1000)
    assert quarantine(tmp_path) == [("a.jsonl.gz", 1, "line_too_long")]
