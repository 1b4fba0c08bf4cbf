"""Warnings about what a start accepts and is probably a mistake; the dry run and the start say the same ones."""

from collections.abc import Sequence
from pathlib import Path

from ncvc.train.config import TrainConfig
from ncvc.train.datasets import DatasetFacts
from ncvc.train.preflight.gpu_specs import GpuSpec, find_gpu_spec
from ncvc.train.step_plan import StepPlan

MANY_EPOCHS = 16
"""Epochs beyond which repeated text is of little use (arXiv 2305.16264; up to 4 it is nearly as good as new text)."""


def epochs(plan: StepPlan, steps: int, datasets: Sequence[DatasetFacts]) -> list[float]:
    """Number of times that each dataset is read in so many steps."""
    read = [0.0] * len(datasets)
    for part, count in plan.parts(1, steps):
        weights = part.weights or [own.tokens for own in datasets]
        for number, weight in enumerate(weights):
            read[number] += count * part.tokens_per_step * weight / sum(weights)
    return [own_read / own.tokens for own_read, own in zip(read, datasets, strict=True)]


def start_warnings(
    config: TrainConfig, plan: StepPlan, pieces: int | None, datasets: Sequence[DatasetFacts], spec: GpuSpec | None
) -> list[str]:
    """Sentences about a run by the pieces of its tokenizer, its data and its card, as far as they are there."""
    found = []
    rows = config.model.vocab_size
    if pieces is not None and pieces < rows:
        found.append(
            f"model.vocab_size is {rows:,}, and {config.data.tokenizer} has {pieces:,} pieces:"
            f" {rows - pieces:,} rows of the embedding are never trained"
        )
    found += config.warnings
    if spec and find_gpu_spec(spec.name) and not spec.tflops and config.compute.dtype == "bfloat16":
        found.append(f"{spec.name} has no bfloat16 products; choose another card, or compute.dtype: float32")
    if repeated := _repeated(config, plan, datasets):
        found.append(repeated)
    return found


def _repeated(config: TrainConfig, plan: StepPlan, datasets: Sequence[DatasetFacts]) -> str:
    if not datasets:
        return ""  # not prepared yet: a start is refused, and the epochs are not known
    counts = epochs(plan, config.schedule.train_iters, datasets)
    often = [
        f"{Path(own.prefix).name} ({own.tokens:,} tokens) {count:,.0f} times"
        for own, count in zip(datasets, counts, strict=True)
        if count > MANY_EPOCHS
    ]
    if not often:
        return ""
    return (
        f"the run reads {', '.join(often)}: more than {MANY_EPOCHS} epochs add little to what a model learns"
        " (arXiv 2305.16264), and it repeats what it reads so often, patients' notes too; add text, or lower"
        " schedule.train_iters"
    )
