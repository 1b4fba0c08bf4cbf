"""JMED-LLM (sociocom/JMED-LLM): eight tasks, 100 test rows each; the training rows are all others.

The prompts are the benchmark's own, word for word.
"""

import ast
import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ncvc.data.rows import Message, Row, Source
from ncvc.errors import InputError

SUITE = "jmed-llm"
LETTERS = "ABCDEF"
CHOICE_SYSTEM = (
    "与えられた医学に関する質問と選択肢から、最も適切な回答を選択してください。"
    "なお、回答には選択肢のアルファベット（例：A）のみを含め、他には何も含めないことを厳守してください。"
)
ENTITY_SYSTEM = (
    "与えられた医学に関する質問から、最も適切な回答をしてください。"
    "なお、回答にはPythonのリスト形式（例：['回答1', '回答2']）のみを含め、他には何も含めないことを厳守してください。"
)


@dataclass(frozen=True)
class Task:
    """A task, its test file, and the files of all its rows with the tags that belong to it."""

    name: str
    kind: Literal["choice", "entities"]
    licence: str
    all_rows: Mapping[str, frozenset[str] | None]
    """File below `all` without `.csv` → tags; None for every row."""
    linear: bool = False
    """True if kappa weighs by the distance of two answers."""


TASKS = (
    Task("jmmlu_med", "choice", "CC-BY-SA-4.0", {"JMMLU-Med": None}),
    Task("crade", "choice", "CC-BY-4.0", {"CRADE": None}, linear=True),
    Task("rrtnm", "choice", "CC-BY-4.0", {"RRTNM": None}),
    Task("smdis", "choice", "CC-BY-4.0", {"SMDIS": None}),
    Task("jcsts", "choice", "CC-BY-NC-SA-4.0", {"JCSTS": None}, linear=True),
    Task("mrner_disease", "entities", "CC-BY-4.0", {"CRNER": frozenset({"d"}), "RRNER": frozenset({"d"})}),
    Task("mrner_medicine", "entities", "CC-BY-4.0", {"CRNER": frozenset({"m-key", "m-val"})}),
    Task("nrner", "entities", "CC-BY-NC-SA-4.0", {"NRNER": None}),
)

Cells = dict[str, str]


def read(folder: Path) -> tuple[list[Row], list[Row], list[Path]]:
    """Reads a checkout: rows of the training and of the test split, and the files that were read.

    Raises `InputError` for a file that is missing or holds something else, and for a test row that is not among all
    rows: then the training split would be another one.
    """
    datasets = find_datasets(folder)
    train: list[Row] = []
    test: list[Row] = []
    for task in TASKS:
        asked = list(_read_csv(datasets / f"{task.name}.csv"))
        taken = Counter(_key(cells) for _, cells in asked)
        rest: list[Row] = []
        for name, tags in task.all_rows.items():
            path = datasets / "all" / f"{name}.csv"
            for number, (_, cells) in enumerate(_read_csv(path)):
                if tags is not None and cells.get("tag") not in tags:
                    continue
                if taken[_key(cells)]:
                    taken[_key(cells)] -= 1
                else:
                    rest.append(_row(task, "train", path, number, cells))
        if missing := next((key for key, count in taken.items() if count), None):
            line = next(line for line, cells in asked if _key(cells) == missing)
            raise InputError(
                f"{datasets / task.name}.csv:{line}: this row is not in {datasets / 'all'}; get both from one"
                " version of the benchmark"
            )
        documents = {document(row.question) for row in rest}
        test += [
            row.model_copy(update={"document_in_train": document(row.question) in documents})
            for row in (
                _row(task, "test", datasets / f"{task.name}.csv", number, cells)
                for number, (_, cells) in enumerate(asked)
            )
        ]
        train += rest
    return train, test, _files(datasets)


