"""`ncvc preprocess` against megatron-core's builder, SentencePiece and plain Python."""

import contextlib
import gzip
import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sentencepiece
import zstandard

import ncvc
from ncvc.corpus.config import PreprocessConfig, SourceConfig
from ncvc.corpus.filters import AdultWords, FiltersConfig
from ncvc.corpus.plan import make_plan
from ncvc.corpus.run_dir import RunDir
from tests.conftest import run_ncvc
from tests.corpus.run import NO_FILTERS, TEXTS, dataset, limited, outputs, read_zst, report, run, write
from tests.read_only import read_only


def test_the_bytes_are_those_of_megatron_cores_builder(tmp_path: Path, tokenizer_folder: Path) -> None:
    write(tmp_path / "in/a.jsonl", TEXTS)
    run(tmp_path, tokenizer_folder)

    model = sentencepiece.SentencePieceProcessor(model_file=str(tokenizer_folder / "tokenizer.model"))
    tokenizer = ncvc.Tokenizer.load(tokenizer_folder)
    with warnings.catch_warnings(action="ignore"):
        import torch
        from megatron.core.datasets import indexed_dataset as megatron
    expected = []
    builder = megatron.IndexedDatasetBuilder(str(tmp_path / "ref.bin"), dtype=np.uint16)
    for text in TEXTS:
        ids = [i for morpheme in tokenizer.split(text) for i in model.encode(morpheme)]
        if ids:
            expected.append([model.piece_to_id("<|begin_of_text|>"), *ids, model.piece_to_id("<|end_of_text|>")])
            builder.add_document(torch.tensor(expected[-1]), [len(expected[-1])])
    builder.finalize(str(tmp_path / "ref.idx"))
    assert dataset(tmp_path) == ((tmp_path / "ref.bin").read_bytes(), (tmp_path / "ref.idx").read_bytes())

    theirs = megatron.IndexedDataset(str(tmp_path / "out/corpus"))
    ours = ncvc.IndexedDataset.open(tmp_path / "out/corpus")
    assert len(theirs) == len(ours) == len(expected) == 90
    for i, ids in enumerate(expected):
        assert theirs[i].tolist() == ours[i].tolist() == ids
    assert ours[-1].tolist() == expected[-1]
    with pytest.raises(IndexError):
        ours[90]


