"""A pass over large files in ranges gives what it gives over whole ones."""

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from ncvc.corpus import plan
from ncvc.corpus.config import PreprocessConfig
from ncvc.corpus.preprocess import preprocess
from ncvc.corpus.stages import Stages
from ncvc.errors import NcvcError
from tests.conftest import Recorder
from tests.corpus.run import NO_FILTERS, read_zst

SMALL = 2000
"""Bytes of a range in these tests."""


def documents(count: int) -> list[str]:
    """Texts without repetitions, and some with: in one range or in several."""
    random_ = random.Random(count)
    words = ["高血圧", "糖尿病", "喘息", "発熱", "咳嗽", "腹痛", "頭痛", "肺炎", "胃炎", "貧血"]
    texts = ["。\n".join("と".join(random_.sample(words, 4)) + f"{n}" for _ in range(3)) + "。" for n in range(count)]
    return [texts[random_.randrange(n)] if n % 9 == 8 else text for n, text in enumerate(texts)]


def json_lines(texts: list[str], ending: str = "\n") -> bytes:
    """JSON lines, some of them blank, broken or no objects."""
    lines = []
    for n, text in enumerate(texts):
        lines.append(json.dumps({"text": text, "n": n}, ensure_ascii=n % 2 == 0))
        lines += {10: [""], 20: ['{"text": "切れ'], 30: ["[1]"], 40: ["x" * 3000], 50: [" \t"]}.get(n % 60, [])
    return ending.join(lines).encode() + ending.encode() * (len(texts) % 2)


def frames(content: bytes, size: int) -> bytes:
    """Zstandard in frames of so many bytes of content, wherever they end."""
    return b"".join(zstandard.compress(content[at : at + size]) for at in range(0, len(content), size))


def paragraphs(texts: list[str], codec: str, ending: str = "\n") -> bytes:
    """Paragraphs with one blank line between them, or more."""
    parts = (text.replace("\n", ending) + ending * (2 + n % 3) for n, text in enumerate(texts))
    return "".join(parts).encode(codec)


TEXTS = documents(150)
FILES = {
    "lines": ("a.jsonl", json_lines(TEXTS)),
    "lines without a last line feed": ("a.jsonl", json_lines(TEXTS[:-1])),
    "lines behind a mark": ("a.jsonl", b"\xef\xbb\xbf" + json_lines(TEXTS)),
    "lines of Windows": ("a.jsonl", json_lines(TEXTS, "\r\n")),
    "lines of old Macs": ("a.jsonl", json_lines(TEXTS, "\r")),
    "lines and damage": ("a.jsonl", json_lines(TEXTS).replace("胃炎".encode(), "胃炎".encode()[:4])),
    "frames": ("a.jsonl.zst", frames(json_lines(TEXTS), 3000)),
    "frames of lines": ("a.jsonl.zst", b"".join(map(zstandard.compress, json_lines(TEXTS).splitlines(keepends=True)))),
    "paragraphs": ("a.txt", paragraphs(TEXTS, "utf-8")),
    "paragraphs of Windows": ("a.txt", paragraphs(TEXTS, "utf-8", "\r\n")),
    "paragraphs in Shift_JIS": ("a.txt", paragraphs(TEXTS, "cp932")),
    "paragraphs in EUC-JP": ("a.txt", paragraphs(TEXTS, "euc_jp")),
    "paragraphs in frames": ("a.txt.zst", frames(paragraphs(TEXTS, "utf-8"), 1000)),
}
WHOLE = {
    "an array": ("a.jsonl", json.dumps([{"text": text} for text in TEXTS]).encode(), "not lines"),
    "UTF-16": ("a.txt", paragraphs(TEXTS, "utf-16"), "an encoding"),
    "ISO-2022-JP": ("a.txt", paragraphs(TEXTS, "iso2022_jp"), "an encoding"),
    "gzip": ("a.jsonl.gz", gzip.compress(random.Random(0).randbytes(6000).hex().encode() + b"\n"), "Zstandard"),
    "one frame": ("a.jsonl.zst", zstandard.compress(json_lines(documents(800))), "Zstandard"),
}


@pytest.fixture
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "SMALLEST_RANGE", SMALL)


def config(folder: Path, name: str, output: str, **changes: Any) -> PreprocessConfig:
    source = {"name": "corpus", "inputs": [name], "filters": NO_FILTERS}
    if ".txt" in name:
        source["format"] = "paragraphs"
    values = {"sources": [source], "output": output, "on_error": "quarantine", "part_bytes": 1, "longest_line": 2000}
    return PreprocessConfig.model_validate(values | changes)


