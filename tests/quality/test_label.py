"""Labels by models behind an address and in folders, and their agreement."""

import errno
import json
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import zstandard
from sklearn.metrics import cohen_kappa_score

from ncvc.demo.stand_in import RULES
from ncvc.errors import InputError, NcvcError
from ncvc.evaluate.engine import Answer, Prompt, Settings
from ncvc.evaluate.models import find_models
from ncvc.evaluate.server import ServerEngine
from ncvc.quality.agreement import agreement
from ncvc.quality.documents import Document, draw, find_inputs, read_documents
from ncvc.quality.label import LabelFolder, Labelling, LabelRecord, label
from ncvc.quality.prompt import PROMPT, messages, read_label
from ncvc.record_log import InMemoryLog
from tests.quality.conftest import write_documents


def rows_of(folder: Path) -> list[dict[str, Any]]:
    with zstandard.open(folder / "labels.jsonl.zst", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("高", "高"),
        ("低", "低"),
        (" ’高’\n", "高"),
        ("「低」。", "低"),
        ("高品質", None),
        ("高または低", None),
        ("高\n低", None),
        ("high", None),
        ("", None),
        ("回答: 高", None),
    ],
)
def test_an_answer_is_one_of_two_or_left_out(answer: str, expected: str | None) -> None:
    assert read_label(answer) == expected


def test_the_prompt_is_the_papers(shared: Path) -> None:
    assert PROMPT in (shared.parent / "paper/FACTS.md").read_text(encoding="utf-8")


def test_a_labeller_sees_spaces_and_the_beginning() -> None:
    system, user = messages("体温▁37.8℃。" * 3, 10)
    assert (system.content, user.content) == (PROMPT, "体温 37.8℃。体")


def test_kappa_is_scikit_learns() -> None:
    pick = random.Random(3)
    for _ in range(30):
        pairs = [(pick.choice("高低"), pick.choice("高高低")) for _ in range(pick.randint(2, 60))]
        found = agreement([*pairs, ("高", None), (None, "低"), (None, None)])  # type: ignore[list-item]
        one, other = zip(*pairs, strict=True)
        if len({*one, *other}) == 1:
            assert found.kappa is None
        else:
            assert found.kappa == pytest.approx(cohen_kappa_score(one, other))
        assert (found.documents, found.equal) == (len(pairs), sum(a == b for a, b in pairs))


def test_a_sample_depends_on_texts_and_seed_alone() -> None:
    documents = [Document(f"文書{number}") for number in range(500)]
    drawn = draw(documents, 50, seed=1)
    assert draw([*reversed(documents), *documents], 50, seed=1) == drawn
    assert len({document.id for document in drawn}) == 50
    # The first of a larger sample, and another one with another seed.
    assert draw(documents, 80, seed=1)[:50] == drawn
    assert draw(documents, 50, seed=2) != drawn
    assert len(draw(documents, 1000, seed=1)) == 500
    # Every document is drawn about as often: 500 · 50 / 500 times, give or take five deviations.
    often = [0] * 500
    for seed in range(500):
        for document in draw(documents, 50, seed):
            often[int(document.text.removeprefix("文書"))] += 1
    assert min(often) > 50 - 34
    assert max(often) < 50 + 34


