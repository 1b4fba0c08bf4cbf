"""Settings of a training run with their units and the paper's values, in Megatron's names."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self

import pydantic

from ncvc.config import Config
from ncvc.errors import DatasetError
from ncvc.model.config import (
    ComputeConfig,
    Count,
    ModelConfig,
    NotNegative,
    ParallelConfig,
    Positive,
    Probability,
    WholeNumber,
)
from ncvc.train.home_path import OwnPath, at_home
from ncvc.train.operation_config import (
    AlertsConfig,
    CheckpointConfig,
    EvaluationConfig,
    GuardConfig,
    LoggingConfig,
    WatchConfig,
)
from ncvc.train.stages import RampupConfig, StageConfig, require_order, require_possible_rampup, require_possible_stages


class DataConfig(Config):
    """Datasets of a run. Paths are relative to the folder in which the command is started."""

    prefixes: Annotated[list[OwnPath], pydantic.Field(min_length=1)]
    """Indexed datasets without their .bin and .idx."""
    weights: list[NotNegative] | None = None
    """Relative number of samples from each of `prefixes`, a dataset being repeated as needed; 0 leaves one to a later
    stage; null is in proportion to their tokens."""
    validation_split: Probability = 0.0
    """Share of each dataset's documents, its last ones, reserved for validation."""
    validation_prefixes: list[OwnPath] = pydantic.Field(default_factory=list)
    """Indexed datasets for validation only, in place of `validation_split`."""
    tokenizer: OwnPath
    """Tokenizer folder that the datasets were made with."""
    sequence_length: Count
    """Tokens of a training sample; documents are packed end to end and cut (technical report 2.4.1)."""
    order: Literal["epochs", "megatron"] | None = None
    """Order of the samples: `epochs` reads every token of a dataset once before any is read again; `megatron` is
    GPTDataset's, which shuffles the samples of all epochs as one pile, and keeps an index of them in the run folder.
    null is the order that the run was begun with, and `epochs` for a new run."""
    document_mask: bool = False
    """Attention stays within a document, and positions start at 0 in each, as with Megatron's reset_attention_mask and
    reset_position_ids; false lets attention cross the documents of a sample, as in the papers' run."""
    num_workers: WholeNumber = 0
    """Processes per rank that read samples ahead; 0 reads them in the loop."""

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        every = [*self.prefixes, *self.validation_prefixes]
        for prefix in every:
            if prefix.endswith((".bin", ".idx")):
                raise ValueError(f"{prefix} is a file; leave out {prefix[-4:]}")
            if Path(prefix).is_dir() and not Path(f"{prefix}.idx").is_file():
                raise ValueError(f"{prefix} is a folder; {_datasets_in(Path(prefix))}")
        twice = next((prefix for prefix in every if every.count(prefix) > 1), None)
        if twice is not None:
            raise ValueError(
                f"{twice} is named twice; give it a larger weight, or take it out of prefixes or validation_prefixes"
            )
        if self.weights is not None and len(self.weights) != len(self.prefixes):
            raise ValueError(
                f"weights has {len(self.weights)} numbers for {len(self.prefixes)} prefixes; write one for each"
            )
        if self.weights is not None and not any(self.weights):
            raise ValueError("weights gives no dataset a weight; make one larger than 0")
        if self.document_mask and self.order == "megatron":
            raise ValueError("document_mask needs order epochs, which knows where documents begin; leave one out")
        if self.validation_split and self.validation_prefixes:
            raise ValueError(
                "validation_split and validation_prefixes exclude each other; set validation_split to 0 or"
                " validation_prefixes to []"
            )
        return self


def _datasets_in(folder: Path) -> str:
    """Proposes the datasets of a folder, in a clause."""
    found = sorted(str(path.with_suffix("")) for path in folder.glob("*.idx") if path.with_suffix(".bin").is_file())
    return f"name what is in it: [{', '.join(found)}]" if found else "no dataset is in it: no .idx beside its .bin"


