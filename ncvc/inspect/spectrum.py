"""Singular values of matrices and the ranks that they give, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

ROWS = 4096
"""Rows that are in memory in float64 at a time."""
ENERGY = 0.99
"""Share of the squared Frobenius norm that the singular values of `Ranks.energy` hold."""


def singular_values(matrix: np.ndarray) -> np.ndarray:
    """Singular values of a matrix [n, m], descending, [min(n, m)].

    They are square roots of the eigenvalues of the smaller Gram matrix: those below 1e-8 of the largest are noise.
    """
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    gram = np.zeros((tall.shape[1], tall.shape[1]))
    for (rows,) in in_float64(tall):
        gram += rows.T @ rows
    values: np.ndarray = np.sqrt(np.clip(np.linalg.eigvalsh(gram)[::-1], 0, None))
    return values


def in_float64(*matrices: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """Yields the same rows of matrices of one length in float64, `ROWS` at a time."""
    for first in range(0, len(matrices[0]), ROWS):
        yield tuple(matrix[first : first + ROWS].astype(np.float64) for matrix in matrices)


@dataclass(frozen=True)
class Ranks:
    """Sizes of a spectrum; all are 0 for a matrix of zeros."""

    full: int
    """Number of the singular values: min(n, m)."""
    spectral: float
    """The largest one, σ₁."""
    stable: float
    """Σσ² / σ₁²."""
    effective: float
    """exp of the entropy of σ / Σσ (Roy and Vetterli 2007)."""
    energy: int
    """Number of the largest ones that hold `ENERGY` of Σσ²."""


def ranks(values: np.ndarray) -> Ranks:
    """Computes the ranks of a spectrum, descending."""
    if not len(values) or values[0] == 0:
        return Ranks(len(values), 0.0, 0.0, 0.0, 0)
    squares = values**2
    shares = values / values.sum()
    shares = shares[shares > 0]
    effective = float(np.exp(-(shares * np.log(shares)).sum()))
    energy = int(np.searchsorted(np.cumsum(squares) / squares.sum(), ENERGY) + 1)
    return Ranks(len(values), float(values[0]), float(squares.sum() / squares[0]), effective, min(energy, len(values)))
