"""Input that cannot be read: the pass stops with file and line, or sets it aside, and takes it when it is mended."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ncvc
from ncvc.corpus.config import PreprocessConfig, SourceConfig
from ncvc.corpus.duplicates import DuplicatesConfig
from ncvc.corpus.filters import FiltersConfig
from ncvc.corpus.preprocess import preprocess
from ncvc.executors import LocalExecutor
from tests.conftest import run_ncvc
from tests.corpus.run import NO_DUPLICATES, NO_FILTERS, TEXTS, dataset, limited, report, run, write

BROKEN = {
    "invalid_utf8": b'{"text": "\xe7\x97"}',
    "malformed_json": '{"text": "秘密の氏名'.encode(),
    "not_an_object": b'["text"]',
    "missing_field": '{"body": "秘密の氏名"}'.encode(),
    "not_a_string": b'{"text": null}',
    "line_too_long": b'{"text": "' + b"a" * 5000 + b'"}',
}


@pytest.mark.parametrize("reason", BROKEN)
def test_a_broken_line_stops_with_file_and_line_or_is_set_aside(
    tmp_path: Path, tokenizer_folder: Path, reason: str
) -> None:
    good = json.dumps({"text": "発熱あり。"}).encode()
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jsonl").write_bytes(b"\n".join([good, b"", BROKEN[reason], good]))
    stopped = run(tmp_path, tokenizer_folder, ok=False, longest_line=4096)
    assert stopped.returncode == 1
    assert f"{tmp_path}/in/a.jsonl:3: " in stopped.stderr
    assert "秘密" not in stopped.stderr
    assert not (tmp_path / "out").exists()
    run(tmp_path, tokenizer_folder, longest_line=4096, on_error="quarantine")
    assert report(tmp_path)["documents"] == {"in": 3, "out": 2, "dropped": 0, "quarantined": 1}
    assert report(tmp_path)["reasons"] == {reason: 1}
    row = json.loads((tmp_path / "out/quarantine.jsonl").read_text())
    assert (row["line"], row["reason"], row["bytes"]) == (3, reason, len(BROKEN[reason]))


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_truncated_file_gives_what_came_before(tmp_path: Path, tokenizer_folder: Path, suffix: str) -> None:
    raw = write(tmp_path / "raw.jsonl", [f"{i}日目、発熱なし。" * 20 for i in range(2000)]).read_bytes()
    packed = gzip.compress(raw) if suffix == "gz" else zstandard.compress(raw)
    (tmp_path / "in").mkdir()
    (tmp_path / f"in/a.jsonl.{suffix}").write_bytes(packed[: len(packed) * 2 // 3])
    stopped = run(tmp_path, tokenizer_folder, ok=False)
    assert stopped.returncode == 1
    assert "truncated or damaged" in stopped.stderr
    run(tmp_path, tokenizer_folder, on_error="quarantine")
    counts = report(tmp_path)["documents"]
    assert 0 < counts["out"] < 2000
    assert counts["in"] == counts["out"] + counts["dropped"] + counts["quarantined"]
    assert report(tmp_path)["reasons"] == {"damaged_file": 1}


def test_a_file_that_cannot_be_read(tmp_path: Path, tokenizer_folder: Path) -> None:
    good = write(tmp_path / "good.jsonl", ["発熱あり。"])
    # Reading a process's own memory from its beginning is an I/O error for everyone, root included.
    inputs = ["/proc/self/mem", str(good)]
    stopped = run(tmp_path, tokenizer_folder, ok=False, inputs=inputs)
    assert "/proc/self/mem" in stopped.stderr
    run(tmp_path, tokenizer_folder, inputs=inputs, on_error="quarantine")
    assert report(tmp_path)["documents"] == {"in": 1, "out": 1, "dropped": 0, "quarantined": 0}
    assert report(tmp_path)["reasons"] == {"unreadable_file": 1}
    verified = run_ncvc("verify", tmp_path / "out")
    assert verified.stdout == f"{tmp_path}/out: whole\n"
    assert "lacks 1 input that could not be read: /proc/self/mem" in verified.stderr
    missing = run(tmp_path, tokenizer_folder, ok=False, inputs=["nowhere.jsonl"])
    assert "nowhere.jsonl: no such input" in missing.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml", "good.jsonl", "out"]


def test_a_file_that_can_be_read_again_is_read(tmp_path: Path, tokenizer_folder: Path) -> None:
    """Whether the run had ended without it, or was stopped after it had set the file aside."""
    for folder in ("whole", "ended", "stopped"):
        write(tmp_path / folder / "a.jsonl", TEXTS)
        write(tmp_path / folder / "kept.jsonl", TEXTS[:7])
    settings = {"inputs": ["a.jsonl", "b.jsonl"], "on_error": "quarantine", "part_bytes": 1}
    for folder in ("whole", "ended", "stopped"):
        (tmp_path / folder / "b.jsonl").symlink_to("kept.jsonl" if folder == "whole" else "/proc/self/mem")
    run(tmp_path / "whole", tokenizer_folder, **settings)
    ended, stopped = tmp_path / "ended", tmp_path / "stopped"
    run(ended, tokenizer_folder, **settings)
    assert report(ended)["reasons"]["unreadable_file"] == 1
    before = (ended / "out/manifest.json").stat().st_mtime_ns
    run(ended, tokenizer_folder, **settings)
    assert (ended / "out/manifest.json").stat().st_mtime_ns == before  # as unreadable as it was

    class UntilAllIsPrepared(LocalExecutor):
        def run(self, stage: Any, *arguments: Any, **options: Any) -> None:
            if stage.__name__ != "prepare":
                raise ncvc.NcvcError("stopped")
            super().run(stage, *arguments, **options)

    config = PreprocessConfig.load(ended / "config.yaml")
    with pytest.raises(ncvc.NcvcError, match="stopped"):
        preprocess(config, stopped, executor=UntilAllIsPrepared())
    assert list((stopped / ".out.partial/prepared").glob("*.done"))
    for folder in (ended, stopped):
        (folder / "b.jsonl").unlink()
        (folder / "b.jsonl").symlink_to("kept.jsonl")
    for folder in (ended, stopped):
        run(folder, tokenizer_folder, **settings)
        assert dataset(folder) == dataset(tmp_path / "whole")
        assert report(folder)["documents"] == report(tmp_path / "whole")["documents"]


def test_a_mended_file_is_another_input(tmp_path: Path, tokenizer_folder: Path) -> None:
    whole = gzip.compress((write(tmp_path / "raw.jsonl", TEXTS)).read_bytes())
    (tmp_path / "a.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    settings = {"inputs": ["a.jsonl.gz"], "on_error": "quarantine"}
    run(tmp_path, tokenizer_folder, **settings)
    run(tmp_path, tokenizer_folder, **settings)  # nothing has changed
    (tmp_path / "a.jsonl.gz").write_bytes(whole)
    assert "exists already" in run(tmp_path, tokenizer_folder, ok=False, **settings).stderr


def test_a_line_of_200_mb_in_bounded_memory(tmp_path: Path, tokenizer_folder: Path) -> None:
    source = write(tmp_path / "in/a.jsonl", ["発熱あり。"])
    with source.open("ab") as file:
        file.write(b'{"text": "' + "長".encode() * (200 * 2**20 // 3) + b'"}\n')
        file.write('{"text": "解熱した。"}\n'.encode())
    run(tmp_path, tokenizer_folder, on_error="quarantine")
    assert report(tmp_path)["documents"] == {"in": 3, "out": 2, "dropped": 0, "quarantined": 1}
    assert report(tmp_path)["reasons"] == {"line_too_long": 1}
    memory = limited(tmp_path, "resource.setrlimit(resource.RLIMIT_DATA, (600 * 2**20,) * 2)")
    assert memory.returncode == 0, memory.stderr


JUNK = st.lists(
    st.sampled_from([*BROKEN.values(), b"", b" ", b'{"text": "\xe7\x86\xb1"}', b'{"text": ""}', b"{", b"\x00", b"null"])
    | st.binary(max_size=30).filter(lambda line: b"\n" not in line),
    max_size=30,
)


@given(JUNK)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_books_balance(tmp_path: Path, tokenizer_folder: Path, lines: list[bytes]) -> None:
    # Not at the beginning of the file, where some junk would pass for compression, and in one encoding: five bytes of it
    # may pass for UTF-16.
    (tmp_path / "junk.jsonl").write_bytes(b"\n".join([b"{}", *lines]))
    config = PreprocessConfig(
        sources=[
            SourceConfig(name="corpus", inputs=["junk.jsonl"], encoding="utf-8", filters=FiltersConfig(**NO_FILTERS))
        ],
        duplicates=DuplicatesConfig(**NO_DUPLICATES),
        tokenizer=str(tokenizer_folder),
        output="out",
        on_error="quarantine",
        threads=1,
    )
    counts = preprocess(config, tmp_path, replace=True).to_json()["documents"]
    assert counts["in"] == 1 + sum(1 for line in lines if line.strip(b" \t\n\r\x0c"))
    assert counts["in"] == counts["out"] + counts["dropped"] + counts["quarantined"]
    assert len(ncvc.IndexedDataset.open(tmp_path / "out/corpus")) == counts["out"]
