"""Loss over steps and tokens of pre-training and tuning runs (the papers' figures 3 and 7)."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ncvc.html.labels import both
from ncvc.html.markup import Html, element, joined
from ncvc.html.page import page
from ncvc.inspect.folder import Inspection, finite
from ncvc.inspect.picture import drawable, picture
from ncvc.smoothing import DECAY
from ncvc.train.metrics.history import RunHistory
from ncvc.train.metrics.plot_html import sections
from ncvc.train.metrics.plot_png import fill

WIDTH, HEIGHT, WITH_SCORES = 8.0, 3.2, 6.6
"""Inches."""
SMOOTHING = (
    f"thick: mean over the steps around, each step weighing {DECAY} of the next nearer one; thin: each step",
    f"太線：前後のステップの平均（1ステップ離れるごとに重み{DECAY}倍）、細線：各ステップ",
)
KINDS = (("loss", "Pre-training", "事前学習"), ("loss-tuning", "Tuning", "チューニング"))
"""Picture, and names; a tuning has a scale of its own."""


def write_losses(histories: Sequence[RunHistory], output: Inspection) -> dict[str, Any]:
    """Writes a picture for each kind of run, the page, and the numbers; returns these."""
    kinds = [(kind, own) for kind, own in zip(KINDS, _by_kind(histories), strict=True) if own]
    numbers = {"smoothing": {"kind": "centred exponential mean", "decay": DECAY}, "runs": [*map(_run, histories)]}
    with output.write(_page(kinds), numbers) as folder:
        for (name, _, _), own in kinds:
            measured = any(history.evaluation for history in own)
            with picture(folder / f"{name}.png", WIDTH, WITH_SCORES if measured else HEIGHT) as figure:
                fill(figure, own, drawable)
                figure.supxlabel(SMOOTHING[0], fontsize=7, color="0.4")
        _write_steps(histories, folder / "loss.csv")
    return numbers


def _by_kind(histories: Sequence[RunHistory]) -> tuple[list[RunHistory], list[RunHistory]]:
    """Parts pre-training from tuning."""
    training = [history for history in histories if not history.is_tuning]
    return training, [history for history in histories if history.is_tuning]


def _page(kinds: Sequence[tuple[tuple[str, str, str], list[RunHistory]]]) -> str:
    body: list[Html] = []
    for (_, english, japanese), own in kinds:
        if len(kinds) > 1:
            body.append(element("h2", both(english, japanese)))
        body += sections(own)
    names = joined((history.name for _, own in kinds for history in own), Html("、"))
    return page(("Loss", "損失"), element("p", both(*SMOOTHING), class_="note"), *body, subtitle=names)


def _run(history: RunHistory) -> dict[str, Any]:
    last = history.steps[-1]
    return {
        "run": history.name,
        "kind": "tuning" if history.is_tuning else "pre-training",
        "steps": last.step,
        "tokens": last.tokens,
        "loss": finite(last.loss),
        "smoothed_loss": finite(history.smoothed[-1]),
        "validation": [[step, finite(loss)] for step, loss in history.validation],
        "skipped": list(history.skipped),
        "config": history.config,
    }


def _write_steps(histories: Sequence[RunHistory], path: Path) -> None:
    """Writes a row for each step of each run."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["run", "step", "tokens", "loss", "smoothed_loss"])
        for history in histories:
            for step, smoothed in zip(history.steps, history.smoothed, strict=True):
                writer.writerow([history.name, step.step, step.tokens, step.loss, smoothed])
