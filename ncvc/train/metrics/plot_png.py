"""Loss over steps and over tokens seen (the papers' figure 3), and scores over tokens (figure 6), as a PNG."""

import io
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ncvc import __version__
from ncvc.files import whole_file
from ncvc.html.axes import ticks
from ncvc.html.markup import visible
from ncvc.outputs import sealed_picture
from ncvc.train.metrics.history import RunHistory, token_unit

SIZE = (11.0, 4.5)  # inches
SIZE_WITH_SCORES = (11.0, 9.0)
DPI = 150
TICKS = 6
STYLES = ("-", "--", ":", "-.")
"""Of the scores of a run each."""


def draw(histories: Sequence[RunHistory], output: Path, *, recheck: Callable[[], object]) -> None:
    """Draws training losses, faint and smoothed, and validation losses as dots, into the PNG `output`.

    Below stand the scores of checkpoints, if any was measured. Dotted lines mark resumptions, dashed ones stages, red
    ticks at the bottom skipped steps. `recheck` raises if the output may not be written any more.
    """
    measured = any(history.evaluation for history in histories)
    figure = Figure(figsize=SIZE_WITH_SCORES if measured else SIZE, layout="constrained")
    fill(figure, histories)
    with whole_file(output) as partial:
        picture = io.BytesIO()
        figure.savefig(picture, dpi=DPI, format="png", metadata={"Software": f"ncvc {__version__}, matplotlib"})
        partial.write_bytes(sealed_picture(picture.getvalue()))
        recheck()


def fill(figure: Figure, histories: Sequence[RunHistory], named: Callable[[str], str] = visible) -> None:
    """Draws into a figure what `draw` says; `named` makes names drawable in its fonts."""
    scale, unit = token_unit(histories)
    measured = any(history.evaluation for history in histories)
    grid = figure.add_gridspec(2 if measured else 1, 2)
    by_step = figure.add_subplot(grid[0, 0])
    by_token = figure.add_subplot(grid[0, 1], sharey=by_step)
    by_token.tick_params(labelleft=False)
    for number, history in enumerate(histories):
        colour, name = f"C{number}", named(history.name)
        for axes, place in ((by_step, float), (by_token, lambda step, own=history: own.tokens_at(step) / scale)):
            places = [place(step.step) for step in history.steps]
            axes.plot(places, [step.loss for step in history.steps], color=colour, linewidth=0.6, alpha=0.3)
            # A single step has no line.
            alone = "o" if len(places) == 1 else ""
            axes.plot(places, history.smoothed, color=colour, linewidth=1.2, marker=alone, label=name)
            for steps, style, what in ((history.resumed, ":", "resumed"), (history.stages, "--", "stage")):
                for step in steps:
                    label = f"{name}, {what}" if step == steps[0] else None
                    axes.axvline(place(step), color=colour, linewidth=0.8, linestyle=style, label=label)
            bottom = [0.0] * len(history.skipped)  # of the axes, whatever the losses are
            at_bottom = axes.get_xaxis_transform()
            axes.plot(
                [place(step) for step in history.skipped], bottom, "|", color="red", markersize=10, transform=at_bottom
            )
            if history.validation:
                axes.plot(
                    [place(step) for step, _ in history.validation],
                    [loss for _, loss in history.validation],
                    "o",
                    color=colour,
                    markersize=4,
                    clip_on=False,
                    label=f"{name}, validation",
                )
    by_step.set(xlabel="step", ylabel="loss (cross entropy, nats per token)")
    seen = f"tokens seen ({unit})" if unit else "tokens seen"
    by_token.set(xlabel=seen)
    first = min(history.steps[0].step for history in histories)
    last = max(history.steps[-1].step for history in histories)
    by_step.set_xticks(ticks(first, last, TICKS, integer=True))
    for axes in (by_step, by_token):
        axes.grid(alpha=0.3)
        axes.margins(x=0)
    first_run = histories[0]
    if len(histories) > 1 or first_run.validation or first_run.resumed or first_run.stages:
        _legend(by_token)
    if measured:
        scores = figure.add_subplot(grid[1, :])
        scores.set(xlabel=seen, ylabel="score")
        _draw_scores(scores, histories, scale, named)


def _draw_scores(axes: Axes, histories: Sequence[RunHistory], scale: float, named: Callable[[str], str]) -> None:
    """Draws the main score of each task over tokens: a colour a task, a line style a run."""
    tasks = list(dict.fromkeys(task for history in histories for task in history.evaluation))
    for style, history in zip(cycle(STYLES), histories):  # without end
        for task, scores in history.evaluation.items():
            axes.plot(
                [history.tokens_at(step) / scale for step, _ in scores],
                [score for _, score in scores],
                style,
                color=f"C{tasks.index(task)}" if len(tasks) <= 10 else colormaps["tab20"](tasks.index(task) % 20),
                marker="o",
                markersize=4,
                linewidth=1.2,
                label=named(f"{history.name}: {task}" if len(histories) > 1 else task),
            )
    axes.grid(alpha=0.3)
    _legend(axes, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _legend(axes: Axes, **options: Any) -> None:
    for text in axes.legend(**options).get_texts():
        text.set_parse_math(False)  # a $ in a name is no formula
