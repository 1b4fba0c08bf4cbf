"""Measures the weights of checkpoints of one run, one after the other, and writes the folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ncvc.errors import NcvcError
from ncvc.inspect.folder import Inspection
from ncvc.inspect.matrices import Matrices, open_matrices
from ncvc.inspect.model import FoundModel, names
from ncvc.inspect.vocabulary import Vocabulary
from ncvc.inspect.weights.measure import Measured, measure
from ncvc.inspect.weights.write import draw, numbers, weights_page
from ncvc.progress import Reporter


def run(models: Sequence[FoundModel], output: Inspection, *, reporter: Reporter) -> tuple[list[Measured], Any]:
    """Measures the models in their order; raises `NcvcError` for one with other weights than the first."""
    found: list[Measured] = []
    first: np.ndarray | None = None
    opened: Matrices | None = None
    for name, model in zip(names(models), models, strict=True):
        matrices = open_matrices(model)
        if opened is not None:
            _require_same(opened, matrices)
        opened = opened or matrices
        reporter.say(f"measuring {len(matrices.shapes):,} weights of {name}")
        found.append(replace(measure(matrices, first), name=name))
        if first is None and len(models) > 1:
            first = matrices.read(matrices.embedding)
    rows = len(found[-1].rows.norms)
    texts = Vocabulary(models[-1].tokenizer, rows).texts if found[-1].rows.unturned else [""] * rows
    values = numbers(found)
    with output.write(weights_page(found, texts), values) as folder:
        draw(found, folder)
    return found, values


def _require_same(first: Matrices, other: Matrices) -> None:
    ours, theirs = first.shapes, other.shapes
    name = next((name for name in sorted({*ours, *theirs}) if ours.get(name) != theirs.get(name)), None)
    if name is not None:
        raise NcvcError(
            f"{other.model.path}: {name} is {theirs.get(name, 'not there')}, and {ours.get(name, 'not there')} in"
            f" {first.model.path}; give checkpoints of one run"
        )
