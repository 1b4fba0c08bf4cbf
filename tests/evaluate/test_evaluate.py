"""Whole evaluations of tiny random models: answers, likelihoods, resumption, refusals."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from ncvc.data.rows import read_rows
from ncvc.engines.huggingface import TransformersEngine
from ncvc.errors import ModelFolderError, NcvcError
from ncvc.evaluate.answers import AnswerLog, AnswerRecord, EvaluationFolder
from ncvc.evaluate.ask import ask_all
from ncvc.evaluate.local import LocalEngine
from ncvc.evaluate.models import find_models
from ncvc.evaluate.plan import Plan, read_suites
from ncvc.evaluate.run import evaluate
from ncvc.hf.load import load
from ncvc.manifest import own_manifest, verify
from ncvc.progress import Progress
from tests.conftest import run_ncvc
from tests.evaluate.conftest import LENGTH, plan_of, write_model


def answers(folder: Path) -> dict[str, dict[str, object]]:
    """Lines of a model's answers by their ids."""
    lines = [line for path in folder.glob("*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["id"]: row for row in map(json.loads, lines)}


def test_everything_that_was_asked_and_said_is_kept(evaluated: Path, benchmarks: Path) -> None:
    for model in ("plain", "chat"):
        found = answers(evaluated / "answers" / model)
        rows = [row for suite in ("jmed-llm", "igakuqa") for row in read_rows(benchmarks / suite / "test.jsonl")]
        assert found.keys() == {row.id for row in rows}
        for row in rows:
            said = found[row.id]
            assert row.messages[-1].content in str(said["prompt"])
            assert said["verdict"] in ("right", "wrong", "unparseable")
            assert said["gold"] == list(row.gold)
            assert (said["letters"] is None) == (not row.choices)
            assert said["is_chat"] == (model == "chat")
    assert list(verify(evaluated)) == []
    assert own_manifest(evaluated)["suites"]["igakuqa"]["shots"] == 2


def test_prompts_are_worded_as_the_scripts_word_them(evaluated: Path) -> None:
    plain, chat = (answers(evaluated / "answers" / model) for model in ("plain", "chat"))
    exam = plain["igakuqa/112A1"]["prompt"]
    assert str(exam).startswith("問題: 問題0について")
    assert str(exam).count("答え:") == 3
    assert "答え:\nc\n問題: " in str(exam)
    asked = str(plain["jmed-llm/smdis/test/smdis/0"]["prompt"])
    assert asked.startswith("与えられた医学に関する質問と選択肢から")
    assert "厳守してください。\n\n質問: 問0" in asked
    assert asked.endswith("B. 選択肢B0\n")
    turns = str(chat["igakuqa/112A1"]["prompt"])
    assert turns.startswith("<s>system\n医師国家試験を解きます。\n<s>user\n問題: ")
    assert turns.endswith("答え:\n<s>assistant\n")
    assert turns.count("<s>") == 7


@torch.inference_mode()
def test_batches_answer_as_plain_forward_passes_of_one_prompt_do(evaluated: Path, plain_model: Path) -> None:
    lm = load(plain_model)
    for said in list(answers(evaluated / "answers/plain").values())[::5]:
        ids = lm.tokenizer.begin(lm.tokenizer.encode(str(said["prompt"])))
        start = len(ids)
        while len(ids) - start < 12 and (len(ids) == start or ids[-1] not in lm.tokenizer.end_ids):
            ids.append(int(lm.model(torch.tensor([ids])).logits[0, -1].argmax()))
        text = lm.tokenizer.decode([token for token in ids[start:] if token not in lm.tokenizer.end_ids])
        expected = text.partition("\n")[0] if str(said["id"]).startswith("igakuqa") else text
        assert said["answer"] == expected


@torch.inference_mode()
def test_likelihoods_are_those_of_plain_forward_passes(evaluated: Path, chat_model: Path) -> None:
    lm = load(chat_model)
    for said in list(answers(evaluated / "answers/chat").values())[::7]:
        context = lm.tokenizer.encode(str(said["prompt"]))  # `<s>` in it is a special token
        for label, (logprob, characters) in (said["texts"] or {}).items():  # type: ignore[attr-defined]
            text = next(
                line
                for line in str(said["prompt"]).split("<s>")[-2].splitlines()
                if line.startswith((f"{label}. ", f"{label}: "))
            )[3:]
            after = lm.tokenizer.encode(text)
            logits = lm.model(torch.tensor([[*context, *after]])).logits[0].log_softmax(-1)
            expected = sum(logits[len(context) - 1 + i, token].item() for i, token in enumerate(after))
            assert logprob == pytest.approx(expected, abs=1e-3)
            assert characters == len(text)


def test_answers_do_not_depend_on_the_batch_size(
    evaluated: Path, plain_model: Path, benchmarks: Path, tmp_path: Path
) -> None:
    evaluate(plan_of([plain_model], benchmarks, likelihood="none", limit=2), tmp_path / "out", batch_size=1)
    one_by_one, batches = (answers(folder / "answers/plain") for folder in (tmp_path / "out", evaluated))
    assert len(one_by_one) == 20
    assert all(batches[name]["answer"] == said["answer"] for name, said in one_by_one.items())


def test_a_prompt_that_is_too_long_is_an_answer_of_its_own_kind(benchmarks: Path, tmp_path: Path) -> None:
    suites = read_suites(["jmed-llm"], [benchmarks], limit=1)
    long = suites[0].rows[0].messages[-1].model_copy(update={"content": "長" * LENGTH})
    rows = (
        suites[0].rows[0].model_copy(update={"messages": (suites[0].rows[0].messages[0], long)}),
        *suites[0].rows[1:],
    )
    object.__setattr__(suites[0], "rows", rows)
    engine = LocalEngine(write_model(tmp_path / "m"), plan_of([], benchmarks).settings)
    plan = Plan([], suites, plan_of([], benchmarks).settings, "texts")
    with AnswerLog(tmp_path / "log.jsonl") as log:
        ask_all(plan, engine, log, 4, Progress())
        assert log.records[rows[0].id].finish == "too long"
        assert log.records[rows[0].id].texts is None
        assert log.records[rows[1].id].texts is not None


def test_killed_and_started_again_it_goes_on(
    evaluated: Path, plain_model: Path, chat_model: Path, benchmarks: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = [plain_model, chat_model, "--data", benchmarks, "-o", out, "--max-new-tokens", 12, "--batch-size", 2]
    command = [sys.executable, "-m", "ncvc", "evaluate", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    log = tmp_path / ".out.partial/answers/plain.jsonl"
    while not (log.exists() and log.read_bytes().count(b"\n") >= 6):
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = log.read_bytes()
    marked = [json.loads(line) for line in kept.splitlines(keepends=True) if line.endswith(b"\n")]
    marked[0]["answer"] = "これは前の回答"  # it would not come a second time
    lines = [json.dumps(row, ensure_ascii=False) for row in marked]
    log.write_text("\n".join(lines) + '\n{"id": "cut o', encoding="utf-8")
    differs = run_ncvc("evaluate", *arguments[:-3], 13, ok=False)
    assert "max_new_tokens was 12 and is 13; set it back to go on, or begin anew with --restart" in differs.stderr
    run_ncvc("evaluate", *arguments)
    again, before = (answers(folder / "answers/plain") for folder in (out, evaluated))
    assert again[marked[0]["id"]]["answer"] == "これは前の回答"
    assert {name: row["answer"] for name, row in again.items() if name != marked[0]["id"]} == {
        name: row["answer"] for name, row in before.items() if name != marked[0]["id"]
    }
    assert not log.parent.parent.exists()
    again, before = (answers(folder / "answers/chat") for folder in (out, evaluated))
    assert {name: row["answer"] for name, row in again.items()} == {name: row["answer"] for name, row in before.items()}


def test_a_log_keeps_whole_lines_only(tmp_path: Path) -> None:
    record = AnswerRecord(
        id="a", prompt="p", is_chat=False, answer="x\n", finish="length", tokens=2, texts={"A": (-1.5, 3)}
    )
    with AnswerLog(tmp_path / "log") as log:
        log.extend([record, record.model_copy(update={"id": "b"})])
    with (tmp_path / "log").open("ab") as file:
        file.write(b'{"id": "c"')
    with AnswerLog(tmp_path / "log") as log:
        assert log.records["a"] == record
        assert log.records.keys() == {"a", "b"}
        log.extend([record.model_copy(update={"id": "d"})])
    with AnswerLog(tmp_path / "log") as log:
        assert log.records.keys() == {"a", "b", "d"}


@pytest.fixture
def unfinished(plain_model: Path, benchmarks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of an evaluation that a full disk stopped at a whole line."""
    write, left = os.write, [8]

    def full(descriptor: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left[0] -= 1
        return write(descriptor, data if left[0] else data[:9])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(NcvcError, match=r"plain\.jsonl: No space left on device; every answer in it is kept; free"):
            evaluate(plan_of([plain_model], benchmarks, limit=2), tmp_path / "out")
    log = tmp_path / ".out.partial/answers/plain.jsonl"
    assert log.read_bytes().count(b"\n") == 7
    assert log.read_bytes().endswith(b"\n")
    return log


def test_after_a_full_disk_the_rest_is_asked(unfinished: Path, plain_model: Path, benchmarks: Path) -> None:
    kept = answers(unfinished.parent)
    out = unfinished.parents[2] / "out"
    evaluate(plan_of([plain_model], benchmarks, limit=2), out)
    found = answers(out / "answers/plain")
    assert len(found) == 20
    assert {name: row["answer"] for name, row in found.items() if name in kept} == {
        name: row["answer"] for name, row in kept.items()
    }


def test_a_damaged_answer_is_named_and_none_is_lost(unfinished: Path, plain_model: Path, benchmarks: Path) -> None:
    lines = unfinished.read_bytes().split(b"\n")
    unfinished.write_bytes(damaged := b"\n".join([*lines[:2], lines[2][:-9], *lines[3:]]))
    with pytest.raises(NcvcError, match=r"plain\.jsonl:3: damaged, with whole lines behind it; nothing was changed"):
        evaluate(plan_of([plain_model], benchmarks, limit=2), unfinished.parents[2] / "out")
    assert unfinished.read_bytes() == damaged


def test_two_evaluations_at_once(unfinished: Path, plain_model: Path, benchmarks: Path) -> None:
    out, before = unfinished.parents[2] / "out", unfinished.read_bytes()
    with EvaluationFolder(out), pytest.raises(NcvcError, match="another ncvc is writing it"):
        evaluate(plan_of([plain_model], benchmarks, limit=2), out)
    with AnswerLog(unfinished), pytest.raises(NcvcError, match=r"plain\.jsonl: another ncvc is writing it"):
        evaluate(plan_of([plain_model], benchmarks, limit=2), out)
    assert unfinished.read_bytes() == before


def test_what_cannot_be_measured_is_refused(plain_model: Path, benchmarks: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="no Hugging Face model"):
        find_models([str(benchmarks)])
    with pytest.raises(NcvcError, match="given twice"):
        find_models([str(plain_model), str(plain_model)])
    (tmp_path / "a.gguf").write_bytes(b"GGUF")
    with pytest.raises(NcvcError, match="not a whole GGUF file"):
        find_models([str(tmp_path / "a.gguf")])
    with pytest.raises(NcvcError, match="no prepared igakuqa"):
        read_suites(["igakuqa"], [benchmarks / "jmed-llm"])
    with pytest.raises(NcvcError, match="has 2 solved examples, not 3"):
        read_suites(["igakuqa"], [benchmarks], shots=3)
    with pytest.raises(ModelFolderError, match="no chat template"):
        LocalEngine(plain_model, plan_of([], benchmarks, form="chat").settings)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/a.txt").touch()
    with pytest.raises(NcvcError, match="not made by ncvc"):
        evaluate(plan_of([plain_model], benchmarks), tmp_path / "mine")
    shutil.copytree(plain_model, tmp_path / "x/plain")
    assert [model.name for model in find_models([str(plain_model), str(tmp_path / "x/plain")])] == [
        f"{plain_model.parent.name}/plain",
        "x/plain",
    ]


def test_a_template_without_a_system_turn_gets_its_text_before_the_question(benchmarks: Path, tmp_path: Path) -> None:
    template = (
        "{% for message in messages %}{% if message['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "{{ '<s>' + message['role'] + ': ' + message['content'] }}{% endfor %}"
    )
    engine = LocalEngine(write_model(tmp_path / "m", template=template), plan_of([], benchmarks).settings)
    [suite] = read_suites(["jmed-llm"], [benchmarks], limit=1)
    system, user = suite.rows[0].messages
    assert engine.word(suite.rows[0].messages, exam=False).text == f"<s>user: {system.content}\n\n{user.content}"


def test_files_of_llama_cpp_are_asked_by_an_engine_of_rows(
    evaluated: Path, plain_model: Path, benchmarks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With transformers in the place of llama.cpp, whose own tests need it installed."""

    class File:
        folder = None
        tokenizer, max_tokens = load(plain_model).tokenizer, LENGTH

        def chat_format(self) -> None:
            return None

        def load(self, *, slots: int) -> TransformersEngine:
            return TransformersEngine(load(plain_model), slots)

    monkeypatch.setattr("ncvc.evaluate.local.open_source", lambda _path: File())
    [suite] = read_suites(["jmed-llm"], [benchmarks], limit=2)
    engine = LocalEngine(Path("a.gguf"), plan_of([], benchmarks).settings, batch_size=3)
    prompts = [engine.word(suite.messages(row), exam=False) for row in suite.rows]
    expected = answers(evaluated / "answers/plain")
    said = dict(engine.answer(prompts, 3))
    assert [said[place].text for place in range(len(prompts))] == [expected[row.id]["answer"] for row in suite.rows]
    assert engine.weigh([(prompts[0], "A")], 3) == [None]
