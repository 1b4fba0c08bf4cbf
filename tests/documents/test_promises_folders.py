"""Folders as users have them: files of every kind, links, pipes, odd names; each is read or named, and counted."""

import gzip
import json
import os
import socket
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.corpus.run import outputs
from tests.documents.promises import Case, Output, check, preprocess, run_cases, write

A, B, C = "肺炎と診断した。", "抗菌薬を始めた。", "三日で解熱した。"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
ZIP = b"PK\x03\x04" + bytes(60)
UNREAD = {
    "a.doc": OLE,
    "b.rtf": b"{\\rtf1 x}",
    "c.odt": ZIP,
    "d.pptx": ZIP,
    "e.zip": ZIP,
    "f.tar.gz": gzip.compress(bytes(512)),
    "g.png": b"\x89PNG\r\n\x1a\n" + bytes(20),
    "h.jpg": b"\xff\xd8\xff\xe0" + bytes(20),
    "i.dcm": bytes(128) + b"DICM",
    "j.hl7": b"MSH|^~\\&|A|B|C|D|20240131||ADT^A01|1|P|2.5\r",
    "k.xml": b'<?xml version="1.0"?><Patient xmlns="http://hl7.org/fhir"><id value="1"/></Patient>',
    "l.sqlite": b"SQLite format 3\0" + bytes(84),
    "m.7z": b"7z\xbc\xaf\x27\x1c" + bytes(20),
    "n.mp3": b"ID3" + bytes(20),
    "o": bytes(range(256)),
}


def stopped(output: Output, *words: str) -> None:
    """The command ended with one sentence that has these words, and wrote nothing."""
    assert output.process.returncode != 0
    assert "Traceback" not in output.process.stderr
    assert not (output.folder / "out").exists()
    for word in words:
        assert word in output.process.stderr


def names(output: Output) -> list[str]:
    return [Path(q["file"]).name for q in output.quarantine]


def balanced(output: Output) -> None:
    for counts in (output.summary, *output.summary["sources"]):
        documents = counts["documents"]
        assert documents["in"] == documents["out"] + documents["dropped"] + documents["quarantined"]


def test_unread_files_are_counted_and_named(tmp_path: Path) -> None:
    write(tmp_path / "in-s", {"z.txt": A.encode(), **UNREAD})
    output = preprocess(tmp_path, [{"name": "s", "inputs": ["in-s"]}])
    read = output.source("s")
    assert read.texts == [A]
    assert sorted(names(output)) == sorted(UNREAD)
    assert all(q["line"] == 0 for q in read.quarantine)
    assert sum(read.summary["skipped"].values()) == len(UNREAD)
    assert read.summary["reasons"] == {"unknown_format": len(UNREAD)}
    printed = output.process.stdout + output.process.stderr
    kinds = ["doc", "rtf", "odt", "pptx", "zip", "png", "jpg", "dcm", "hl7", "xml", "sqlite", "7z", "mp3"]
    assert [kind for kind in kinds if f".{kind}" not in printed] == []
    report = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert [kind for kind in kinds if kind not in report] == []
    counted = (tmp_path / "out/report.json").read_text(encoding="utf-8")
    assert [kind for kind in kinds if f".{kind}" not in counted] == []


def test_unread_files_stop_the_pass(tmp_path: Path) -> None:
    write(tmp_path / "in", {"z.txt": A.encode(), "a.doc": OLE, "b.doc": OLE, "c.hl7": b"MSH|"})
    output = preprocess(tmp_path, [{"name": "s", "inputs": ["in"]}], ok=False, on_error="stop")
    stopped(output, ".doc", ".hl7", "2", "a.doc")
    assert len(output.process.stderr.strip().split("\n")) == 1


@pytest.mark.parametrize("on_error", ["stop", "quarantine"])
@pytest.mark.parametrize(
    ("files", "word"),
    [({"a.doc": OLE, "b.doc": OLE}, ".doc"), ({"a.xml": b"<a/>"}, ".xml"), ({}, "in")],
    ids=["doc", "xml", "empty"],
)
def test_folder_without_readable_files(tmp_path: Path, files: Mapping[str, bytes], word: str, on_error: str) -> None:
    write(tmp_path / "in", files)
    output = preprocess(tmp_path, [{"name": "s", "inputs": ["in"]}], ok=False, on_error=on_error)
    stopped(output, word)
    assert "no such" not in output.process.stderr.lower()


