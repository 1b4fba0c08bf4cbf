"""Settings of a run's operation: checkpoints, alerts, guard, watchdog, logging."""

import math
from typing import Annotated, Literal, Self

import pydantic

from ncvc.config import Config
from ncvc.model.config import Count, NotNegative, Positive, WholeNumber
from ncvc.train.home_path import OwnPath

PAPERS_KEEP_INTERVAL = 3200


def _keep_interval(values: dict[str, int]) -> int:
    save_interval = values["save_interval"]
    return math.ceil(PAPERS_KEEP_INTERVAL / save_interval) * save_interval


class CheckpointConfig(Config):
    """Saving and retention of checkpoints, and initial weights."""

    save_interval: Count
    """Steps between two checkpoints; the last step is saved too."""
    async_save: bool = True
    """Writes checkpoints while the training continues, from a copy in the host's memory; false makes it wait."""
    keep_last: Count = 3
    """Number of newest checkpoints to keep."""
    keep_interval: Count | Literal["off"] = pydantic.Field(default_factory=_keep_interval)
    """Steps between checkpoints that are kept for ever as well; left out, 3200 (the paper's interval) or the next
    multiple of `save_interval`; `off` keeps none for ever."""
    init_from: OwnPath | None = None
    """Initial weights of a new run: a checkpoint, or a Hugging Face folder of `ncvc convert`, or of stock Llama, Qwen2
    or Qwen3 form; null draws random ones. Dropout, RoPE's base and scaling, and the longest sequence may differ."""
    init_vocabulary: Literal["keep", "transfer"] = "keep"
    """Rows of embedding and head: as they are, for the same tokenizer; or transferred to `data.tokenizer` from a
    Hugging Face folder with another one, each piece's row the mean of the rows of its text's tokens there."""
    branch_from: OwnPath | None = None
    """Checkpoint of another run, behind whose step a new run begins: with its weights, optimizer and place in the data,
    and a learning rate, schedule and weights of its own; `--from-step` sets it."""
    export: Literal["hf"] | None = None
    """Writes `RUN/hf/step_…`, the Hugging Face folder of each checkpoint that is kept for ever and of the last one,
    beside the training."""
    run: str | None = None
    """Command of the shell for each of these checkpoints, after its export and beside the training; NCVC_RUN,
    NCVC_CHECKPOINT, NCVC_STEP and NCVC_EXPORT tell it what there is."""

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if self.init_from is not None and self.branch_from is not None:
            raise ValueError("init_from and branch_from exclude each other; leave one out")
        return self

    def is_kept(self, step: int) -> bool:
        """Tells whether the checkpoint of a step is kept for ever."""
        return self.keep_interval != "off" and step % self.keep_interval == 0

    @property
    def warning(self) -> str | None:
        """Sentence about checkpoints that are kept for ever less often than `keep_interval` says; None if none are."""
        if self.keep_interval == "off" or self.keep_interval % self.save_interval == 0:
            return None
        return (
            f"checkpoints.keep_interval {self.keep_interval} is no multiple of save_interval {self.save_interval}, so"
            f" only one in {math.lcm(self.keep_interval, self.save_interval):,} steps is kept for ever"
        )


class EvaluationConfig(Config):
    """Benchmarks at checkpoints, by `ncvc evaluate` beside the training on the CPUs of the first machine."""

    every: Count
    """Steps between two checkpoints that are measured, of those that are kept for ever; the last one is, too."""
    suite: str = "jmed-llm,igakuqa"
    """Benchmarks, with commas between them."""
    data: OwnPath
    """Folder that `ncvc data` wrote, or that holds such."""
    limit: Count | None = None
    """First questions of each task that are asked; null asks all."""
    max_new_tokens: Count = 512
    """Tokens of the longest answer."""
    likelihood: Literal["none", "letters", "texts"] = "letters"
    """Weighs the choices' letters too, or letters and texts."""


class AlertsConfig(Config):
    """Messages to somebody; nothing leaves the machine but by this command."""

    command: str | None = None
    """Command of the shell at skipped steps, rollbacks, restarts, hangs, failures and the end; it reads the events as
    lines of JSON, and NCVC_RUN and NCVC_EVENTS tell it where and what."""


class GuardConfig(Config):
    """Limits beyond which a step is skipped, and rollback after many of them."""

    window: Annotated[int, pydantic.Field(ge=2)] = 128
    """Good steps that a loss and a gradient norm are compared with; before, only nan and inf are bad."""
    sigmas: NotNegative = 6.0
    """Standard deviations above their mean, of at least a thousandth of it, from which a loss or a gradient norm is
    anomalous; 0 accepts any finite one."""
    max_consecutive_skips: Count = 10
    """Anomalous steps in a row after which the run rolls back to a checkpoint."""
    rollback_span: WholeNumber = 100
    """Steps before the first anomalous one that are left out with it after a rollback."""
    max_rollbacks: Count = 3
    """Rollbacks to the same checkpoint before the run gives up."""


class WatchConfig(Config):
    """Limits of the watchdog, with which a launcher watches the ranks of its machine."""

    hang_after: Positive = 60.0
    """Seconds without a heartbeat after which a rank in a training step counts as hanging; of a rank that starts, loads
    or saves, or that trains on a CPU, seconds without reading, writing or computing anything."""
    startup_time: Positive = 600.0
    """Seconds for the rendezvous, and again for the first step, which makes connections and compiles kernels."""
    slow_factor: Annotated[float, pydantic.Field(gt=1.0)] = 1.5
    """Multiple of the ranks' median compute time from which a rank is reported as slow."""


class LoggingConfig(Config):
    """Console, TensorBoard and Weights & Biases."""

    log_interval: Count = 1
    """Steps between lines on the console; log.jsonl and TensorBoard get every step."""
    tensorboard: bool = True
    """Writes `tensorboard/` in the run folder."""
    wandb: Literal["off", "offline", "online"] = "off"
    """Weights & Biases, if it is installed: offline writes `wandb/` in the run folder, online sends metrics and config
    to its server."""