def require_files(prefixes: Iterable[str]) -> None:
    """Raises `DatasetError` for an indexed dataset of which a file is not there."""
    for path in (Path(f"{prefix}{suffix}") for prefix in prefixes for suffix in (".idx", ".bin")):
        if not path.is_file():
            raise DatasetError(f"{path}: no such file; make it with `ncvc preprocess` or correct data.prefixes")


def training_documents(documents: int, validation_split: float) -> int:
    """Number of a dataset's documents, its first ones, that are trained on; rounded as megatron-core does."""
    return round((1 - validation_split) * documents)


class OptimizerConfig(Config):
    """AdamW or Muon, and gradient clipping."""

    name: Literal["adamw", "muon"] = "adamw"
    """Optimizer; `muon` updates the matrices of the layers by Muon, with Moonlight's scale (arXiv 2502.16982), so that
    learning rate and weight decay are those of AdamW, and all other parameters by AdamW."""
    lr: Positive
    """Highest learning rate."""
    min_lr: NotNegative = 0.0
    """Learning rate at the end of the schedule."""
    z_loss: NotNegative = 0.0
    """Coefficient of the squared logarithm of the softmax's denominator, which is added to the loss (PaLM, arXiv
    2204.02311: 1e-4); 0 adds nothing."""
    weight_decay: NotNegative = 0.1
    """Decoupled weight decay; not on the norms' weights."""
    adam_beta1: Probability = 0.9
    """Decay of the mean of the gradients."""
    adam_beta2: Probability = 0.95
    """Decay of the mean of the squared gradients."""
    adam_eps: Positive = 1e-8
    """Added to the root of the mean square."""
    muon_momentum: Probability = 0.95
    """Decay of Muon's momentum, a sum of the gradients."""
    ema: Probability = 0.0
    """Decay of an exponential moving average of the weights, such as 0.999, kept beside them in the checkpoints, from
    which `ncvc checkpoint average --ema` takes it; 0 keeps none."""
    clip_grad: NotNegative = 1.0
    """Largest 2-norm of the gradient, which is scaled down to it; 0 never clips."""

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if self.min_lr > self.lr:
            raise ValueError(f"min_lr {self.min_lr} is above lr {self.lr}; lower min_lr")
        return self


class ScheduleConfig(Config):
    """Length of the run and size of its steps."""

    train_iters: Count
    """Steps of the optimizer in the whole run."""
    global_batch_size: Count
    """Samples of a step, over all ranks."""
    micro_batch_size: Count
    """Samples of one forward and backward pass of a rank; gradients are accumulated over the rest."""
    rampup: RampupConfig | None = None
    """Smaller steps at the beginning; null has `global_batch_size` from the first on. The learning rate goes by steps
    all the same."""
    lr_warmup_iters: WholeNumber
    """Steps in which the learning rate rises to `lr`, before `lr_decay_style`."""
    lr_warmup_style: Literal["linear", "logarithmic"] = "linear"
    """Shape of the rise at step n of w: `linear` n / w; `logarithmic` ln n / ln w, the default of DeepSpeed's
    WarmupCosineLR, whose first step has the learning rate 0."""
    lr_decay_style: Literal["cosine", "linear", "constant", "inverse_sqrt", "wsd"] = "cosine"
    """Shape behind the warm-up: `cosine` and `linear` reach `min_lr` in the last step; `inverse_sqrt` is
    lr · √(warm-up / step), at least `min_lr`; `wsd` (warm-up, stable, decay) is constant before the cool-down."""
    lr_cooldown_iters: WholeNumber = 0
    """Last steps, in which the learning rate of `wsd` or `inverse_sqrt` falls to `min_lr`."""
    lr_cooldown_style: Literal["linear", "minus_sqrt"] = "linear"
    """Shape of that fall at its share x: 1 - x, or 1 - √x."""
    eval_interval: Count = 1000
    """Steps between two validations, if `data` names something to validate on; one more precedes the first step, one
    follows the last."""
    eval_iters: Count = 100
    """Most global batches that a validation reads of each source."""

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if self.lr_warmup_iters >= self.train_iters:
            raise ValueError(
                f"lr_warmup_iters {self.lr_warmup_iters} leaves nothing of train_iters {self.train_iters};"
                " make it smaller"
            )
        if (self.lr_decay_style == "wsd") > (self.lr_cooldown_iters > 0):
            raise ValueError("lr_decay_style wsd needs lr_cooldown_iters; a tenth of train_iters is usual")
        if self.lr_cooldown_iters and self.lr_decay_style not in ("wsd", "inverse_sqrt"):
            raise ValueError(
                f"lr_cooldown_iters belongs to lr_decay_style wsd or inverse_sqrt, not {self.lr_decay_style};"
                " set it to 0"
            )
        if self.lr_warmup_iters + self.lr_cooldown_iters > self.train_iters:
            raise ValueError(
                f"lr_warmup_iters {self.lr_warmup_iters} and lr_cooldown_iters {self.lr_cooldown_iters} are more than"
                f" train_iters {self.train_iters}; make them smaller"
            )
        if self.lr_warmup_style == "logarithmic" and self.lr_warmup_iters == 1:
            raise ValueError("lr_warmup_iters 1 is no logarithmic rise; make it larger, or 0")
        if self.global_batch_size % self.micro_batch_size:
            raise ValueError(
                f"global_batch_size {self.global_batch_size} must be a multiple of"
                f" micro_batch_size {self.micro_batch_size}"
            )
        if self.rampup is not None:
            require_possible_rampup(self.rampup, self.global_batch_size, self.micro_batch_size)
        return self


