"""Prepared benchmarks: rows, prompts, splits and leakage, of made-up checkouts and of the real ones where they are."""

import json
from collections import Counter
from pathlib import Path

import pytest

from ncvc.data import igakuqa, jmed_llm
from ncvc.data.prepare import find_prepared, prepare_igakuqa, prepare_jmed_llm
from ncvc.data.rows import read_demonstrations, read_rows
from ncvc.errors import InputError, NcvcError
from ncvc.manifest import verify
from tests.benchmarks import CHOICES, TEST_ROWS, write_igakuqa, write_jmed_llm
from tests.conftest import run_ncvc


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_jmed_llm(tmp_path_factory.mktemp("jmed"))


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_igakuqa(tmp_path_factory.mktemp("igakuqa"))


def test_training_rows_are_all_but_the_test_rows(checkout: Path, tmp_path: Path) -> None:
    prepared = prepare_jmed_llm(checkout, tmp_path / "out")
    assert prepared.train == 8 * TEST_ROWS
    assert set(prepared.test.values()) == {TEST_ROWS}
    train, test = (list(read_rows(tmp_path / "out" / name)) for name in ("train.jsonl", "test.jsonl"))
    assert Counter(row.task for row in train) == Counter(row.task for row in test)
    asked = {row.question for row in test}
    assert not asked & {row.question for row in train}
    assert all(
        counts == {"test": 4, "train": 4, "document": 1, "document_any": 1, "question": 0}
        for counts in prepared.leakage.values()
    )
    assert [row.document_in_train for row in test if row.task == "smdis"] == [True, False, False, False]
    assert list(verify(tmp_path / "out")) == []
    assert len({row.id for row in [*train, *test]}) == 16 * TEST_ROWS
    licences = {row.task: row.licence for row in test}
    assert licences["nrner"] == licences["jcsts"] == "CC-BY-NC-SA-4.0"


def test_prompts_are_worded_as_the_benchmark_words_them(checkout: Path) -> None:
    _, test, _ = jmed_llm.read(checkout)
    row = next(row for row in test if row.task == "rrtnm" and row.source.row == 1)
    assert row.messages[0].content == (
        "与えられた医学に関する質問と選択肢から、最も適切な回答を選択してください。なお、回答には選択肢のアルファベット（例：A）のみを"
        "含め、他には何も含めないことを厳守してください。"
    )
    assert row.messages[1].content == (
        "質問: 問1の正しい答えは？\n「rrtnmの症例1。発熱が続いた。\nその後軽快した。」\n選択肢:\nA. 選択肢A1\nB. 選択肢B1\nC. 選択肢C1\n"
    )
    assert (row.gold, row.answer, list(row.choices)) == (("B",), "B", ["A", "B", "C"])
    entities = next(row for row in test if row.task == "mrner_medicine" and row.source.row == 2)
    assert entities.question.startswith("m-keyの表現2は？\n")
    assert (entities.gold, entities.answer) == (("発熱2", "咳", "Ｓ－１"), "['発熱2', '咳', 'Ｓ－１']")


