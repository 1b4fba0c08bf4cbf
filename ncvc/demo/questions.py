"""Generates the demo's questions about new notes of its grammar: two tasks with choices, one with entities.

`note_kind` asks for the kind of a note, `department` for the department that treats its illness, `drugs` for the drugs
that it names. No note is in the corpus, and none is asked about twice, so that no model has seen what is held out.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ncvc.demo.grammar import Grammar, Writer

TRAIN, TEST = 600, 120
"""Questions of a task to tune on, and held out; multiples of the numbers of choices, each as often right."""
SHORTEST, LONGEST = 20, 90
"""Characters of a note; the demo's model holds 256 tokens."""
SYSTEM = "質問に答える。"
"""The system's turn; JMED-LLM's is longer than a note."""

KINDS = {
    "admission": "入院時の記録",
    "progress": "経過記録",
    "discharge": "退院時の要約",
    "radiology": "画像の所見",
    "nursing": "看護の記録",
    "referral": "紹介状や返書",
}
"""Kind of document → choice."""
DEPARTMENTS = ("呼吸器内科", "循環器内科", "消化器内科", "脳神経内科")
"""Those with the most illnesses in the grammar."""
OF_DEPARTMENT = ("admission", "discharge")
OF_DRUGS = ("admission", "discharge", "nursing", "progress")
"""Kinds of document that the questions about departments and drugs are about."""

Question = dict[str, Any]

_SENTENCE = re.compile(r"[^。\n]+[。\n]?")


def write_questions(train: Path, test: Path, seed: int, corpus: str) -> tuple[int, int]:
    """Writes JSON lines for `ncvc data own`; returns how many questions there are to tune on, and held out.

    `corpus`: text that no note may be in. The same seed writes the same bytes on any machine.
    """
    writer = QuestionWriter(seed, corpus)
    tasks = (writer.note_kinds, writer.departments, writer.drugs)
    for path, count in ((train, TRAIN), (test, TEST)):
        lines = [json.dumps(question, ensure_ascii=False) for task in tasks for question in task(count)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return len(tasks) * TRAIN, len(tasks) * TEST


class QuestionWriter:
    """Draws notes, none twice, and asks about them."""

    def __init__(self, seed: int, corpus: str) -> None:
        grammar = Grammar.load()
        self._writer = Writer(grammar, seed + 2**32)  # another sequence than the corpus is drawn from
        self._corpus = corpus
        self._known = set(_sentences(corpus))
        self._asked: set[str] = set()
        names = {*grammar.words["drug"], *(name for row in grammar.tables["case"] for name in row["drug"])}
        # The longer of two names that begin alike comes first.
        self._drug = re.compile("|".join(map(re.escape, sorted(names, reverse=True))))

    def note_kinds(self, count: int) -> Iterator[Question]:
        """Yields `count` questions about the kind of a note."""
        for number in range(count):
            kind = list(KINDS)[number % len(KINDS)]
            note = self._new(kind, lambda _note: True)
            yield _question("note_kind", "文書の種類はどれか。", note, KINDS[kind], list(KINDS.values()))

    def departments(self, count: int) -> Iterator[Question]:
        """Yields `count` questions about the department that treats an illness."""
        for number in range(count):
            wanted = DEPARTMENTS[number % len(DEPARTMENTS)]
            kind = OF_DEPARTMENT[self._writer.below(len(OF_DEPARTMENT))]
            note = self._new(kind, lambda _note, wanted=wanted: self._writer.drawn("case.department") == [wanted])
            yield _question("department", "診療科はどれか。", note, wanted, list(DEPARTMENTS))

    def drugs(self, count: int) -> Iterator[Question]:
        """Yields `count` questions about the drugs that a note names, in its order."""
        for number in range(count):
            note = self._new(OF_DRUGS[number % len(OF_DRUGS)], lambda note: self._drug.search(note) is not None)
            yield _question("drugs", "薬剤名を挙げよ。", note, list(dict.fromkeys(self._drug.findall(note))))

    def _new(self, kind: str, is_wanted: Callable[[str], bool]) -> str:
        """Draws documents of a kind until a part of one is new and wanted."""
        while True:
            for note in excerpts(self._writer.document(kind)):
                if is_wanted(note) and note not in self._asked and not self._in_corpus(note):
                    self._asked.add(note)
                    return note

    def _in_corpus(self, note: str) -> bool:
        # Most have a sentence that the corpus has not: to search all of it would take longer than to write it.
        return self._known.issuperset(_sentences(note)) and note in self._corpus


def _sentences(text: str) -> Iterator[str]:
    return (sentence.strip() for sentence in _SENTENCE.findall(text))


def excerpts(document: str) -> Iterator[str]:
    """Yields stretches of whole sentences and lines, of `SHORTEST` to `LONGEST` characters; others are left out."""
    notes = [""]
    for sentence in _SENTENCE.findall(document):
        if len(notes[-1]) + len(sentence) > LONGEST:
            notes.append("")
        notes[-1] += sentence
    yield from (note.strip() for note in notes if SHORTEST <= len(note.strip()) <= LONGEST)


def _question(
    task: str, question: str, note: str, answer: str | list[str], choices: list[str] | None = None
) -> Question:
    asked: Question = {"task": task, "system": SYSTEM, "question": question, "document": note}
    return asked | ({"choices": choices} if choices else {}) | {"answer": answer}