def test_the_same_bytes_on_any_number_of_threads_and_however_the_input_is_packed(
    tmp_path: Path, tokenizer_folder: Path, lines: list[str]
) -> None:
    source = write(tmp_path / "in/a.jsonl", lines)
    run(tmp_path, tokenizer_folder, threads=1)
    reference = dataset(tmp_path)
    for threads in (2, 8):
        run(tmp_path, tokenizer_folder, "--force", threads=threads)
        assert dataset(tmp_path) == reference
    raw = source.read_bytes()
    source.unlink()
    half = raw.index(b"\n", len(raw) // 2) + 1
    # Two gzip members in one file, as `cat a.gz b.gz` makes them, then two files of Zstandard.
    (tmp_path / "in/a.jsonl.gz").write_bytes(gzip.compress(raw[:half]) + gzip.compress(raw[half:]))
    run(tmp_path, tokenizer_folder, "--force")
    assert dataset(tmp_path) == reference
    (tmp_path / "in/a.jsonl.gz").unlink()
    (tmp_path / "in/1.jsonl.zst").write_bytes(zstandard.compress(raw[:half]))
    (tmp_path / "in/2.jsonl.zst").write_bytes(zstandard.compress(raw[half:]))
    run(tmp_path, tokenizer_folder, "--force", inputs=["in/*.zst"])
    assert dataset(tmp_path) == reference


def test_empty_input(tmp_path: Path, tokenizer_folder: Path) -> None:
    write(tmp_path / "in/a.jsonl", [])
    assert "no documents" in run(tmp_path, tokenizer_folder, ok=False).stderr
    write(tmp_path / "in/b.jsonl", ["発熱あり。"])
    run(tmp_path, tokenizer_folder)
    assert [file["documents"] for file in report(tmp_path)["sources"][0]["files"]] == [0, 1]


def test_a_full_disk_leaves_the_old_output_and_the_next_start_goes_on(
    tmp_path: Path, tokenizer_folder: Path, lines: list[str]
) -> None:
    write(tmp_path / "in/a.jsonl", lines)
    run(tmp_path, tokenizer_folder)
    reference = dataset(tmp_path)
    (tmp_path / "in/a.jsonl").write_bytes((tmp_path / "in/a.jsonl").read_bytes() * 2)
    # No file may pass 100 kB: writing fails as on a full disk, with another error number.
    full = limited(tmp_path, "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000,) * 2)")
    assert full.returncode == 1
    assert "cannot write" in full.stderr
    assert dataset(tmp_path) == reference
    run(tmp_path, tokenizer_folder, "--force")
    assert dataset(tmp_path)[0] == reference[0] * 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml", "in", "out"]


def start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ncvc", "preprocess", str(folder / "config.yaml")]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("signal", [2, 9])
def test_what_was_stopped_goes_on_and_gives_the_same_bytes(
    tmp_path: Path, tokenizer_folder: Path, lines: list[str], signal: int, capfd: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "in/a.jsonl", lines * 10)
    run(tmp_path, tokenizer_folder, part_bytes=2**20)
    reference = outputs(tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    process = start(tmp_path)
    parts = tmp_path / ".out.partial/prepared"
    while not (parts / "000000-00000").exists():
        assert process.poll() is None
    process.send_signal(signal)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == (130 if signal == 2 else -9)
    assert signal == 9 or "stopped" in errors
    assert not (tmp_path / "out").exists()
    before = {part.name: part.stat().st_ino for part in parts.glob("0*")}
    assert before
    done = sum(json.loads(path.read_text())["text_bytes"] for path in parts.glob("0*-*/part.json"))
    resumed = start(tmp_path)
    seen = {}
    while resumed.poll() is None:
        seen |= {part.name: inode for part in parts.glob("0*") if (inode := inode_of(part))}
    errors = resumed.communicate()[1]
    assert resumed.returncode == 0, errors
    assert {name: seen[name] for name in before} == before
    summary, report = (json.loads((tmp_path / f"out/{name}.json").read_text()) for name in ("summary", "report"))
    read = {stage["name"]: stage["bytes"] for stage in report["stages"]}
    assert read["cleaning"] == summary["text_bytes"] - done
    assert read["encoding"] == summary["text_bytes"]
    assert "since it was resumed" in capfd.readouterr().out
    assert outputs(tmp_path / "out") == reference
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml", "in", "out"]


def inode_of(path: Path) -> int:
    """0 if it is gone meanwhile."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def test_an_unfinished_run_of_another_config_or_input_is_not_mixed_in(tmp_path: Path, tokenizer_folder: Path) -> None:
    source = write(tmp_path / "in/a.jsonl", TEXTS)
    with (tmp_path / "in/b.jsonl").open("wb") as file:
        file.write(b"not JSON\n")
    stopped = run(tmp_path, tokenizer_folder, ok=False, part_bytes=100)
    assert "b.jsonl:1: not JSON" in stopped.stderr
    refused = run(tmp_path, tokenizer_folder, ok=False, part_bytes=200)
    assert "part_bytes was 100 and is 200" in refused.stderr
    raw = source.read_bytes()
    source.write_bytes(raw.replace("退院".encode(), "入院".encode()))
    refused = run(tmp_path, tokenizer_folder, ok=False, part_bytes=100, on_error="quarantine")
    assert "a.jsonl: changed since this run was begun" in refused.stderr
    source.write_bytes(raw)
    (tmp_path / "in/0.jsonl").touch()
    refused = run(tmp_path, tokenizer_folder, ok=False, part_bytes=100)
    assert "a.jsonl is not where it was among the inputs" in refused.stderr
    (tmp_path / "in/0.jsonl").unlink()
    # What could not be read may be mended, or set aside.
    (tmp_path / "in/b.jsonl").write_text('{"text": "発熱あり。"}\n', encoding="utf-8")
    run(tmp_path, tokenizer_folder, part_bytes=100, on_error="quarantine")
    assert report(tmp_path)["documents"]["in"] == len(TEXTS) + 1


def test_what_was_set_aside_stops_a_run_that_stops_at_it(tmp_path: Path, tokenizer_folder: Path) -> None:
    write(tmp_path / "in/a.jsonl", TEXTS)
    (tmp_path / "in/b.jsonl").write_bytes(b"not JSON\n")
    stopped = run(tmp_path, tokenizer_folder, ok=False)
    assert "b.jsonl:1: not JSON" in stopped.stderr
    run(tmp_path, tokenizer_folder, on_error="quarantine")
    refused = run(tmp_path, tokenizer_folder, ok=False)
    assert f"{tmp_path}/in/b.jsonl:1: malformed_json; it was set aside" in refused.stderr
    again = run(tmp_path, tokenizer_folder, on_error="quarantine")
    assert "nothing done" in again.stdout
    (tmp_path / "in/b.jsonl").unlink()
    refused = run(tmp_path, tokenizer_folder, ok=False)
    assert "exists already" in refused.stderr


def test_a_changed_word_list_is_named(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("語 3\n", encoding="utf-8")
    source = SourceConfig(name="a", inputs=["in"], filters=FiltersConfig(adult_words=AdultWords(list="words.txt")))
    write(tmp_path / "in/a.jsonl", TEXTS)
    plan = make_plan(PreprocessConfig(sources=[source], output="out"), tmp_path, "text")
    before = plan.identity()
    assert plan.changed_since(before) is None
    (tmp_path / "words.txt").write_text("語 4\n", encoding="utf-8")
    assert plan.changed_since(before) == "the list of adult words or the quality model of sources.0 has another content"


def refusing_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Fails like a broken disk, then works."""
    calls = []

    def refuse(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 1:
            raise OSError(5, "Input/output error")
        return function(*arguments)

    return refuse


def test_parts_that_cannot_be_listed_are_not_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = RunDir(tmp_path / "out")
    part = work.prepared / "000000-00000"
    part.mkdir(parents=True)
    (work.folder / "run.json").write_text('{"ncvc": "0"}')

    with contextlib.suppress(ValueError), work:
        monkeypatch.setattr(os, "scandir", refusing_once(os.scandir))
        monkeypatch.setattr(os, "listdir", refusing_once(os.listdir))
        raise ValueError("x")
    assert part.exists()
    with pytest.raises(ValueError, match="x"), work:
        raise ValueError("x")
    assert part.exists()
    monkeypatch.undo()
    part.rmdir()
    with pytest.raises(ValueError, match="x"), work:
        raise ValueError("x")
    assert not work.folder.exists()


def test_an_output_that_is_there_stays(tmp_path: Path, tokenizer_folder: Path) -> None:
    source = write(tmp_path / "in/a.jsonl", TEXTS)
    run(tmp_path, tokenizer_folder)
    inode = (tmp_path / "out").stat().st_ino
    again = run(tmp_path, tokenizer_folder).stdout
    assert again.startswith("nothing done: ")
    assert " MB/s" not in again
    assert (tmp_path / "out").stat().st_ino == inode
    written = run(tmp_path, tokenizer_folder, "--force")
    assert "nothing done" not in written.stdout
    assert (tmp_path / "out").stat().st_ino != inode
    inode = (tmp_path / "out").stat().st_ino
    source.write_bytes(source.read_bytes().replace("退院".encode(), "入院".encode()))
    refused = run(tmp_path, tokenizer_folder, ok=False)
    assert f"out: exists already, and {source} has changed since" in refused.stderr
    refused = run(tmp_path, tokenizer_folder, ok=False, longest_line=5000)
    assert "out: exists already, and longest_line was 67108864 and is 5000" in refused.stderr
    run(tmp_path, tokenizer_folder, "--force")
    assert (tmp_path / "out").stat().st_ino != inode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml", "in", "out"]


def test_parts_and_files_do_not_change_the_bytes(tmp_path: Path, tokenizer_folder: Path, lines: list[str]) -> None:
    source = write(tmp_path / "in/a.jsonl", lines)
    run(tmp_path, tokenizer_folder)
    reference = dataset(tmp_path)
    run(tmp_path, tokenizer_folder, "--force", part_bytes=1)
    assert dataset(tmp_path) == reference
    for number, line in enumerate(source.read_bytes().splitlines(keepends=True)):
        (tmp_path / f"in/a{number:05}.jsonl").write_bytes(line)
    source.unlink()
    run(tmp_path, tokenizer_folder, "--force")
    assert dataset(tmp_path) == reference


def test_each_source_becomes_a_dataset(tmp_path: Path, tokenizer_folder: Path) -> None:
    write(tmp_path / "in/a.jsonl", TEXTS)
    (tmp_path / "b.jsonl").write_text('{"body": "発熱あり。"}\n{"body": "😀"}\n', encoding="utf-8")
    sources = [{"name": "a", "inputs": ["in"]}, {"name": "b", "inputs": ["b.jsonl"], "text_field": "body"}]
    sources = [{**source, "filters": NO_FILTERS} for source in sources]
    run(tmp_path, tokenizer_folder, sources=sources)
    assert len(ncvc.IndexedDataset.open(tmp_path / "out/a")) == 90
    assert len(ncvc.IndexedDataset.open(tmp_path / "out/b")) == 1
    rows = {source["name"]: source["documents"] for source in report(tmp_path)["sources"]}
    assert rows["b"] == {"in": 2, "out": 1, "dropped": 1, "quarantined": 0}
    assert report(tmp_path)["documents"] == {"in": 122, "out": 91, "dropped": 31, "quarantined": 0}
    same = run(tmp_path, tokenizer_folder, "--force", ok=False, sources=[sources[0]] * 2)
    assert "two sources are named 'a'" in same.stderr


def test_cleaned_text_is_the_same_json_with_another_text(tmp_path: Path, tokenizer_folder: Path) -> None:
    source = write(tmp_path / "in/a.jsonl", TEXTS)
    run(tmp_path, tokenizer_folder, "--to", "text")
    documents = [json.loads(line) for line in source.read_text().splitlines()]
    expected = [{**document, "text": ncvc.clean(document["text"])} for document in documents]
    written = read_zst(tmp_path / "out/corpus.jsonl.zst")
    assert written == [document for document in expected if document["text"]]
    assert report(tmp_path)["reasons"] == {"empty_after_cleaning": 30}
    rows = read_zst(tmp_path / "out/dropped/empty_after_cleaning.jsonl.zst")
    assert [row["line"] for row in rows] == [i for i, document in enumerate(expected, 1) if not document["text"]]


def test_the_manifest_names_inputs_and_outputs(tmp_path: Path, tokenizer_folder: Path) -> None:
    source = write(tmp_path / "in/a.jsonl", TEXTS)
    run(tmp_path, tokenizer_folder)
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    digest = subprocess.run(["sha256sum", source], capture_output=True, text=True, check=True).stdout.split()[0]
    assert manifest["inputs"] == {str(source): digest}
    assert manifest["files"]["corpus.bin"]["bytes"] == (tmp_path / "out/corpus.bin").stat().st_size


def test_a_finished_output_is_noticed_where_nothing_can_be_written(tmp_path: Path, tokenizer_folder: Path) -> None:
    write(tmp_path / "in/a.jsonl", TEXTS)
    run(tmp_path, tokenizer_folder)
    for unfinished in (False, True):
        if unfinished:  # that of a run of --force, say, which was stopped
            (tmp_path / ".out.partial").mkdir()
        with read_only(tmp_path):
            done = run_ncvc("preprocess", tmp_path / "config.yaml")
        assert f"nothing done: {tmp_path}/out is of this config" in done.stdout + done.stderr
    with read_only(tmp_path):
        forced = run_ncvc("preprocess", tmp_path / "config.yaml", "--force", ok=False)
    assert forced.returncode == 1
    assert f"nothing can be written in {tmp_path}" in forced.stderr
