"""Compares two models, and writes the folder."""

from __future__ import annotations

from typing import Any

from ncvc.inspect.diff.compare import Difference, compare
from ncvc.inspect.diff.write import diff_page, draw, numbers
from ncvc.inspect.folder import Inspection
from ncvc.inspect.matrices import open_matrices
from ncvc.inspect.model import FoundModel, names
from ncvc.inspect.vocabulary import Vocabulary
from ncvc.progress import Reporter


def run(a: FoundModel, b: FoundModel, output: Inspection, *, reporter: Reporter) -> tuple[Difference, dict[str, Any]]:
    """Compares every weight of B with A's; raises `NcvcError` for another architecture."""
    before, after = open_matrices(a), open_matrices(b)
    reporter.say(f"comparing {len(before.shapes):,} weights")
    difference = compare(before, after)
    texts = Vocabulary(b.tokenizer, after.shapes[after.embedding][0]).texts
    new = texts[before.shapes[before.embedding][0] :]
    values = numbers(difference, texts, new)
    name, other = names((a, b))
    with output.write(diff_page(difference, (name, other), texts, new), values) as folder:
        draw(difference, texts, other, folder)
    return difference, values