def test_missing_input_is_named(tmp_path: Path) -> None:
    for wrong in ("nowhere", "in/*.jsonl", "in/nothing.txt"):
        write(tmp_path / "in", {"a.txt": A.encode()})
        stopped(preprocess(tmp_path, [{"name": "s", "inputs": ["in", wrong]}], ok=False), wrong)


def test_empty_files(tmp_path: Path) -> None:
    """Empty files give no documents and stop nothing; the others are read."""
    kinds = [
        "txt",
        "jsonl",
        "json",
        "csv",
        "tsv",
        "html",
        "warc",
        "parquet",
        "docx",
        "jsonl.gz",
        "jsonl.zst",
        "warc.gz",
    ]
    write(tmp_path / "in-s", {**{f"{i:02}.{kind}": b"" for i, kind in enumerate(kinds)}, "z.txt": A.encode()})
    output = preprocess(tmp_path, [{"name": "s", "inputs": ["in-s"]}])
    assert output.source("s").texts == [A]
    balanced(output)


def test_links(tmp_path: Path) -> None:
    """Linked folders and files are read, each file once, and circles end."""
    write(tmp_path / "elsewhere", {"a.txt": A.encode(), "deep/b.txt": B.encode()})
    folder = write(tmp_path / "in-s", {"c.txt": C.encode()})
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "again").symlink_to(tmp_path / "elsewhere")
    (folder / "self").symlink_to(folder)
    (tmp_path / "elsewhere/deep/back").symlink_to(folder)
    (folder / "file.txt").symlink_to(tmp_path / "elsewhere/a.txt")
    output = preprocess(tmp_path, [{"name": "s", "inputs": ["in-s"]}])
    assert sorted(output.source("s").texts) == sorted([A, B, C])


def test_dangling_link_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "in-s", {"a.txt": A.encode()})
    (folder / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    output = preprocess(tmp_path, [{"name": "s", "inputs": ["in-s"]}])
    assert output.source("s").texts == [A]
    assert names(output) == ["gone.txt"]


def test_link_to_itself_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "in-s", {"a.txt": A.encode()})
    (folder / "circle.txt").symlink_to(folder / "circle.txt")
    output = preprocess(tmp_path, [{"name": "s", "inputs": ["in-s"]}])
    assert output.source("s").texts == [A]
    assert names(output) == ["circle.txt"]


