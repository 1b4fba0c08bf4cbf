"""Sources of published corpora: small files in the published form, made here, and the pass over what was written."""

import bz2
import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
import zstandard

from ncvc.corpus.published.corpora import CORPORA
from ncvc.corpus.published.source import Prepared, prepare_source
from ncvc.errors import ConfigError, InputError
from tests.conftest import run_ncvc
from tests.corpus.run import read_zst

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet as pq  # noqa: E402

TEXTS = [f"第{number}の症例では、発熱と咳嗽が続いたため、胸部の写真を撮って肺炎と診断した。" for number in range(6)]
CHINESE = "患者因持续发热和咳嗽入院检查后诊断为肺炎并接受治疗"


def article(text: str) -> str:
    return f"\n_START_ARTICLE_\n肺炎\n_START_SECTION_\n症例\n_START_PARAGRAPH_\n{text}_NEWLINE_"


def wiki40b(text: str) -> dict[str, Any]:
    return {"wikidata_id": "Q1", "text": article(text), "version_id": "2"}


def oscar(text: str, *, label: str = "ja", **metadata: Any) -> dict[str, Any]:
    known = {"identification": {"label": label, "prob": 0.9}, "harmful_pp": 900.0, "tlsh": "x"}
    return {
        "content": text,
        "warc_headers": {"warc-target-uri": "https://example.jp/", "warc-type": "conversion"},
        "metadata": {**known, "quality_warnings": None, "categories": None, **metadata},
    }


