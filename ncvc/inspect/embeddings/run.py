"""Places the pieces of a model in two dimensions, and writes the folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ncvc
from ncvc.errors import NcvcError
from ncvc.inspect.embeddings.maps import (
    KINDS,
    METHODS,
    NEIGHBOURS,
    PLACES,
    Map,
    classify,
    expected_seconds,
    kinship,
)
from ncvc.inspect.embeddings.write import draw, embeddings_page, file_name, numbers
from ncvc.inspect.folder import Inspection
from ncvc.inspect.matrices import open_matrices
from ncvc.inspect.model import FoundModel
from ncvc.inspect.vocabulary import Vocabulary
from ncvc.progress import Reporter
from ncvc.units import duration


@dataclass(frozen=True)
class Result:
    """Counts, times and numbers of the maps."""

    counts: dict[str, int]
    """Kind → pieces."""
    seconds: dict[str, float]
    """Method → seconds that it took."""
    numbers: dict[str, Any]


def run(
    model: FoundModel,
    output: Inspection,
    *,
    terms: Sequence[str] = (),
    head: bool = False,
    most: int | None = None,
    seed: int = 42,
    reporter: Reporter,
) -> Result:
    """Places the first `most` pieces by id, which is the order of their frequency; all by default.

    Raises `NcvcError` where there are too few.
    """
    matrices = open_matrices(model)
    name = matrices.head if head else matrices.embedding
    vocabulary = Vocabulary(model.tokenizer, min(most or matrices.shapes[name][0], matrices.shapes[name][0]))
    cleaned = {text.replace("▁", " ") for text in ncvc.clean_batch(list(terms))}
    pieces = classify(vocabulary.texts, model.tokenizer, {*terms, *cleaned} - {""})
    if len(pieces) <= NEIGHBOURS + 1:
        raise NcvcError(
            f"{model.path}: has {len(pieces)} pieces with a text, too few for {NEIGHBOURS} neighbours of each"
        )
    matrix = matrices.read(name)[[piece.id for piece in pieces]]
    maps, seconds = [], {}
    for method in METHODS:
        expected = duration(expected_seconds(method, len(pieces)))
        reporter.say(f"placing {len(pieces):,} pieces by {method}, about {expected} on one core")
        begin = time.monotonic()
        maps.append(Map(method, PLACES[method](matrix, seed)))
        seconds[method] = time.monotonic() - begin
        reporter.say(f"{method} took {duration(seconds[method])}")
    kin = {kind: kinship(matrix, pieces, kind) for kind in KINDS[1:]}
    found = numbers(maps, pieces, kin)
    text = embeddings_page(model.name, maps, pieces, kin, name)
    with output.write(text, found, matrix=name, pieces=len(pieces), seed=seed) as folder:
        for placed in maps:
            draw(placed, pieces, model.name, folder / file_name(placed.method))
    counts = {kind: sum(piece.kind == kind for piece in pieces) for kind in KINDS}
    return Result(counts, seconds, found)