def test_pipes_sockets_and_devices_are_named(tmp_path: Path) -> None:
    """Nothing waits for a pipe or reads an endless device."""
    folder = write(tmp_path / "in-s", {"a.txt": A.encode()})
    os.mkfifo(folder / "pipe.txt")
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "zero.txt").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(folder)
        try:
            listening.bind("socket.txt")
        finally:
            os.chdir(here)
        output = preprocess(tmp_path, [{"name": "s", "inputs": ["in-s"]}])
        assert output.source("s").texts == [A]
        assert sorted(names(output)) == ["pipe.jsonl", "pipe.txt", "socket.txt", "zero.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_file_without_permission_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "in-s", {"a.txt": A.encode(), "b.txt": B.encode()})
    (folder / "b.txt").chmod(0)
    output = preprocess(tmp_path, [{"name": "s", "inputs": ["in-s"]}])
    assert output.source("s").texts == [A]
    assert names(output) == ["b.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every folder")
def test_folder_without_permission_is_named(tmp_path: Path) -> None:
    """Such a folder is set aside, or refused in one sentence."""
    folder = write(tmp_path / "in-s", {"a.txt": A.encode(), "closed/c.txt": C.encode()})
    (folder / "closed").chmod(0)
    try:
        output = preprocess(tmp_path, [{"name": "s", "inputs": ["in-s"]}], ok=False)
    finally:
        (folder / "closed").chmod(0o700)
    if output.process.returncode:
        stopped(output, "closed")
    else:
        assert names(output) == ["closed"]


ODD_NAMES = [
    b"line\nfeed.txt",
    b"tab\there.txt",
    unicodedata.normalize("NFD", "ガーゼ.txt").encode(),
    "髙橋 様.txt".encode(),
    b"[1]*?.txt",
    b"-dash.txt",
    b"%41 'quote\".txt",
    b"back\\slash.txt",
    b"x" * 250 + b".txt",
    b"\x1b[31mred.txt",
]


def test_odd_names(tmp_path: Path) -> None:
    """Files with odd names are read, and what is wrong in them is named in valid JSON and on one line."""
    good, bad = tmp_path / "in-good", tmp_path / "in-bad"
    for folder, content in ((good, A.encode()), (bad, b"\xff\xff\xff")):
        folder.mkdir()
        for name in ODD_NAMES:
            (Path(os.fsdecode(os.fsencode(folder) + b"/" + name))).write_bytes(content)
    output = preprocess(tmp_path, [{"name": s, "inputs": [f"in-{s}"]} for s in ("good", "bad")])
    assert output.source("good").texts == [A] * len(ODD_NAMES)
    assert len(output.quarantine) == len(ODD_NAMES)
    assert len({q["file"] for q in output.quarantine}) == len(ODD_NAMES)
    assert "\x1b" not in output.process.stdout + output.process.stderr
    balanced(output)
    stop = preprocess(tmp_path, [{"name": "bad", "inputs": ["in-bad"]}], ok=False, on_error="stop", output="third")
    assert stop.process.returncode != 0
    assert len(stop.process.stderr.strip().split("\n")) == 1, stop.process.stderr


@pytest.mark.parametrize("name", [b"not utf-8 \xff\xfe.txt", "診療録.txt".encode("cp932")])
def test_name_that_is_not_utf8(tmp_path: Path, name: bytes) -> None:
    """Such a file is read, set aside, or refused in one sentence that shows its name."""
    folder = write(tmp_path / "in-s", {"z.txt": A.encode()})
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(B.encode())
    output = preprocess(tmp_path, [{"name": "s", "inputs": ["in-s"]}], ok=False)
    if output.process.returncode:
        stopped(output, ".txt", "UTF-8")
        assert len(output.process.stderr.strip().split("\n")) == 1
    else:
        assert output.source("s").texts in ([B, A], [A, B]) or len(output.quarantine) == 1


def test_composed_name_finds_decomposed_file(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / unicodedata.normalize("NFD", "ガーゼ.txt")).write_bytes(A.encode())
    inner = folder / unicodedata.normalize("NFD", "プール")
    write(inner, {"b.txt": B.encode()})
    inputs = [unicodedata.normalize("NFC", name) for name in ("in/ガーゼ.txt", "in/プール")]
    output = preprocess(tmp_path, [{"name": "s", "inputs": inputs}])
    assert output.source("s").texts == [A, B]


def test_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "home/notes", {"a.txt": A.encode()})
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    output = preprocess(tmp_path / "work", [{"name": "s", "inputs": ["~/notes", "~/notes/*.txt"]}])
    assert output.source("s").texts == [A]


def test_each_file_once(tmp_path: Path) -> None:
    write(tmp_path / "in", {"a.txt": A.encode(), "b.txt": B.encode()})
    output = preprocess(tmp_path, [{"name": "s", "inputs": ["in/b.txt", "in", "in/*.txt", "in/../in/a.txt"]}])
    assert sorted(output.source("s").texts) == sorted([A, B])


def test_folder_named_like_a_file(tmp_path: Path) -> None:
    write(tmp_path / "in", {"a.jsonl/b.txt": A.encode(), "c.csv/d.txt": B.encode()})
    assert preprocess(tmp_path, [{"name": "s", "inputs": ["in"]}]).source("s").texts == [A, B]


BROKEN = {
    "a.jsonl": b'{"text": "x\n',
    "a.txt": b"\xff\xfd\xfc",
    "a.csv": b"text\na,b\n",
    "a.html": b"<html><body><p>\xff\xfe\xfd\x80</p></body></html>",
    "a.warc": b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 900\r\n\r\nx",
    "a.jsonl.gz": gzip.compress(b'{"text": "x"}\n' * 20)[:-9],
    "a.jsonl.zst": b"\x28\xb5\x2f\xfd\x04\x00\xff",
    "a.docx": ZIP,
    "a.parquet": b"PAR1" + bytes(20),
    "a.hl7": b"MSH|",
}


