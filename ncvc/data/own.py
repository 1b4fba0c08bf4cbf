"""Questions of one's own, such as a hospital's: tasks with choices or entities, a JSON object a line.

    {"task": "診療科", "question": "受診する科は。", "document": "…", "choices": ["内科", "外科"], "answer": "内科"}
    {"task": "薬剤", "question": "薬剤名を挙げよ。", "document": "…", "answer": ["アスピリン", "ヘパリン"]}

They are asked in the words of JMED-LLM, and scored as its tasks are.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import pydantic

from ncvc.data import OWN
from ncvc.data.chat import parse_object, read_lines, require_text
from ncvc.data.jmed_llm import CHOICE_SYSTEM, ENTITY_SYSTEM, LETTERS, TASKS, choice_question
from ncvc.data.rows import Message, Row, Source
from ncvc.errors import InputError

Split = Literal["train", "test"]

_TASK = re.compile(r"\w[\w-]{0,59}")
"""Names of tasks, which become names of files."""
_PUBLISHED = re.compile("|".join([*(task.name for task in TASKS), r"igakuqa_\d+"]))


class Question(pydantic.BaseModel):
    """One line of a file of questions."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)

    task: str
    """Name of the task, of letters, digits, `_` and `-`; each is scored by itself."""
    question: str
    document: str = ""
    """Text that is asked about, behind the question; whether the training rows have it too is counted."""
    choices: list[str] | dict[str, str] | None = None
    """Two to six texts, in the order of the labels A to F, or label → text; none where entities are asked for."""
    answer: str | list[str]
    """Label or text of the right choice; or the entities."""
    system: str | None = None
    """The system's turn in place of JMED-LLM's."""
    subject: str = ""
    """Heading under which the report gives a score of its own."""
    licence: str = ""

    @property
    def labelled(self) -> dict[str, str]:
        """Label → text of the choices; empty where entities are asked for."""
        if isinstance(self.choices, dict):
            return self.choices
        return dict(zip(LETTERS, self.choices or (), strict=False))

    @property
    def gold(self) -> tuple[str, ...]:
        """The label of the right choice, or the entities; raises `ValueError` if there are none such."""
        labelled = self.labelled
        if self.choices is None:
            if isinstance(self.answer, str) or not self.answer:
                raise ValueError("`answer` is no list of entities, and there are no `choices`")
            return tuple(self.answer)
        if not isinstance(self.answer, str):
            raise ValueError("`answer` is a list, and there are `choices`; give one label or text")
        if self.answer in labelled:
            return (self.answer,)
        found = [label for label, text in labelled.items() if text == self.answer]
        if len(found) != 1:
            raise ValueError(f"the answer {self.answer!r} is {'several' if found else 'none'} of the choices")
        return (found[0],)


def read(test: Path, train: Path | None = None) -> tuple[list[Row], list[Row]]:
    """Reads questions to be asked, and those to tune on; returns the rows of training and of the test.

    Raises `InputError` with file and line of a row that is no such question, and of one whose task is of another kind
    than before.
    """
    kinds: dict[str, str] = {}
    asked = list(_read(test, "test", kinds))
    known = list(_read(train, "train", kinds)) if train else []
    if train is None:
        return [], [row for row, _ in asked]
    documents = {(row.task, document) for row, document in known}
    rows = [row.model_copy(update={"document_in_train": (row.task, document) in documents}) for row, document in asked]
    return [row for row, _ in known], rows


def leakage(train: Sequence[Row], test: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Counts, by task, test rows whose document or whole question the training rows of the task have."""
    questions = {(row.task, row.question) for row in train}
    of_train = Counter(row.task for row in train)
    found: dict[str, dict[str, int]] = {}
    for row in test:
        counts = found.setdefault(row.task, {"test": 0, "train": of_train[row.task], "document": 0, "question": 0})
        counts["test"] += 1
        counts["document"] += bool(row.document_in_train)
        counts["question"] += (row.task, row.question) in questions
    return found


def _read(path: Path, split: Split, kinds: dict[str, str]) -> Iterator[tuple[Row, str]]:
    """Yields rows, each with the text that it asks about."""
    number = -1
    for number, (place, line) in enumerate(read_lines(path)):
        try:
            question = _question(parse_object(line))
            row = _row(question, split, Source(file=path.name, row=number))
            if kinds.setdefault(row.task, row.kind) != row.kind:
                raise ValueError(f"the task {row.task} has questions with choices and without; name two tasks")
        except ValueError as error:
            raise InputError(f"{place}: {error}; mend the row, or leave it out") from None
        yield row, question.document or question.question
    if number < 0:
        raise InputError(f"{path}: empty; write a JSON object a line")


def _question(value: dict[str, Any]) -> Question:
    try:
        question = Question.model_validate(value)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"`{first['loc'][0]}`: {first['msg']}") from None
    texts: list[tuple[str, str]] = [("question", question.question)]
    texts += [("choices", text) for text in question.labelled.values()]
    texts += [("answer", text) for text in ([question.answer] if isinstance(question.answer, str) else question.answer)]
    texts += [(name, text) for name in ("document", "system") if (text := getattr(question, name))]
    for name, text in texts:
        require_text(text, f"`{name}`")
    if not _TASK.fullmatch(question.task):
        raise ValueError(f"`task` is {question.task!r}; use at most 60 letters, digits, _ and -")
    if _PUBLISHED.fullmatch(question.task):
        raise ValueError(f"`task` is {question.task}, the name of a published one; choose another")
    labels = list(question.labelled)
    if question.choices is not None:
        given = len(question.choices)
        if not 2 <= given <= len(LETTERS) or labels != list(LETTERS[:given]):
            raise ValueError(f"`choices` are not two to {len(LETTERS)} texts, or labels from A on")
    return question


def _row(question: Question, split: Split, source: Source) -> Row:
    gold, choices = question.gold, question.labelled
    asked = "\n".join(filter(None, (question.question, question.document)))
    system = question.system or (CHOICE_SYSTEM if choices else ENTITY_SYSTEM)
    return Row(
        id=f"{OWN}/{question.task}/{split}/{source.row}",
        suite=OWN,
        task=question.task,
        split=split,
        kind="choice" if choices else "entities",
        messages=(
            Message(role="system", content=system),
            Message(role="user", content=choice_question(asked, choices) if choices else asked),
        ),
        choices=choices,
        answer=gold[0] if choices else repr(list(gold)),
        gold=gold,
        subject=question.subject,
        licence=question.licence,
        source=source,
    )
