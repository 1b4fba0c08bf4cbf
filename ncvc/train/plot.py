"""The papers' figure 3: loss over steps and over tokens seen."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from ncvc import NcvcError
from ncvc.train.log import LOG, Step, steps

SIZE = (11.0, 4.5)  # inches
DPI = 150
TOKEN_UNITS = ((1e9, "billions"), (1e6, "millions"), (1e3, "thousands"), (1.0, ""))


def plot_loss(runs: Sequence[Path], output: Path) -> None:
    """Draws the training loss of one or several run folders into a PNG.

    Raises `NcvcError` if a folder is no run or has no step yet.
    """
    curves = {run: read(run) for run in runs}
    most = max(curve[-1].tokens for curve in curves.values())
    scale, unit = next((scale, unit) for scale, unit in TOKEN_UNITS if most >= scale)
    figure = Figure(figsize=SIZE, layout="constrained")
    by_step, by_token = figure.subplots(1, 2, sharey=True)
    for run, curve in curves.items():
        losses = [step.loss for step in curve]
        by_step.plot([step.step for step in curve], losses, linewidth=0.8, label=run.name)
        by_token.plot([step.tokens / scale for step in curve], losses, linewidth=0.8, label=run.name)
    by_step.set(xlabel="step", ylabel="training loss (cross entropy, nats per token)")
    by_token.set(xlabel=f"tokens seen ({unit})" if unit else "tokens seen")
    for axes in (by_step, by_token):
        axes.grid(alpha=0.3)
        axes.margins(x=0)
    if len(curves) > 1:
        by_token.legend()
    figure.savefig(output, dpi=DPI, format="png")


def read(run: Path) -> list[Step]:
    """A run's steps; raises `NcvcError` if there are none."""
    try:
        curve = steps(run)
    except FileNotFoundError:
        raise NcvcError(
            f"{run}: not a run folder, it has no {LOG}; give the folder that a config calls `run`"
        ) from None
    if not curve:
        raise NcvcError(f"{run}: no step is done yet; plot it later")
    return curve