@pytest.mark.parametrize("name", BROKEN)
def test_stop_stops_and_quarantine_goes_on(tmp_path: Path, name: str) -> None:
    """The pass stops with the file's name; the same command with `quarantine` then reads the rest."""
    write(tmp_path / "in-s", {name: BROKEN[name], "z.txt": A.encode()})
    sources = [{"name": "s", "inputs": ["in-s"]}]
    stopped(preprocess(tmp_path, sources, ok=False, on_error="stop"), name)
    output = preprocess(tmp_path, sources)
    assert output.source("s").texts[-1] == A
    assert names(output) == [name]
    balanced(output)


def test_rerun_with_another_treatment(tmp_path: Path) -> None:
    """A second start says that nothing was done; one that is stricter, or forced, does what it says."""
    write(tmp_path / "in-s", {"a.jsonl": b'{"text": "x\n' + json.dumps({"text": A}).encode()})
    sources = [{"name": "s", "inputs": ["in-s"]}]
    preprocess(tmp_path, sources)
    again = preprocess(tmp_path, sources)
    assert "nothing done" in again.process.stdout + again.process.stderr
    strict = preprocess(tmp_path, sources, ok=False, on_error="stop")
    assert strict.process.returncode != 0


def test_changed_config_names_the_key(tmp_path: Path) -> None:
    good = json.dumps({"text": A, "body": B}).encode() + b"\n"
    write(tmp_path / "in-s", {"a.jsonl": good * 200, "b.jsonl": good * 200, "c.jsonl": b"{\n"})
    preprocess(tmp_path, [{"name": "s", "inputs": ["in-s"]}], ok=False, on_error="stop", part_bytes=4096)
    changed = preprocess(tmp_path, [{"name": "s", "inputs": ["in-s"], "text_field": "body"}], ok=False, part_bytes=4096)
    stopped(changed, "text_field")


MIXED = {
    **{f"{i:03}.txt": f"{i}番目の記録。{A}".encode("cp932" if i % 3 else "utf-8") for i in range(12)},
    **{f"{i:03}.html": f"<html><meta charset=utf-8><body><p>{i}番目の頁です。{B}</p>".encode() for i in range(12)},
    "a.jsonl": b"".join(
        json.dumps({"text": f"{i}行目。{C}"}).encode() + (b"\n" if i % 7 else b"x\n") for i in range(100)
    ),
    "b.csv": b"text,x\n" + b"".join(f"{i}番の行。{A},1{',2' * (i % 11 == 0)}\n".encode() for i in range(100)),
    "c.jsonl.gz": gzip.compress(b"".join(json.dumps({"text": f"{i}個目。{B}"}).encode() + b"\n" for i in range(100)))[
        :-8
    ],
    "sub/d.txt": b"\xff\xff",
    **UNREAD,
}


def test_threads_give_equal_bytes(tmp_path: Path) -> None:
    write(tmp_path / "in-s", MIXED)
    sources = [{"name": "s", "inputs": ["in-s"]}]
    results = []
    for threads in (1, 4):
        output = preprocess(tmp_path, sources, threads=threads, part_bytes=8192)
        balanced(output)
        results.append(outputs(tmp_path / "out"))
        (tmp_path / "out").rename(tmp_path / f"of-{threads}")
    assert sorted(results[0]) == sorted(results[1])
    assert [name for name in results[0] if results[0][name] != results[1][name]] == []


def test_quarantine_of_many_kinds_has_no_text(tmp_path: Path) -> None:
    """Places and reasons alone: text that could not be read was seen by no rule of privacy."""
    secret = "秘密太郎"
    files = {
        "a.jsonl": f'{{"text": "{secret}\n'.encode(),
        "b.csv": f"text\n{secret},{secret}\n".encode(),
        "c.txt": secret.encode() + b"\xff\xff",
        "d.html": f"<p>{secret}".encode() + b"\xff\xfe\x80",
        "e.hl7": f"PID|{secret}".encode(),
        "f.jsonl": json.dumps({"body": secret}, ensure_ascii=False).encode(),
    }
    case = Case("s", files, [], quarantined=len(files))
    output = run_cases(tmp_path, [case, Case("t", {"z.txt": A.encode()}, [A])])
    check(output, case)
    for path in (tmp_path / "out").rglob("*"):
        if path.suffix in {".json", ".jsonl", ".html"}:
            assert secret not in path.read_text(encoding="utf-8"), path
            assert json.dumps(secret)[1:-1] not in path.read_text(encoding="utf-8"), path
    assert secret not in output.process.stdout + output.process.stderr
