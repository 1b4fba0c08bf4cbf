"""Solves the analogies of a command line or a file on a model, and writes the folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ncvc.inspect.analogy.solve import Analogy, LeftOut, Scores, Space, measure, solve_file
from ncvc.inspect.analogy.write import analogy_page, draw, numbers
from ncvc.inspect.folder import Inspection
from ncvc.inspect.matrices import open_matrices
from ncvc.inspect.model import FoundModel
from ncvc.inspect.vocabulary import Vocabulary, notes


@dataclass(frozen=True)
class Result:
    """Analogies that were solved, and those left out."""

    solved: list[Analogy]
    left_out: list[LeftOut]
    scores: Scores | None
    notes: list[str]
    numbers: dict[str, Any]


def run(
    model: FoundModel,
    output: Inspection,
    words: Sequence[str],
    lines: Sequence[tuple[int, tuple[str, ...]]],
    *,
    several: bool,
    head: bool,
    unit: bool,
    count: int,
) -> Result:
    """Solves `words`, three of them, or `lines` of a file; raises an `NcvcError` for a word that is no piece."""
    matrices = open_matrices(model)
    name = matrices.head if head else matrices.embedding
    vocabulary = Vocabulary(model.tokenizer, matrices.shapes[name][0])
    asked = [vocabulary.find(word, several=several) for word in words]
    space = Space(matrices.read(name), vocabulary, vocabulary.words() if several else None, unit=unit)
    if lines:
        solved, left_out = solve_file(space, vocabulary, lines, count, several=several)
    else:
        a, b, c = asked
        solved, left_out = [space.solve((a, b, c), count)], []
    scores = measure(solved)
    said = list(dict.fromkeys(note for analogy in solved for note in notes(analogy.words)))
    tied = head and name == matrices.embedding
    if tied:
        said.append("the output embedding is the input embedding: both are one matrix")
    found = numbers(solved, left_out, scores)
    settings = {"matrix": name, "words": several, "unit": unit, "count": count}
    with output.write(analogy_page(model.name, solved, left_out, scores, tied=tied), found, **settings) as folder:
        if any(analogy.nearest for analogy in solved):
            draw(solved, folder / "analogy.png")
    return Result(solved, left_out, scores, said, found)