def find_datasets(folder: Path) -> Path:
    """Finds the folder with the CSV files in a checkout; raises `InputError`."""
    for candidate in (folder / "datasets", folder):
        if (candidate / "jmmlu_med.csv").is_file() and (candidate / "all").is_dir():
            return candidate
    raise InputError(
        f"{folder}: no JMED-LLM in it (datasets/jmmlu_med.csv and datasets/all); give a checkout of sociocom/JMED-LLM"
    )


def choice_question(question: str, choices: Mapping[str, str]) -> str:
    """Words the user's turn of a question with choices, label → text."""
    listed = "".join(f"{letter}. {text}\n" for letter, text in choices.items())
    return f"質問: {question}\n選択肢:\n{listed}"


def document(question: str) -> str:
    """Returns the text that a question asks about: what follows its first line, or all of a question of one line.

    Questions have no prompt around them here, or that of `_row`.
    """
    asked = question.removeprefix("質問: ").partition("\n選択肢:\n")[0]
    _, _, rest = asked.partition("\n")
    return rest or asked


def leakage(train: list[Row], test: list[Row]) -> dict[str, dict[str, int]]:
    """Counts, by task, test rows whose document or question is in the training split.

    `document`: among the training rows of the task; `document_any`: of any task; `question`: the whole question.
    """
    documents = {document(row.question) for row in train}
    questions = {row.question for row in train}
    found = {}
    for task in TASKS:
        rows = [row for row in test if row.task == task.name]
        found[task.name] = {
            "test": len(rows),
            "train": sum(row.task == task.name for row in train),
            "document": sum(bool(row.document_in_train) for row in rows),
            "document_any": sum(document(row.question) in documents for row in rows),
            "question": sum(row.question in questions for row in rows),
        }
    return found


def _files(datasets: Path) -> list[Path]:
    names = {name for task in TASKS for name in task.all_rows}
    return [datasets / f"{task.name}.csv" for task in TASKS] + [
        datasets / "all" / f"{name}.csv" for name in sorted(names)
    ]


def _read_csv(path: Path) -> Iterator[tuple[int, Cells]]:
    """Yields the rows of a file with the number of the line on which each ends."""
    if not path.is_file():
        raise InputError(f"{path}: missing; get the whole benchmark")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not {"question", "answer"} <= set(reader.fieldnames or ()):
                raise InputError(f"{path}:1: no columns `question` and `answer`; get the benchmark's own file")
            for cells in reader:
                if None in cells or None in cells.values() or not cells["question"] or not cells["answer"]:
                    raise InputError(f"{path}:{reader.line_num}: not a whole row; get the file again")
                yield reader.line_num, cells
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not CSV in UTF-8 ({error}); get the file again") from None


def _key(cells: Cells) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(cells.items()))


def _row(task: Task, split: Literal["train", "test"], path: Path, number: int, cells: Cells) -> Row:
    options = [cells[name] for letter in LETTERS if cells.get(name := f"option{letter}")]
    choices = dict(zip(LETTERS, options, strict=False))
    place = f"{path}: row {number}"
    if task.kind == "choice":
        system = CHOICE_SYSTEM
        user = choice_question(cells["question"], choices)
        gold: tuple[str, ...] = (cells["answer"],)
        if cells["answer"] not in choices:
            raise InputError(f"{place}: the answer {cells['answer']!r} is none of its options; get the file again")
    else:
        system, user = ENTITY_SYSTEM, cells["question"]
        gold = _entities(cells["answer"], place)
    return Row(
        id=f"{SUITE}/{task.name}/{split}/{path.stem}/{number}",
        suite=SUITE,
        task=task.name,
        split=split,
        kind=task.kind,
        messages=(Message(role="system", content=system), Message(role="user", content=user)),
        choices=choices,
        answer=cells["answer"],
        gold=gold,
        subject=cells.get("tag", ""),
        licence=task.licence,
        source=Source(file=str(Path(path.parent.name, path.name)), row=number),
    )


def _entities(answer: str, place: str) -> tuple[str, ...]:
    try:
        values = ast.literal_eval(answer)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        values = None
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise InputError(f"{place}: the answer is no list of texts; get the file again")
    return tuple(values)
