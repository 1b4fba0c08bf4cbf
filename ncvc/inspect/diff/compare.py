"""Changes of weights between two models of one architecture, as between a base model and its tuned form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ncvc.errors import NcvcError
from ncvc.inspect.matrices import Matrices
from ncvc.inspect.parts import layer_and_part
from ncvc.inspect.spectrum import Ranks, in_float64, ranks, singular_values
from ncvc.inspect.weights.measure import UNTURNED


@dataclass(frozen=True)
class Change:
    """Change of one weight from A to B; of a vocabulary that grew, of the rows that both have."""

    name: str
    layer: int | None
    part: str
    shape: tuple[int, ...]
    relative: float
    """‖B − A‖ / ‖A‖ in the Frobenius norm; infinite where A is 0 and B is not."""
    cosine: float
    """⟨A, B⟩ / ‖A‖‖B‖; 1 where both are 0."""
    ranks: Ranks | None
    """Ranks of B − A; None for a vector."""
    added: int
    """Rows that only B has."""


@dataclass(frozen=True)
class RowChanges:
    """Changes of an embedding's rows that both models have."""

    name: str
    relative: np.ndarray
    """‖b − a‖ / ‖a‖ by id."""
    cosine: np.ndarray
    """⟨a, b⟩ / ‖a‖‖b‖ by id."""


@dataclass(frozen=True)
class Difference:
    """Changes of all weights."""

    changes: tuple[Change, ...]
    rows: tuple[RowChanges, ...]
    """Of the embedding, and of the head where that is another matrix."""


def require_same_architecture(a: Matrices, b: Matrices) -> None:
    """Raises `NcvcError` unless both have the same weights; B's vocabulary may be larger."""
    types = [each.model.folder.config["model_type"] if each.model.folder else None for each in (a, b)]
    if None not in types and types[0] != types[1]:
        raise NcvcError(
            f"{b.model.path}: is {types[1]}, and {a.model.path} is {types[0]}: another architecture; give two models of"
            " one"
        )
    vocabulary = {a.embedding, a.head}
    for name in sorted({*a.shapes, *b.shapes}):
        ours, theirs = a.shapes.get(name), b.shapes.get(name)
        if ours != theirs and not (ours and theirs and name in vocabulary and ours[1:] == theirs[1:]):
            raise NcvcError(
                f"{b.model.path}: {name} is {_shown(theirs)}, and {_shown(ours)} in {a.model.path}: another"
                " architecture; give two models of one"
            )
    before, after = a.shapes[a.embedding][0], b.shapes[a.embedding][0]
    if after < before:
        raise NcvcError(
            f"{b.model.path}: has {after:,} pieces, and {a.model.path} has {before:,}; give the model whose vocabulary"
            " grew second"
        )


def _shown(shape: tuple[int, ...] | None) -> str:
    return "not there" if shape is None else " × ".join(map(str, shape))


def compare(a: Matrices, b: Matrices) -> Difference:
    """Compares every weight; two of them and their difference are in memory at a time."""
    require_same_architecture(a, b)
    vocabulary = dict.fromkeys((a.embedding, a.head))
    changes, rows = [], []
    for name in a.shapes:
        before, after = a.read(name), b.read(name)
        added = len(after) - len(before) if name in vocabulary else 0
        after = after[: len(before)]
        changes.append(_change(name, before, after, added))
        if name in vocabulary:
            rows.append(_row_changes(name, before, after))
    rows.sort(key=lambda each: each.name != a.embedding)
    return Difference(tuple(changes), tuple(rows))


def _change(name: str, before: np.ndarray, after: np.ndarray, added: int) -> Change:
    layer, part = layer_and_part(name)
    old, new, product, moved = _sums(before, after)
    relative = (moved / old) ** 0.5 if old else float("inf") if moved else 0.0
    lengths = (old * new) ** 0.5
    cosine = product / lengths if lengths else float(old == new)
    found = ranks(singular_values(after - before)) if before.ndim == 2 else None
    return Change(name, layer, part, before.shape, relative, min(cosine, 1.0), found, added)


def _sums(before: np.ndarray, after: np.ndarray) -> tuple[float, float, float, float]:
    """Sums, in float64, of a², b², ab and (b − a)²."""
    totals = np.zeros(4)
    for a, b in in_float64(before, after):
        totals += [(a * a).sum(), (b * b).sum(), (a * b).sum(), ((b - a) ** 2).sum()]
    old, new, product, moved = totals.tolist()
    return old, new, product, moved


def _row_changes(name: str, before: np.ndarray, after: np.ndarray) -> RowChanges:
    relative, cosine = [], []
    for a, b in in_float64(before, after):
        old, new, moved = (np.linalg.norm(each, axis=1) for each in (a, b, b - a))
        relative.append(np.where(old > 0, moved / np.where(old > 0, old, 1), np.where(moved > 0, np.inf, 0)))
        lengths = old * new
        cosine.append(np.where(lengths > 0, (a * b).sum(1) / np.where(lengths > 0, lengths, 1), old == new))
    return RowChanges(name, np.concatenate(relative), np.concatenate(cosine))


def most_changed(rows: RowChanges, count: int) -> list[int]:
    """Ids of the rows that changed most, relative to their length; none that did not change."""
    order = np.argsort(-rows.relative, kind="stable")[:count]
    return [int(token) for token in order if rows.relative[token] > 0]


def turned(rows: RowChanges) -> int:
    """Counts rows whose direction changed: weight decay alone, which reaches every row, shortens them only."""
    return int((1 - rows.cosine > UNTURNED).sum())


def by_part(difference: Difference) -> Mapping[str, list[Change]]:
    """Changes of the layers' matrices by part, each list by layer."""
    found: dict[str, list[Change]] = {}
    for change in difference.changes:
        if change.layer is not None and change.ranks is not None:
            found.setdefault(change.part, []).append(change)
    return {part: sorted(each, key=lambda change: change.layer or 0) for part, each in found.items()}