def parquet(path: Path, rows: list[dict[str, Any]], **types: Any) -> None:
    columns = {name: pa.array([row[name] for row in rows], types.get(name)) for name in rows[0]}
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def packed(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(zstandard.compress(lines.encode()))


def page(number: int, text: str, ns: int = 0) -> str:
    return (
        f"<page><title>記事{number}</title><ns>{ns}</ns><id>{number}</id>"
        f"<revision><id>1</id><text>'''{text}'''</text></revision></page>"
    )


def dump(*pages: str, language: str = "ja") -> bytes:
    head = f'<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="{language}">'
    return bz2.compress(
        (head + "<siteinfo><sitename>W</sitename></siteinfo>" + "".join(pages) + "</mediawiki>").encode()
    )


def html(text: str) -> str:
    paragraphs = "".join(f"<p>{text}</p>" for _ in range(3))
    return f"<html><head><title>肺炎</title></head><body><article><h1>肺炎</h1>{paragraphs}</article></body></html>"


def warc(*pages: str) -> bytes:
    records = b""
    for number, content in enumerate(pages):
        body = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{content}".encode()
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://example.jp/{number}\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        records += gzip.compress(head.encode() + body + b"\r\n\r\n")
    return records


def write_wiki40b(folder: Path) -> list[Path]:
    for number in range(3):
        parquet(folder / f"train-{number:05}-of-00003.parquet", [wiki40b(text) for text in TEXTS[2 * number :][:2]])
    (folder / "README.md").write_text("card")
    return [folder]


def write_oscar(folder: Path) -> list[Path]:
    rows = [oscar(text) for text in TEXTS]
    rows[1]["metadata"]["quality_warnings"] = ["noisy"]
    rows[3]["metadata"]["categories"] = ["adult"]
    rows[5]["metadata"]["quality_warnings"] = ["tiny"]
    for number in range(2):
        packed(folder / f"ja_meta_part_{number + 1}.jsonl.zst", rows[3 * number :][:3])
    names = sorted(folder.glob("*.zst"))
    sums = "".join(f"{hashlib.sha256(name.read_bytes()).hexdigest()}  {name.name}\n" for name in names)
    (folder / "checksum.sha256").write_text(sums)
    return [folder]


def write_dump(folder: Path) -> list[Path]:
    folder.mkdir()
    path = folder / "jawiki-20240401-pages-articles.xml.bz2"
    path.write_bytes(dump(page(1, "案内", ns=4), *(page(n + 2, text) for n, text in enumerate(TEXTS))))
    digest = hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
    (folder / "jawiki-20240401-sha1sums.txt").write_text(f"{digest}  {path.name}\n{'0' * 40}  other.xml.bz2\n")
    return [path]


def write_web(folder: Path) -> list[Path]:
    folder.mkdir()
    (folder / "a.warc.gz").write_bytes(warc(*map(html, TEXTS[:3])))
    for number, text in enumerate(TEXTS[3:]):
        (folder / f"{number}.html").write_text(html(text), encoding="utf-8")
    return [folder]


WRITE: dict[str, Callable[[Path], list[Path]]] = {
    "wiki40b": write_wiki40b,
    "oscar": write_oscar,
    "wikipedia-dump": write_dump,
    "web": write_web,
}
KEPT = {"wiki40b": 6, "oscar": 4, "wikipedia-dump": 6, "web": 6}
"""Documents that stay: OSCAR's metadata drops two."""


def prepare(name: str, inputs: list[Path], config: Path, **options: Any) -> Prepared:
    return prepare_source(CORPORA[name], inputs, config, **options)


def refused(name: str, path: Path) -> str:
    """The sentence on a file that is something else; nothing is written."""
    with pytest.raises(InputError) as error:
        prepare(name, [path], path.parent / "config.yaml")
    assert not (path.parent / "config.yaml").exists()
    assert CORPORA[name].form in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


def texts(folder: Path, name: str) -> list[str]:
    return [row.get("text") or row["content"] for row in read_zst(folder / f"{name}.jsonl.zst")]


@pytest.mark.parametrize("name", WRITE)
def test_the_pass_takes_what_was_written(name: str, tmp_path: Path) -> None:
    if name == "wikipedia-dump":
        pytest.importorskip("mwparserfromhell")
    inputs = WRITE[name](tmp_path / "raw")
    done = run_ncvc("data", name, *inputs, tmp_path / "config.yaml", "--json")
    summary = json.loads(done.stdout)
    assert summary["licence"] == CORPORA[name].licence
    run_ncvc("preprocess", tmp_path / "config.yaml", "--to", "text", "--quiet")
    found = texts(tmp_path / "text", name)
    assert len(found) == KEPT[name]
    for text in found:
        assert any(part in text for part in TEXTS)
        assert not {"_START_", "'''", "<p>"} & {mark for mark in ("_START_", "'''", "<p>") if mark in text}


@pytest.mark.parametrize("name", WRITE)
def test_help_names_publisher_and_licence(name: str) -> None:
    shown = "".join(run_ncvc("data", name, "--help").stdout.split())
    assert "".join(CORPORA[name].publisher.split()) in shown
    assert "".join(CORPORA[name].licence.split()) in shown


def test_sources_are_appended_to_one_config(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    prepare("wiki40b", write_wiki40b(tmp_path / "wiki"), config)
    first = config.read_text(encoding="utf-8")
    prepare("oscar", write_oscar(tmp_path / "oscar"), config, append=True)
    assert config.read_text(encoding="utf-8").startswith(first)
    run_ncvc("preprocess", config, "--to", "text", "--quiet", "--set", "duplicates.documents=false",
             "--set", "duplicates.sentences=false")  # fmt: skip
    assert [len(texts(tmp_path / "text", name)) for name in ("wiki40b", "oscar")] == [6, 4]
    with pytest.raises(ConfigError, match="has a source oscar already"):
        prepare("oscar", [tmp_path / "oscar"], config, append=True)


@pytest.mark.parametrize(
    "text",
    [
        "sources: [{name: a, inputs: [x]}]\noutput: text\n",
        "sources:\n- {name: a, inputs: [x]}\noutput: text\n",
        "output: text\nsources:\n- {name: a, inputs: [x]}\n",
        "output: text\nsources: [{name: a, inputs: [x]}]\n",
    ],
)
def test_a_config_that_does_not_end_with_its_sources_stays(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(ConfigError, match="does not end with its sources"):
        prepare("wiki40b", write_wiki40b(tmp_path / "wiki"), tmp_path / "config.yaml", append=True)
    assert (tmp_path / "config.yaml").read_text() == text


def test_a_config_that_is_there_or_not_is_said_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("mine")
    with pytest.raises(ConfigError, match="exists already; name another file, or add the source to it with --append"):
        prepare("oscar", [tmp_path / "config.yaml"], tmp_path / "config.yaml")
    with pytest.raises(ConfigError, match="no config to append to"):
        prepare("oscar", [tmp_path / "config.yaml"], tmp_path / "other.yaml", append=True)
    assert (tmp_path / "config.yaml").read_text() == "mine"


def test_inputs_are_relative_to_the_config_and_read_nothing_else(tmp_path: Path) -> None:
    write_wiki40b(tmp_path / "raw/wiki")
    (tmp_path / "configs").mkdir()
    found = prepare("wiki40b", [tmp_path / "raw/wiki"], tmp_path / "configs/config.yaml")
    assert found.source["inputs"] == ["../raw/wiki/*.parquet"]
    some = sorted((tmp_path / "raw/wiki").glob("train*"))[:2]
    part = prepare("wiki40b", some, tmp_path / "configs/part.yaml")
    assert part.source["inputs"] == [f"../raw/wiki/{path.name}" for path in some]
    assert yaml.safe_load((tmp_path / "configs/part.yaml").read_text(encoding="utf-8"))["sources"] == [part.source]


def test_rows_of_parquet_are_counted_and_compared(tmp_path: Path) -> None:
    found = prepare("wiki40b", write_wiki40b(tmp_path / "raw"), tmp_path / "config.yaml")
    assert (found.files, found.documents) == (3, 6)
    [note] = found.notes
    assert note.startswith("6 documents, where 745,392 train + 41,576 validation + 41,268 test were published")


def test_lines_are_counted_on_request(tmp_path: Path) -> None:
    write_oscar(tmp_path / "raw")
    assert prepare("oscar", [tmp_path / "raw"], tmp_path / "a.yaml").documents is None
    assert prepare("oscar", [tmp_path / "raw"], tmp_path / "b.yaml", count=True).documents == 6


def test_parts_that_are_not_there_are_named(tmp_path: Path) -> None:
    write_wiki40b(tmp_path / "wiki")
    (tmp_path / "wiki/train-00001-of-00003.parquet").unlink()
    notes = prepare("wiki40b", [tmp_path / "wiki"], tmp_path / "a.yaml").notes
    assert notes[0] == "1 part of Wiki-40B, Japanese not there: train1"
    packed(tmp_path / "oscar/ja_meta_part_4.jsonl.zst", [oscar(TEXTS[0])])
    packed(tmp_path / "oscar/ja_meta_part_2.jsonl.zst", [oscar(TEXTS[0])])
    notes = prepare("oscar", [tmp_path / "oscar"], tmp_path / "b.yaml").notes
    assert notes == ("2 parts of OSCAR 23.01, Japanese not there: part 1, part 3",)


def test_checksums_beside_the_files_are_compared(tmp_path: Path) -> None:
    write_oscar(tmp_path / "raw")
    assert prepare("oscar", [tmp_path / "raw"], tmp_path / "a.yaml").checked == 2
    packed(tmp_path / "raw/ja_meta_part_2.jsonl.zst", [oscar("別の文書である。それでも日本語で書かれている。")])
    with pytest.raises(InputError, match=r"ja_meta_part_2\.jsonl\.zst: differs from its checksum in checksum\.sha256"):
        prepare("oscar", [tmp_path / "raw"], tmp_path / "b.yaml")
    assert not (tmp_path / "b.yaml").exists()


@pytest.mark.parametrize("literal", [False, True])
def test_wiki40b_in_its_other_forms(literal: bool, tmp_path: Path) -> None:
    """Bytes in Parquet, and lines with Python's literal of bytes, as programs write what TensorFlow Datasets gives."""
    if literal:
        packed(tmp_path / "ja.jsonl.zst", [wiki40b(text) | {"text": repr(article(text).encode())} for text in TEXTS])
    else:
        rows = [wiki40b(text) | {"text": article(text).encode()} for text in TEXTS]
        parquet(tmp_path / "ja.parquet", rows, text=pa.binary())
    [path] = tmp_path.iterdir()
    prepare("wiki40b", [path], tmp_path / "config.yaml")
    run_ncvc("preprocess", tmp_path / "config.yaml", "--to", "text", "--quiet")
    assert len(texts(tmp_path / "text", "wiki40b")) == 6


def test_another_language_is_refused(tmp_path: Path) -> None:
    parquet(tmp_path / "a/zh.parquet", [wiki40b(CHINESE)])
    assert "are in another language, not ja" in refused("wiki40b", tmp_path / "a/zh.parquet")
    packed(tmp_path / "b/zh_meta_part_1.jsonl.zst", [oscar(TEXTS[0], label="zh")])
    assert "are in zh, not ja" in refused("oscar", tmp_path / "b/zh_meta_part_1.jsonl.zst")
    (tmp_path / "w.html").write_text(html("The patient had fever and cough for three days before admission."))
    assert "documents, none in Japanese" in refused("web", tmp_path / "w.html")
    pytest.importorskip("mwparserfromhell")
    (tmp_path / "enwiki-pages-articles.xml.bz2").write_bytes(dump(page(1, TEXTS[0]), language="en"))
    assert "are in en, not ja" in refused("wikipedia-dump", tmp_path / "enwiki-pages-articles.xml.bz2")


def test_other_corpora_are_refused(tmp_path: Path) -> None:
    packed(tmp_path / "plain.jsonl.zst", [{"id": 1, "text": TEXTS[0]}])
    found = refused("oscar", tmp_path / "plain.jsonl.zst")
    assert "document 1 lacks content, warc_headers, metadata, its members are id, text" in found
    assert "do not begin with _START_ARTICLE_" in refused("wiki40b", tmp_path / "plain.jsonl.zst")
    packed(tmp_path / "o.jsonl.zst", [oscar(TEXTS[0])])
    assert "lacks text, its members are content" in refused("wiki40b", tmp_path / "o.jsonl.zst")
    parquet(tmp_path / "w.parquet", [wiki40b(TEXTS[0])])
    assert "lacks content" in refused("oscar", tmp_path / "w.parquet")
    assert "found parquet" in refused("web", tmp_path / "w.parquet")


@pytest.mark.parametrize("name", WRITE)
def test_files_of_no_form_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "wiki40b-train.tfrecord-00000-of-00016").write_bytes(bytes(range(256)) * 20)
    refused(name, tmp_path / "wiki40b-train.tfrecord-00000-of-00016")
    (tmp_path / "empty.jsonl").write_text("")
    refused(name, tmp_path / "empty.jsonl")
    (tmp_path / "notes.txt").write_text("発熱あり。\n", encoding="utf-8")
    refused(name, tmp_path / "notes.txt")
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir/a.pdf").write_bytes(b"%PDF-1.4")
    refused(name, tmp_path / "dir")


@pytest.mark.parametrize("name", ["wiki40b", "oscar", "wikipedia-dump"])
def test_a_download_that_was_cut_off_is_named(name: str, tmp_path: Path) -> None:
    if name == "wikipedia-dump":
        pytest.importorskip("mwparserfromhell")
    WRITE[name](tmp_path / "raw")
    path = max((tmp_path / "raw").iterdir(), key=lambda each: each.stat().st_size)
    path.write_bytes(path.read_bytes()[:-60])
    assert str(path) in refused(name, path)


def test_a_crawl_may_hold_pages_in_other_languages_and_without_text(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/a.warc.gz").write_bytes(warc(html(TEXTS[0]), html("The patient had fever and cough for days.")))
    (tmp_path / "raw/empty.html").write_text("<html><body></body></html>")
    found = prepare("web", [tmp_path / "raw"], tmp_path / "config.yaml")
    assert found.notes == ("looked at 3 documents; in Japanese: 1",)
    run_ncvc("preprocess", tmp_path / "config.yaml", "--to", "text", "--quiet", "--set", "on_error=quarantine")
    assert len(texts(tmp_path / "text", "web")) == 1


def test_damage_behind_the_beginning_is_found_by_counting(tmp_path: Path) -> None:
    packed(
        tmp_path / "ja_meta_part_1.jsonl.zst",
        [oscar(f"{n}番目の症例である。{TEXTS[n % 6]}{n * n}") for n in range(9000)],
    )
    path = tmp_path / "ja_meta_part_1.jsonl.zst"
    path.write_bytes(path.read_bytes()[:-200])
    prepare("oscar", [path], tmp_path / "a.yaml")
    with pytest.raises(InputError, match=r"ja_meta_part_1\.jsonl\.zst: damaged, or cut off; fetch the file again"):
        prepare("oscar", [path], tmp_path / "b.yaml", count=True)


def test_odd_names_of_files_and_places(tmp_path: Path) -> None:
    folder = tmp_path / "コーパス [1]: #*"
    for number in range(2):
        packed(folder / f"ja_meta_part_{number + 1}.jsonl.zst", [oscar(TEXTS[number])])
    prepare("oscar", [folder], tmp_path / "config.yaml")
    run_ncvc("preprocess", tmp_path / "config.yaml", "--to", "text", "--quiet")
    assert len(texts(tmp_path / "text", "oscar")) == 2
    with pytest.raises(ConfigError, match="its folder is not there"):
        prepare("oscar", [folder], tmp_path / "nowhere/config.yaml")
