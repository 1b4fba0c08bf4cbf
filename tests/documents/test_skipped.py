"""Files in a folder that no reader takes: counted by kind, named, and an error with `on_error: stop`."""

import json
from pathlib import Path

import pytest

import ncvc
from ncvc.documents.sources import find_sources
from tests.conftest import run_ncvc
from tests.corpus.run import NO_DUPLICATES, NO_FILTERS
from tests.documents.test_sources import TEXTS, clean, json_lines, put, quarantine, texts

OTHERS = {"a.doc": b"\xd0\xcf", "sub/b.DOC": b"", "c.hl7": b"MSH|", "d.html.lz4": b"", "README": b"", "e.tar.gz": b""}


def fill(folder: Path) -> None:
    put(folder / "in/n.jsonl", json_lines(TEXTS[:2]))
    for name, data in OTHERS.items():
        put(folder / "in" / name, data)
    (folder / "in/gone.txt").symlink_to("nowhere")
    (folder / "in/round.txt").symlink_to("round.txt")


def test_skipped_files_stop_the_pass_or_are_counted_and_named(tmp_path: Path) -> None:
    fill(tmp_path)
    stopped = r"in: files that are not read: 2 \.doc, such as a\.doc \(save it as \.docx\); .*on_error: quarantine"
    with pytest.raises(ncvc.NcvcError, match=stopped):
        clean(tmp_path)
    documents, report = clean(tmp_path, on_error="quarantine")
    assert len(documents) == 2
    kinds = {".doc": 2, ".hl7": 1, ".lz4": 1, ".tar.gz": 1, "broken link": 2, "no suffix": 1}
    assert report["sources"][0]["skipped"] == kinds
    assert report["reasons"] == {"unknown_format": 8}
    named = [name for name, line, reason in quarantine(tmp_path) if (line, reason) == (0, "unknown_format")]
    assert sorted(named) == ["README", "a.doc", "b.DOC", "c.hl7", "d.html.lz4", "e.tar.gz", "gone.txt", "round.txt"]
    drawn = json.loads((tmp_path / "out/report.json").read_text())
    assert drawn["sources"][0]["skipped"] == kinds
    assert "Files that were not read" in (tmp_path / "out/report.html").read_text()


def test_the_closing_lines_name_them(tmp_path: Path) -> None:
    fill(tmp_path)
    source = {"name": "a", "inputs": ["in"], "filters": NO_FILTERS}
    config = {"sources": [source], "output": "out", "duplicates": NO_DUPLICATES, "on_error": "quarantine"}
    (tmp_path / "c.yaml").write_text(json.dumps(config))
    line = "files of a that were not read: 2 .doc, 2 broken link, 1 .hl7, 1 .lz4, 1 .tar.gz, 1 no suffix"
    assert line in run_ncvc("preprocess", tmp_path / "c.yaml", "--to", "text").stdout
    assert (
        "not read     a: 2 .doc, 2 broken link, 1 .hl7"
        in run_ncvc("preprocess", tmp_path / "c.yaml", "--to", "text", "--dry-run").stdout
    )


@pytest.mark.parametrize("on_error", ["stop", "quarantine"])
def test_a_folder_without_a_readable_file_says_what_is_in_it(tmp_path: Path, on_error: str) -> None:
    put(tmp_path / "in/a.hl7", b"")
    with pytest.raises(
        ncvc.NcvcError, match=r"in: no file that can be read is in it; it holds 1 \.hl7, such as a\.hl7 \(write its"
    ):
        clean(tmp_path, on_error=on_error)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ncvc.NcvcError, match="empty: the folder holds no file"):
        find_sources(["empty"], tmp_path)


def test_a_packed_file_is_to_be_unpacked(tmp_path: Path) -> None:
    put(tmp_path / "in/a.pdf.gz", b"")
    with pytest.raises(ncvc.NcvcError, match=r"it holds 1 \.pdf\.gz, such as a\.pdf\.gz \(unpack it\)"):
        find_sources(["in"], tmp_path)


def test_linked_folders_are_read_once(tmp_path: Path) -> None:
    put(tmp_path / "in/x/1.jsonl", json_lines(TEXTS[:1]))
    put(tmp_path / "far/2.jsonl", json_lines(TEXTS[1:2]))
    (tmp_path / "in/a").symlink_to("../far")
    (tmp_path / "in/x/circle").symlink_to("..")
    (tmp_path / "far/back").symlink_to("../in")
    documents, report = clean(tmp_path)
    assert texts(documents) == [ncvc.clean(TEXTS[1]), ncvc.clean(TEXTS[0])]
    assert report["sources"][0]["skipped"] == {}
    found = find_sources(["*"], tmp_path / "in")
    assert [file.path.name for file in found.files] == ["2.jsonl", "1.jsonl"]