def run(folder: Path, name: str, output: str, said: list[str] | None = None, **changes: Any) -> Any:
    preprocess(
        config(folder, name, output, **changes), folder, to="text", reporter=Recorder([] if said is None else said)
    )
    return outputs(folder / output)


def outputs(folder: Path) -> Any:
    """Returns the content of an output, without how it is packed and what tells the time."""
    packed = {str(path.relative_to(folder)): read_zst(path) for path in folder.rglob("*.zst")}
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return (
        packed,
        (folder / "quarantine.jsonl").read_text(encoding="utf-8").splitlines(),
        json.loads((folder / "summary.json").read_text(encoding="utf-8")),
        manifest["inputs"],
        {name: value for name, value in report.items() if name not in ("stages", "config")},
    )


@pytest.mark.parametrize("name", FILES)
def test_ranges_give_what_whole_files_give(
    tmp_path: Path, name: str, small_ranges: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, content = FILES[name]
    (tmp_path / file).write_bytes(content)
    (tmp_path / ("0" + file)).write_bytes(content[:SMALL])  # a small one before it
    said: list[str] = []
    found = run(tmp_path, f"*{file}", "ranges", said)
    assert len(plan.make_plan(config(tmp_path, file, "x"), tmp_path, "text").tasks) > 1
    assert said == []
    assert run(tmp_path, f"*{file}", "two", threads=2) == found
    monkeypatch.setattr(plan, "SMALLEST_RANGE", 2**30)
    assert run(tmp_path, f"*{file}", "whole") == found
    assert found[2]["documents"]["in"] > 100


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_not_split_is_said(
    tmp_path: Path, name: str, small_ranges: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, content, why = WHOLE[name]
    (tmp_path / file).write_bytes(content)
    assert len(content) > 2 * SMALL
    said: list[str] = []
    found = run(tmp_path, file, "ranges", said, longest_line=2**20)
    assert len(said) == 1
    assert said[0].startswith(f"{tmp_path / file}: read by one reader, as ")
    assert why in said[0]
    monkeypatch.setattr(plan, "SMALLEST_RANGE", 2**30)
    assert run(tmp_path, file, "whole", said, longest_line=2**20) == found
    assert len(said) == 1


def test_the_places_of_documents_are_those_of_the_file(tmp_path: Path, small_ranges: None) -> None:
    content = json_lines(TEXTS)
    (tmp_path / "a.jsonl").write_bytes(content)
    kept, quarantined, *_ = run(tmp_path, "a.jsonl", "out", duplicates={"documents": True, "sentences": False})
    lines = content.decode().split("\n")
    seen: dict[str, int] = {}
    first = {}
    bad = []
    for number, line in enumerate(lines, 1):
        if line.strip() == "":
            continue
        if not line.startswith("{") or not line.endswith("}"):
            bad.append(number)
            continue
        text = json.loads(line)["text"]
        if text in seen:
            first[number] = seen[text]
        seen.setdefault(text, number)
    assert [json.loads(row)["line"] for row in quarantined] == bad
    dropped = kept["dropped/duplicate_document.jsonl.zst"]
    assert {row["line"]: row["first"]["line"] for row in dropped} == first
    assert [row["text"] for row in kept["corpus.jsonl.zst"]] == list(seen)


class StoppedError(Exception):
    """Stands for a kill."""


def before_task(number: int, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Lets a pass do something before its task of this number."""
    prepare = Stages.prepare

    def acting(stages: Stages, task: plan.Task, progress: Any = None) -> None:
        if task.number == number:
            act()
        prepare(stages, task, progress)

    monkeypatch.setattr(Stages, "prepare", acting)


def stop_after(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a pass end before its task of this number."""

    def stop() -> None:
        raise StoppedError

    before_task(count, monkeypatch, stop)


def run_stopped_after(count: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs the pass over a.jsonl until it is stopped there."""
    with monkeypatch.context() as patch:
        stop_after(count, patch)
        with pytest.raises(StoppedError):
            run(folder, "a.jsonl", "out")


def test_a_run_that_was_stopped_goes_on_or_sees_the_change(
    tmp_path: Path, small_ranges: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = json_lines(TEXTS)
    (tmp_path / "a.jsonl").write_bytes(content)
    expected = run(tmp_path, "a.jsonl", "whole")
    run_stopped_after(3, tmp_path, monkeypatch)
    for changed in (content[:-1] + b" ", content + b"\n"):
        (tmp_path / "a.jsonl").write_bytes(changed)
        with pytest.raises(NcvcError, match="changed since this run was begun"):
            run(tmp_path, "a.jsonl", "out")
    (tmp_path / "a.jsonl").write_bytes(content)
    assert run(tmp_path, "a.jsonl", "out") == expected


def test_a_change_behind_the_back_of_a_run_is_seen(
    tmp_path: Path, small_ranges: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = json_lines(TEXTS)
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    before_task(3, monkeypatch, lambda: path.write_bytes(content[:-20] + b"x" * 20))
    with pytest.raises(NcvcError, match="changed since this run was begun"):
        run(tmp_path, "a.jsonl", "out")


def test_a_file_that_could_not_be_read_to_be_split_is_split_once_it_can(
    tmp_path: Path, small_ranges: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = json_lines(TEXTS)
    (tmp_path / "a.jsonl").write_bytes(content)
    expected = run(tmp_path, "a.jsonl", "whole")
    tasks = plan.make_plan(config(tmp_path, "a.jsonl", "out"), tmp_path, "text").tasks
    with monkeypatch.context() as patch:
        patch.setattr("ncvc._native.split_file", lambda *_: '{"whole": "unreadable"}')
        stop_after(len(tasks) - 1, patch)
        with pytest.raises(StoppedError):
            run(tmp_path, "a.jsonl", "out")
    prepared = tmp_path / ".out.partial/prepared"
    assert {part.name[:6] for part in prepared.glob("0*-*")} == {"000000"}
    assert run(tmp_path, "a.jsonl", "out") == expected


def test_a_file_that_becomes_unreadable_between_ranges_is_set_aside_once(
    tmp_path: Path, small_ranges: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, kept = tmp_path / "a.jsonl", tmp_path / "kept"
    kept.write_bytes(json_lines(TEXTS))
    path.write_bytes(kept.read_bytes())
    expected = run(tmp_path, "a.jsonl", "whole")

    def lose() -> None:
        path.unlink()
        path.symlink_to("/proc/self/mem")  # which opens, and cannot be read

    with monkeypatch.context() as patch:
        before_task(3, patch, lose)
        _, rows, summary, inputs, _ = run(tmp_path, "a.jsonl", "out")
    assert len(plan.make_plan(config(tmp_path, "a.jsonl", "x"), tmp_path, "text").tasks) == 1  # of what is there now
    assert [row["file"] for row in map(json.loads, rows) if row["reason"] == "unreadable_file"] == [str(path)]
    assert summary["reasons"]["unreadable_file"] == summary["sources"][0]["reasons"]["unreadable_file"] == 1
    assert inputs == {str(path): None}
    path.unlink()
    path.write_bytes(kept.read_bytes())
    assert run(tmp_path, "a.jsonl", "out") == expected


def test_a_file_that_goes_between_ranges_stops_the_pass_on_one_machine(
    tmp_path: Path, small_ranges: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, kept = tmp_path / "a.jsonl", tmp_path / "kept"
    path.write_bytes(json_lines(TEXTS))
    expected = run(tmp_path, "a.jsonl", "whole")
    with monkeypatch.context() as patch:
        before_task(3, patch, lambda: path.rename(kept))
        with pytest.raises(NcvcError, match=r"a\.jsonl: cannot be opened any more, .*; put it back, and start again$"):
            run(tmp_path, "a.jsonl", "out")
    kept.rename(path)
    assert run(tmp_path, "a.jsonl", "out") == expected


def test_ranges_that_are_found_again_are_of_the_same_file(
    tmp_path: Path, small_ranges: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = json_lines(TEXTS)
    (tmp_path / "a.jsonl").write_bytes(content)
    expected = run(tmp_path, "a.jsonl", "whole")
    run_stopped_after(3, tmp_path, monkeypatch)
    (tmp_path / ".out.partial/prepared/000000.split").unlink()
    (tmp_path / "a.jsonl").write_bytes(content[:-20] + b"x" * 20)
    with pytest.raises(NcvcError, match="changed since this run was begun"):
        run(tmp_path, "a.jsonl", "out")
    (tmp_path / "a.jsonl").write_bytes(content)
    assert run(tmp_path, "a.jsonl", "out") == expected