class TrainConfig(Config):
    """A training run. Paths are relative to the folder in which the command is started."""

    extendable = True

    run: Annotated[str, pydantic.Field(min_length=1), pydantic.AfterValidator(at_home)]
    """Run folder: config.yaml, log.jsonl, tensorboard/, checkpoints/. Starting again resumes the run in it."""
    seed: Annotated[int, pydantic.Field(ge=0, lt=2**32)] = 1234
    """Seed of initial weights, order of the samples and dropout."""
    model: ModelConfig
    data: DataConfig
    optimizer: OptimizerConfig
    schedule: ScheduleConfig
    stages: list[StageConfig] = pydantic.Field(default_factory=list)
    """Changes of the data's weights, the learning rate or the length of a sample that are planned ahead, such as
    `- {from: 19200, blend: [1, 9]}`."""
    checkpoints: CheckpointConfig
    parallel: ParallelConfig = ParallelConfig()
    compute: ComputeConfig = ComputeConfig()
    logging: LoggingConfig = LoggingConfig()
    guard: GuardConfig = GuardConfig()
    watch: WatchConfig = WatchConfig()
    alerts: AlertsConfig = AlertsConfig()
    evaluation: EvaluationConfig | None = None
    """Benchmarks at checkpoints that are kept for ever; null measures none."""

    @property
    def folder(self) -> Path:
        """Path of the run folder."""
        return Path(self.run)

    @property
    def warnings(self) -> list[str]:
        """Sentences about checkpoints that are kept or measured less often than the config seems to say."""
        found = [self.checkpoints.warning] if self.checkpoints.warning else []
        if self.evaluation and self.evaluation.every < self.schedule.train_iters:
            steps = range(self.evaluation.every, self.schedule.train_iters, self.evaluation.every)
            if not any(step % self.checkpoints.save_interval == 0 and self.checkpoints.is_kept(step) for step in steps):
                found.append(
                    f"evaluation.every {self.evaluation.every}: no such step has a checkpoint that is kept for ever"
                    f" (checkpoints.keep_interval {self.checkpoints.keep_interval}), so only the last one is measured"
                )
        return found

    @property
    def longest_sequence(self) -> int:
        """Tokens of the longest training sample in any stage."""
        return max(self.data.sequence_length, *(stage.seq_length or 0 for stage in self.stages), 0)

    @property
    def tokens_per_step(self) -> int:
        """Tokens of one step of the optimizer, over all ranks, as far as no stage has another length."""
        return self.schedule.global_batch_size * self.data.sequence_length

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if self.data.sequence_length > self.model.max_position_embeddings:
            raise ValueError(
                f"data.sequence_length {self.data.sequence_length} is above"
                f" model.max_position_embeddings {self.model.max_position_embeddings}; lower it"
            )
        if self.data.document_mask and self.compute.core_attention not in ("sdpa", "flash_attn"):
            raise ValueError(
                f"compute.core_attention {self.compute.core_attention} cannot keep attention within documents; set it"
                " to sdpa or flash_attn, or data.document_mask to false"
            )
        for name in ("init_from", "branch_from"):
            start = getattr(self.checkpoints, name)
            if start is not None and Path(start).absolute().is_relative_to(self.folder.absolute()):
                raise ValueError(
                    f"checkpoints.{name} lies in run {self.run}; name another folder as run, or leave {name} out"
                    " to go on with that run"
                )
        tensor = self.parallel.tensor_model_parallel_size
        for name in ("num_attention_heads", "num_query_groups", "ffn_hidden_size", "vocab_size"):
            if getattr(self.model, name) % tensor:
                raise ValueError(
                    f"model.{name} {getattr(self.model, name)} does not divide by"
                    f" parallel.tensor_model_parallel_size {tensor}"
                )
        if self.parallel.sequence_parallel and self.data.sequence_length % tensor:
            raise ValueError(
                f"data.sequence_length {self.data.sequence_length} does not divide by"
                f" parallel.tensor_model_parallel_size {tensor}, as sequence_parallel needs"
            )
        pipeline = self.parallel.pipeline_model_parallel_size
        if self.model.num_layers % pipeline:
            raise ValueError(
                f"model.num_layers {self.model.num_layers} does not divide by"
                f" parallel.pipeline_model_parallel_size {pipeline}"
            )
        require_possible_stages(
            self.stages,
            train_iters=self.schedule.train_iters,
            prefixes=self.data.prefixes,
            weights=self.data.weights,
            min_lr=self.optimizer.min_lr,
            longest=self.model.max_position_embeddings,
            divisor=tensor if self.parallel.sequence_parallel else 1,
        )
        require_order(self.stages, self.data.order)
        if self.optimizer.z_loss and self.compute.cross_entropy_fusion_impl not in ("auto", "none"):
            raise ValueError(
                "optimizer.z_loss needs the softmax's denominators, which compute.cross_entropy_fusion_impl"
                f" {self.compute.cross_entropy_fusion_impl} does not give; set it to auto, or z_loss to 0"
            )
        return self

    @property
    def arithmetic(self) -> ComputeConfig:
        """`compute`, with the cross entropy that is not fused where a z-loss is added to it."""
        if not self.optimizer.z_loss:
            return self.compute
        return self.compute.model_copy(update={"cross_entropy_fusion_impl": "none"})

    def branch(self, step: int) -> "TrainConfig":
        """Returns the config of a run of its own that begins behind a step of this run."""
        values = self.model_dump(mode="json")
        values["run"] = f"{self.run}-from-{step}"
        values["checkpoints"]["init_from"] = None
        values["checkpoints"]["branch_from"] = str(self.folder / "checkpoints" / f"step_{step:08}")
        return TrainConfig.model_validate(values)

    def data_parallel_size(self, world_size: int) -> int:
        """Number of data-parallel copies of the model among `world_size` ranks.

        Raises `ValueError` if the ranks or the batch do not divide.
        """
        parallel, schedule = self.parallel, self.schedule
        shared = parallel.tensor_model_parallel_size * parallel.pipeline_model_parallel_size
        if world_size % shared:
            raise ValueError(
                f"{world_size} ranks do not divide by tensor × pipeline parallel = {shared};"
                f" set parallel.nproc_per_node so that nodes × nproc_per_node is a multiple of {shared}"
            )
        copies = world_size // shared
        at_once = schedule.micro_batch_size * copies
        sizes = {"global_batch_size": schedule.global_batch_size}
        if schedule.rampup is not None:
            sizes |= {"rampup.start": schedule.rampup.start, "rampup.increment": schedule.rampup.increment}
        for name, size in sizes.items():
            if size % at_once:
                raise ValueError(
                    f"schedule.{name} {size} must be a multiple of micro_batch_size × data-parallel ranks = {at_once}"
                )
        return copies
