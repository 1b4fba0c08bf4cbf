"""Downloads of published corpora that are not what they seem; written by another author than the code."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import zstandard

from ncvc.corpus.published.corpora import CORPORA
from ncvc.corpus.published.source import prepare_source
from ncvc.documents.skipped import described
from ncvc.errors import InputError
from tests.conftest import run_ncvc

TEXT = "発熱と咳嗽が続いたため、胸部の写真を撮って肺炎と診断した。"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:f52d3d9b51a4\nsize 139788553\n"


def oscar(**more: Any) -> bytes:
    metadata = {"identification": {"label": "ja", "prob": 0.9}, "quality_warnings": None, "categories": None}
    row = {"content": TEXT, "warc_headers": {"warc-target-uri": "https://example.jp/"}, "metadata": metadata, **more}
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def refused(corpus: str, path: Path, data: bytes, said: str) -> None:
    path.write_bytes(data)
    with pytest.raises(InputError, match=re.escape(said)):
        prepare_source(CORPORA[corpus], [path], path.with_name("new.yaml"))
    assert not path.with_name("new.yaml").exists()


@pytest.mark.parametrize(("corpus", "name"), [("oscar", "ja_meta_part_1.jsonl.zst"), ("wiki40b", "train.parquet")])
def test_a_pointer_of_git_lfs_is_named(corpus: str, name: str, tmp_path: Path) -> None:
    refused(corpus, tmp_path / name, POINTER.encode(), f"{name}: is a pointer of Git LFS; fetch the file itself with")


def test_a_line_that_cannot_be_read_is_named_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ja_meta_part_1.jsonl"
    refused("oscar", path, oscar() + oscar(content="\\").replace(b"\\\\", b"\xff"), "jsonl:2: is not UTF-8")
    refused("oscar", path, oscar() + b"[1]\n", "jsonl:2: no line of JSON")
    monkeypatch.setattr("ncvc.corpus.published.head.LONGEST_LINE", 2000)
    refused("oscar", path, oscar() + oscar(content=TEXT * 50), "jsonl:2: is longer than 2,000 bytes")


@pytest.mark.parametrize("sums", [b"", b"<html>404</html>\n", b"\xff\xfe\x00"])
def test_a_list_without_checksums_is_said(sums: bytes, tmp_path: Path) -> None:
    (tmp_path / "ja_meta_part_1.jsonl.zst").write_bytes(zstandard.compress(oscar()))
    (tmp_path / "checksum.sha256").write_bytes(sums)
    found = prepare_source(CORPORA["oscar"], [tmp_path], tmp_path / "new.yaml")
    assert found.checked == 0
    assert found.notes == (f"{tmp_path / 'checksum.sha256'}: holds no checksums; nothing was compared with it",)


def test_count_says_why_pages_are_not_counted(tmp_path: Path) -> None:
    paragraphs = f"<p>{TEXT}</p>" * 3
    (tmp_path / "a.html").write_text(f"<html><body><article>{paragraphs}</article></body></html>", encoding="utf-8")
    done = run_ncvc("data", "web", tmp_path / "a.html", tmp_path / "new.yaml", "--count")
    assert "documents not counted: `ncvc preprocess` counts those that it has to extract" in done.stdout


def test_what_cannot_be_read_unpacked_is_not_to_be_unpacked(tmp_path: Path) -> None:
    for name in ("a.xml.bz2", "b.sql.gz"):
        (tmp_path / name).write_bytes(b"<html>404</html>")
    said = described(sorted(tmp_path.iterdir()))
    assert "a.xml.bz2 (write its texts as JSON lines" in said
    assert "b.sql.gz (unpack it)" in said