def test_labels_are_the_models_and_other_answers_are_counted(address: str, tmp_path: Path) -> None:
    texts = write_documents(tmp_path / "in.jsonl", 40)
    trouble = "ERRORを含む文書である。"
    with (tmp_path / "in.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"text": trouble}, ensure_ascii=False) + "\n")
    labellers = find_models([f"{address}#rule", f"{address}#strict"])
    summary = label(Labelling(find_inputs([str(tmp_path / "in.jsonl")]), labellers), tmp_path / "labels")
    rule = RULES["rule"].label
    expected = {text: rule(text.replace("▁", " ")) for text in texts}
    found = {row["text"]: row["label"] for row in rows_of(tmp_path / "labels")}
    assert found == {**expected, trouble: None}
    assert set(expected.values()) == {"高", "低"}
    counts = summary["labellers"]["rule"]
    assert (counts["高"], counts["低"], counts["left_out"]) == (
        sum(value == "高" for value in expected.values()),
        sum(value == "低" for value in expected.values()),
        1,
    )
    strict = [RULES["strict"].label(text.replace("▁", " ")) for text in texts]
    [pair] = summary["agreement"]
    assert pair["documents"] == 40
    assert pair["kappa"] == pytest.approx(cohen_kappa_score(list(expected.values()), strict))


def test_a_stopped_labelling_asks_only_for_what_is_missing(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_documents(tmp_path / "in.jsonl", 40)
    labelling = Labelling(find_inputs([str(tmp_path / "in.jsonl")]), find_models([f"{address}#rule"]))
    label(labelling, tmp_path / "whole")
    asked: list[str] = []
    answer = ServerEngine.answer

    def once(self: ServerEngine, prompts: Sequence[Prompt], batch_size: int) -> list[Answer]:
        if len(asked) >= 16:
            raise KeyboardInterrupt
        asked.extend(prompt.text for prompt in prompts)
        return answer(self, prompts, batch_size)

    monkeypatch.setattr(ServerEngine, "answer", once)
    with pytest.raises(KeyboardInterrupt):
        label(labelling, tmp_path / "labels")
    log = tmp_path / ".labels.partial/answers/00.jsonl"
    # A crash cut the last line off.
    log.write_bytes(log.read_bytes()[:-5])

    def rest(self: ServerEngine, prompts: Sequence[Prompt], batch_size: int) -> list[Answer]:
        asked.extend(prompt.text for prompt in prompts)
        return answer(self, prompts, batch_size)

    monkeypatch.setattr(ServerEngine, "answer", rest)
    label(labelling, tmp_path / "labels")
    assert len(asked) == 41
    assert len(set(asked)) == 40
    assert (tmp_path / "labels/labels.jsonl.zst").read_bytes() == (tmp_path / "whole/labels.jsonl.zst").read_bytes()
    with pytest.raises(NcvcError, match="--force"):
        label(labelling, tmp_path / "labels")


def test_other_settings_do_not_go_on(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_documents(tmp_path / "in.jsonl", 20)
    inputs, models = find_inputs([str(tmp_path / "in.jsonl")]), find_models([f"{address}#rule"])

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ServerEngine, "answer", stop)
        with pytest.raises(KeyboardInterrupt):
            label(Labelling(inputs, models), tmp_path / "labels")
    with pytest.raises(NcvcError, match="seed was 42 and is 7"):
        label(Labelling(inputs, models, seed=7), tmp_path / "labels")
    assert label(Labelling(inputs, models, seed=7), tmp_path / "labels", restart=True)["documents"] == 20


def test_a_folder_labels_too(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "咳。"}\n{"text": "熱。"}\n', encoding="utf-8")
    settings = Settings(form="plain", max_new_tokens=2)
    inputs = find_inputs([str(tmp_path / "in.jsonl")])
    labelling = Labelling(inputs, find_models([str(model_folder)]), runs=2, settings=settings)
    summary = label(labelling, tmp_path / "labels")
    # The prompt is longer than this model, which gives no label; its runs are told apart.
    assert [counts["left_out"] for counts in summary["labellers"].values()] == [2, 2]
    assert summary["agreement"][0]["documents"] == 0


@pytest.mark.parametrize("line", ["not json", "[]", '{"body": "x"}', '{"text": 3}'])
def test_bad_lines_are_named(line: str, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "咳。"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"in\.jsonl:2: is no JSON object with a text in 'text'"):
        list(read_documents([tmp_path / "in.jsonl"]))


def test_other_formats_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("咳。", encoding="utf-8")
    with pytest.raises(NcvcError, match="not JSON lines"):
        find_inputs([str(tmp_path / "in.txt")])


@pytest.fixture
def stopped(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Labelling, Path]:
    """A labelling of 40 documents that was stopped after 16, and its log."""
    write_documents(tmp_path / "in.jsonl", 40)
    labelling = Labelling(find_inputs([str(tmp_path / "in.jsonl")]), find_models([f"{address}#rule"]))
    answer, asked = ServerEngine.answer, 0

    def some(self: ServerEngine, prompts: Sequence[Prompt], batch_size: int) -> list[Answer]:
        nonlocal asked
        asked += len(prompts)
        if asked > 16:
            raise KeyboardInterrupt
        return answer(self, prompts, batch_size)

    with monkeypatch.context() as patched:
        patched.setattr(ServerEngine, "answer", some)
        with pytest.raises(KeyboardInterrupt):
            label(labelling, tmp_path / "labels")
    log = tmp_path / ".labels.partial/answers/00.jsonl"
    assert log.read_bytes().count(b"\n") == 16
    return labelling, log


@pytest.mark.parametrize("at", [3, 15], ids=["middle", "last"])
def test_a_damaged_answer_is_named_and_none_is_lost(stopped: tuple[Labelling, Path], at: int) -> None:
    labelling, log = stopped
    lines = log.read_bytes().split(b"\n")
    damaged = b"\n".join([*lines[:at], b"\0" * len(lines[at]), *lines[at + 1 :]])
    log.write_bytes(damaged)
    with pytest.raises(NcvcError, match=rf"00\.jsonl:{at + 1}: damaged.*; nothing was changed; restore the file, or"):
        label(labelling, log.parents[2] / "labels")
    assert log.read_bytes() == damaged
    # As the message advises: without the line it goes on, and asks for that one answer again.
    log.write_bytes(b"\n".join([*lines[:at], *lines[at + 1 :]]))
    assert label(labelling, log.parents[2] / "labels")["documents"] == 40


def test_a_full_disk_stops_a_labelling_at_a_whole_line(
    stopped: tuple[Labelling, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    labelling, log = stopped
    before = log.read_bytes()

    def half(descriptor: int, data: bytes) -> int:
        if os.fstat(descriptor).st_size > len(before):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return os.pwrite(descriptor, data[:7], len(before))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", half)
        with pytest.raises(NcvcError, match=r"00\.jsonl: No space left on device; every answer in it is kept; free"):
            label(labelling, log.parents[2] / "labels")
    assert log.read_bytes() == before
    assert label(labelling, log.parents[2] / "labels")["documents"] == 40


def test_two_labellings_at_once(stopped: tuple[Labelling, Path]) -> None:
    labelling, log = stopped
    before = log.read_bytes()
    with LabelFolder(log.parents[2] / "labels"), pytest.raises(NcvcError, match="another ncvc is writing it"):
        label(labelling, log.parents[2] / "labels")
    with (
        InMemoryLog(log, LabelRecord),
        pytest.raises(NcvcError, match=r"00\.jsonl: another ncvc is writing it; wait for that one"),
    ):
        label(labelling, log.parents[2] / "labels")
    assert log.read_bytes() == before
