"""Generates the demo's questions about new notes of its grammar: two tasks with choices, one with entities.

`note_kind` asks for the kind of a clinical note, `topic` for what a text is about, `headings` for the headings that a
note has. No note is in the corpus, and none is asked about twice, so that no model has seen what is held out.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
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
TOPICS = {"progress": "診療", "cooking": "料理", "geography": "地理", "science": "科学"}
"""Kind of document → choice, of the two tasks with choices."""
WITH_HEADINGS = ("admission", "discharge", "radiology")
"""Kinds of document of which some have headings in brackets."""

Question = dict[str, Any]

_SENTENCE = re.compile(r"[^。\n]+[。\n]?")
_HEADING = re.compile(r"【(.+?)】")


def write_questions(train: Path, test: Path, seed: int, corpus: str) -> tuple[int, int]:
    """Writes JSON lines for `ncvc data own`; returns how many questions there are to tune on, and held out.

    `corpus`: text that no note may be in. The same seed writes the same bytes on any machine.
    """
    writer = QuestionWriter(seed, corpus)
    tasks = (writer.note_kinds, writer.topics, writer.headings)
    for path, count in ((train, TRAIN), (test, TEST)):
        lines = [json.dumps(question, ensure_ascii=False) for task in tasks for question in task(count)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return len(tasks) * TRAIN, len(tasks) * TEST


class QuestionWriter:
    """Draws notes, none twice, and asks about them."""

    def __init__(self, seed: int, corpus: str) -> None:
        self._writer = Writer(Grammar.load(), seed + 2**32)  # another sequence than the corpus is drawn from
        self._corpus = corpus
        self._known = set(_sentences(corpus))
        self._asked: set[str] = set()

    def note_kinds(self, count: int) -> Iterator[Question]:
        """Yields `count` questions about the kind of a note."""
        return self._choices("note_kind", "文書の種類はどれか。", KINDS, count)

    def topics(self, count: int) -> Iterator[Question]:
        """Yields `count` questions about what a text is about."""
        return self._choices("topic", "話題はどれか。", TOPICS, count)

    def headings(self, count: int) -> Iterator[Question]:
        """Yields `count` questions about the headings of a note, in its order."""
        for number in range(count):
            note = self._new(WITH_HEADINGS[number % len(WITH_HEADINGS)], lambda note: _HEADING.search(note) is not None)
            yield _question("headings", "見出しを挙げよ。", note, list(dict.fromkeys(_HEADING.findall(note))))

    def _choices(self, task: str, question: str, kinds: Mapping[str, str], count: int) -> Iterator[Question]:
        for number in range(count):
            kind = list(kinds)[number % len(kinds)]
            note = self._new(kind, lambda _note: True)
            yield _question(task, question, note, kinds[kind], list(kinds.values()))

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
