"""Norms, spectra and dead units of a model's weights, read one at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ncvc.inspect.matrices import Matrices
from ncvc.inspect.parts import MLP_IN, MLP_OUT, TURNED, layer_and_part
from ncvc.inspect.spectrum import Ranks, in_float64, ranks, singular_values

DEAD = 1e-3
"""Norm, relative to the median of its matrix, below which a unit or a row counts as zero."""
UNTURNED = 1e-5
"""1 − cosine between two checkpoints below which a row has kept its direction: no gradient has reached it."""


@dataclass(frozen=True)
class Weight:
    """One weight of one checkpoint."""

    name: str
    layer: int | None
    part: str
    shape: tuple[int, ...]
    norm: float
    """Frobenius norm."""
    rms: float
    """Root of the mean square of its numbers."""
    ranks: Ranks | None
    """None for a vector."""
    values: np.ndarray | None
    """Singular values, descending; None for a vector."""


@dataclass(frozen=True)
class Dead:
    """Units of a layer's MLP that compute nothing: a matrix before or behind them is zero there."""

    layer: int
    units: int
    dead: int


@dataclass(frozen=True)
class Rows:
    """Norms of an embedding's rows."""

    norms: np.ndarray
    zero: tuple[int, ...]
    """Ids of rows of zeros."""
    initial: int | None
    """Rows whose norm is one that initialization gives, within three standard deviations; None where σ is unknown."""
    unturned: tuple[int, ...] | None
    """Ids of rows that have the direction that they had in the first checkpoint; None in that one."""


@dataclass(frozen=True)
class Measured:
    """Weights of one checkpoint."""

    name: str
    step: int | None
    weights: tuple[Weight, ...]
    dead: tuple[Dead, ...]
    """Layers whose MLP is known; see `ncvc.inspect.parts`."""
    rows: Rows


def measure(matrices: Matrices, first: np.ndarray | None = None) -> Measured:
    """Measures every weight; `first` is the embedding [V, d] of the first checkpoint."""
    found: list[Weight] = []
    units: dict[int, list[np.ndarray]] = {}
    rows = None
    for name, shape in matrices.shapes.items():
        layer, part = layer_and_part(name)
        matrix = matrices.read(name)
        squares = float(np.square(matrix, dtype=np.float64).sum())
        values = singular_values(matrix) if len(shape) == 2 else None
        found.append(
            Weight(
                name,
                layer,
                part,
                shape,
                squares**0.5,
                (squares / matrix.size) ** 0.5,
                None if values is None else ranks(values),
                values,
            )
        )
        if layer is not None and len(shape) == 2 and part.endswith(MLP_IN + MLP_OUT):
            bias = name.removesuffix("weight") + "bias"
            added = matrices.read(bias) if bias in matrices.shapes and part.endswith(MLP_IN) else None
            units.setdefault(layer, []).append(_is_zero(_unit_norms(matrix, part, added)))
        if name == matrices.embedding:
            rows = _rows(matrix, matrices.initial_deviation, first)
    assert rows is not None
    dead = tuple(
        Dead(layer, len(each[0]), int(np.logical_or.reduce(each).sum())) for layer, each in sorted(units.items())
    )
    return Measured(matrices.model.name, matrices.step, tuple(found), dead, rows)


def _unit_norms(matrix: np.ndarray, part: str, bias: np.ndarray | None) -> np.ndarray:
    """Norm of each unit's weights in a matrix of the MLP, with its bias."""
    by_rows = part.endswith(MLP_IN) != part.endswith(TURNED)
    squares = np.square(matrix, dtype=np.float64).sum(1 if by_rows else 0)
    found: np.ndarray = np.sqrt(squares if bias is None else squares + np.square(bias, dtype=np.float64))
    return found


def _is_zero(norms: np.ndarray) -> np.ndarray:
    """Tells which norms are next to nothing beside the median; where that is 0, those that are 0."""
    found: np.ndarray = norms <= DEAD * np.median(norms)
    return found


def _rows(matrix: np.ndarray, deviation: float | None, first: np.ndarray | None) -> Rows:
    norms = np.concatenate([np.linalg.norm(rows, axis=1) for (rows,) in in_float64(matrix)])
    initial = None
    if deviation:
        # The norm of d normal numbers is about √d, with the deviation 1/√2 (Johnson et al. 1994, chi distribution).
        scaled = norms / deviation - matrix.shape[1] ** 0.5
        initial = int((np.abs(scaled) < 3 / 2**0.5).sum())
    unturned = None if first is None else tuple(np.flatnonzero(_same_direction(first, matrix)).tolist())
    return Rows(norms, tuple(np.flatnonzero(_is_zero(norms)).tolist()), initial, unturned)


def _same_direction(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Tells for each row [V] whether two matrices [V, d] have it in the same direction."""
    found = []
    for a, b in in_float64(one, other):
        lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        found.append((a * b).sum(1) >= (1 - UNTURNED) * lengths)
    return np.concatenate(found)


def matrix_parts(measured: Measured) -> list[str]:
    """Parts of the layers that are matrices, in the order of the model."""
    found = (weight.part for weight in measured.weights if weight.layer is not None and weight.ranks)
    return list(dict.fromkeys(found))


def by_layer(measured: Measured, part: str) -> list[Weight]:
    """Weights of a part, by layer."""
    own = [weight for weight in measured.weights if weight.part == part and weight.layer is not None]
    return sorted(own, key=lambda weight: weight.layer or 0)


def mean_rms(measured: Measured, part: str) -> float:
    """Mean over the layers of a part's root mean square."""
    own = by_layer(measured, part)
    return sum(weight.rms for weight in own) / len(own)