def test_problems_of_the_exam(exam: Path, tmp_path: Path) -> None:
    prepared = prepare_igakuqa(exam, tmp_path / "out")
    assert prepared.test == {"igakuqa_2018": 6, "igakuqa_2019": 6}
    first, second, third, *_ = rows = list(read_rows(tmp_path / "out/test.jsonl"))
    assert first.question == (
        "問題: 問題0について正しいのはどれか。\na: 選択肢0-0\nb: 選択肢0-1\nc: 選択肢0-2\nd: 選択肢0-3\ne: 選択肢0-4\n"
        "必ずa,b,c,d,eの中からちょうど1個選んでください。\n答え:"
    )
    assert (second.answer, second.exam.points, second.subject) == ("a,b", 3, "循環器")
    assert third.question == "問題: 問題2について正しいのはどれか。"
    assert (first.exam.problem, first.exam.forbidden, first.exam.required) == ("112A1", ("d", "e"), False)
    assert [row.exam.required for row in rows] == [False] * 3 + [True] * 3 + [False] * 3 + [True] * 3
    turns = read_demonstrations(tmp_path / "out")
    assert [turn.role for turn in turns] == ["user", "assistant"] * 2
    assert [turn.content for turn in turns[1::2]] == ["c", "a,b"]
    assert turns[0].content.endswith("答え:")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "datasets/all/SMDIS.csv").unlink(), "SMDIS.csv: missing"),
        (lambda folder: (folder / "datasets/smdis.csv").write_text("a,b\n1,2\n"), "smdis.csv:1: no columns"),
        (
            lambda folder: _append(folder / "datasets/smdis.csv", "肺,一行,甲,乙,A\n"),
            "smdis.csv:14: this row is not in",
        ),
        (lambda folder: _append(folder / "datasets/all/SMDIS.csv", "肺,一行\n"), "not a whole row"),
        (lambda folder: _append(folder / "datasets/all/SMDIS.csv", "肺,一行,甲,乙,F\n"), "none of its options"),
        (lambda folder: _append(folder / "datasets/all/NRNER.csv", "d,一行,__import__('os')\n"), "no list of texts"),
    ],
)
def test_a_damaged_checkout_is_refused(change: object, message: str, tmp_path: Path) -> None:
    folder = write_jmed_llm(tmp_path / "in")
    change(folder)  # type: ignore[operator]
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        prepare_jmed_llm(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def test_folders_of_something_else_are_refused(tmp_path: Path, exam: Path) -> None:
    with pytest.raises(InputError, match="no JMED-LLM"):
        prepare_jmed_llm(exam, tmp_path / "out")
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match="no IgakuQA"):
        prepare_igakuqa(tmp_path / "b", tmp_path / "out")
    with pytest.raises(NcvcError, match="no prepared igakuqa"):
        find_prepared(tmp_path, "igakuqa")
    prepare_igakuqa(exam, tmp_path / "b/any-name")
    assert find_prepared(tmp_path / "b", "igakuqa") == find_prepared(tmp_path / "b/any-name", "igakuqa")
    with pytest.raises(NcvcError, match="--force"):
        prepare_igakuqa(exam, tmp_path / "b/any-name")


def test_commands(checkout: Path, exam: Path, tmp_path: Path) -> None:
    done = run_ncvc("data", "jmed-llm", checkout, tmp_path / "b/jmed-llm")
    assert "32 test rows of 8 tasks, 32 training rows" in done.stdout
    assert "smdis: 4 to train; 1 of 4 test documents are in them" in done.stdout
    done = run_ncvc("data", "igakuqa", exam, tmp_path / "b/igakuqa", "--json")
    assert json.loads(done.stdout)["demonstrations"] == 2
    assert "32 good rows (32 messages)" in run_ncvc("data", "check", tmp_path / "b/jmed-llm/train.jsonl").stdout


def test_counts_of_the_real_benchmarks(shared: Path, tmp_path: Path) -> None:
    if not (shared / "jmed-llm").is_dir():
        pytest.skip("the benchmarks are not here")
    prepared = prepare_jmed_llm(shared / "jmed-llm", tmp_path / "jmed")
    assert prepared.train == 22_741
    assert set(prepared.test.values()) == {100}
    found = {task: counts["document"] for task, counts in prepared.leakage.items()}
    expected = {"crade": 100, "smdis": 100, "rrtnm": 94, "nrner": 63, "mrner_medicine": 8}
    assert found == expected | dict.fromkeys(("jmmlu_med", "jcsts", "mrner_disease"), 0)
    exam = prepare_igakuqa(shared / "igakuqa", tmp_path / "igakuqa")
    assert exam.test == {f"igakuqa_{year}": 400 for year in (2018, 2019, 2020, 2021)}
    points: Counter[str] = Counter()
    for row in read_rows(tmp_path / "igakuqa/test.jsonl"):
        points[row.task] += row.exam.points
    assert list(points.values()) == [499, 496, 496, 500]
    assert set(igakuqa.REQUIRED) == {"B", "E"}
    assert set(CHOICES) < set(found)
