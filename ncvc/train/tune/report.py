"""Table of a tuning, and the config that it writes."""

import os
from pathlib import Path
from typing import Any

from ncvc.files import whole_file
from ncvc.outputs import is_sealed_config, sealed_config
from ncvc.train.config import TrainConfig
from ncvc.train.tune.runner import Outcome
from ncvc.train.tune.tries import Candidate, Try
from ncvc.units import size
from ncvc.yaml12 import dump

HEAD = "# Fastest try of `ncvc train tune`. SHA-256 of the lines below: "
COLUMNS = ("ranks", "tensor", "pipeline", "micro-batch", "recompute", "tokens/s", "memory", "model says", "")


def plan(found: list[Candidate]) -> list[str]:
    """Lines about the tries before they run, by the memory model."""
    rows = [
        (*_cells(each.tried), "", "", size(each.memory), "" if each.fits else "left out: does not fit")
        for each in found
    ]
    return _aligned([COLUMNS, *rows])


def table(outcomes: list[Outcome], best: Outcome | None) -> list[str]:
    """Lines about the tries that ran; memory is the peak of the fullest rank."""
    rows = []
    for outcome in outcomes:
        note = outcome.failed or ("fastest" if outcome is best else "" if outcome.agrees else "LOSS DIFFERS")
        speed = f"{outcome.tokens_per_second:,.0f}" if outcome.seconds else ""
        memory = size(outcome.memory) if outcome.memory else ""
        rows.append((*_cells(outcome.candidate.tried), speed, memory, size(outcome.candidate.memory), note))
    return _aligned([COLUMNS, *rows])


def sentences(outcomes: list[Outcome]) -> list[str]:
    """Lines about the losses, and about the tries that disagree."""
    done = [outcome for outcome in outcomes if outcome.seconds]
    if len(done) < 2:
        return []
    losses = [outcome.loss for outcome in done]
    spread = f"loss of the first batch without dropout: {min(losses):.6f} to {max(losses):.6f}"
    wrong = [outcome for outcome in done if not outcome.agrees]
    if not wrong:
        return [f"{spread}; loss and gradient norm of all {len(done)} tries agree"]
    return [f"WARNING: {spread}; {len(wrong)} of {len(done)} tries compute something else than the others, left out"]


def _cells(tried: Try) -> tuple[str, ...]:
    return (*map(str, (tried.ranks, tried.tensor, tried.pipeline, tried.micro_batch)), tried.recompute)


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    cells = ([cell.rjust(width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    return ["  ".join([*own[:-1], row[-1]]).rstrip() for own, row in zip(cells, rows, strict=True)]


def lines(outcomes: list[Outcome], best: Outcome | None) -> list[str]:
    """Closing lines: the table, and what is said of the losses."""
    return [*table(outcomes, best), *sentences(outcomes)] if outcomes else ["no try ran to its end"]


def line(outcome: Outcome) -> str:
    """Line about a try that has just ended."""
    tried = outcome.candidate.tried
    ranks = f"{tried.ranks} rank{'s' if tried.ranks > 1 else ''}, tensor {tried.tensor}, pipeline {tried.pipeline}"
    told = outcome.failed or f"{outcome.tokens_per_second:,.0f} tokens/s, {size(outcome.memory)}"
    return f"{ranks}, micro-batch {tried.micro_batch}, recompute {tried.recompute}: {told}"


def summary(outcomes: list[Outcome], best: Outcome | None, output: Path | None) -> dict[str, Any]:
    """Figures of a tuning for programs: sizes in bytes, losses in nats."""
    return {
        "tries": [facts(outcome) for outcome in outcomes],
        "best": facts(best) if best else None,
        "output": str(output) if output else None,
    }


def facts_of(candidate: Candidate) -> dict[str, Any]:
    """Figures of a try that did not run."""
    return {**vars(candidate.tried), "memory_estimate": candidate.memory, "fits": candidate.fits}


def facts(outcome: Outcome) -> dict[str, Any]:
    """Figures of a try."""
    return {
        **vars(outcome.candidate.tried),
        "tokens_per_second": outcome.tokens_per_second or None,
        "memory": outcome.memory or None,
        "memory_estimate": outcome.candidate.memory,
        "loss": outcome.loss if outcome.seconds else None,
        "grad_norm": outcome.grad_norm if outcome.seconds else None,
        "agrees": outcome.agrees,
        "failed": outcome.failed or None,
    }


def write(best: Outcome, given: TrainConfig, config: Path, output: Path, tries: int) -> None:
    """Writes the fastest try as a config that extends the one at `config`."""
    sections = best.candidate.tried.sections(given)
    base = Path(os.path.relpath(config.resolve(), output.parent.resolve()))
    speed = f"# {best.tokens_per_second:,.0f} tokens/s, {size(best.memory)} a rank, of {tries} tries on this machine.\n"
    text = speed + dump({"extends": str(base), **sections})
    output.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(output) as partial:
        partial.write_text(sealed_config(HEAD, text), encoding="utf-8")


def is_ours(file: Path) -> bool:
    """Tells whether a file was written by `write`, and not changed since."""
    return is_sealed_config(HEAD, file)
