"""Settings of a tuning with their units and the papers' values (technical report 2.4.2)."""

from pathlib import Path
from typing import Annotated, Literal, Self

import pydantic

from ncvc.config import Config
from ncvc.model.config import Count, NotNegative, Positive, Probability, WholeNumber
from ncvc.train.home_path import OwnPath, at_home

MANY_EPOCHS = 10
"""Epochs of the papers' tuning (technical report 2.4.2)."""
Method = Literal["full", "lora", "qlora", "continued", "dpo", "grpo"]


class DataConfig(Config):
    """JSON lines to tune on. Paths are relative to the folder in which the command is started."""

    train: Annotated[list[OwnPath], pydantic.Field(min_length=1)]
    """Files of JSON lines: conversations (`messages`; or `instruction`, `input`, `output`; or `question`, `answer`);
    for `continued` documents (`text`); for `dpo` a prompt with `chosen` and `rejected`; for `grpo` one with
    `answer`."""
    validation: list[OwnPath] = pydantic.Field(default_factory=list)
    """Files whose loss is reported by task (`task` of a row, else the file's name); not for `grpo`."""
    on_error: Literal["stop", "quarantine"] = "stop"
    """Stops at rows that cannot be used, or sets them aside: counted, and named by line in `bad_rows.jsonl`."""
    max_length: Annotated[int, pydantic.Field(ge=8)]
    """Tokens of the longest sample."""
    too_long: Literal["bad", "cut"] = "bad"
    """Longer conversations: rows that cannot be used, or cut at the end. Longer documents are always split."""
    packing: bool = False
    """Packs several samples end to end into one of `max_length` instead of padding; attention and positions stay within
    a sample. Noise of NEFTune is scaled by the length of all of it."""


class OptimizerConfig(Config):
    """AdamW and gradient clipping."""

    lr: Positive = 1e-4
    """Highest learning rate."""
    weight_decay: NotNegative = 0.01
    """Decoupled weight decay; not on biases and norms' weights."""
    adam_beta1: Probability = 0.9
    """Decay of the mean of the gradients."""
    adam_beta2: Probability = 0.95
    """Decay of the mean of the squared gradients."""
    adam_eps: Positive = 1e-8
    """Added to the root of the mean square."""
    clip_grad: NotNegative = 1.0
    """Largest 2-norm of the gradient, which is scaled down to it; 0 never clips."""


class ScheduleConfig(Config):
    """Length of the tuning and size of its steps."""

    train_iters: Count
    """Steps of the optimizer; an epoch's last step has the samples that are left."""
    global_batch_size: Count
    """Samples of a step, over all processes; with packing, packed ones."""
    micro_batch_size: Count
    """Samples of one forward and backward pass of a process; gradients are accumulated over the rest."""
    lr_warmup_iters: WholeNumber = 50
    """Steps in which the learning rate rises to `lr`: n / w in step n."""
    lr_decay_style: Literal["cosine", "linear", "constant"] = "cosine"
    """Shape behind the warm-up; `cosine` and `linear` reach 0 in the last step."""
    eval_interval: Count = 100
    """Steps between two validations; one more precedes the first step, one follows the last."""

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if self.lr_warmup_iters >= self.train_iters:
            raise ValueError(
                f"lr_warmup_iters {self.lr_warmup_iters} leaves nothing of train_iters {self.train_iters};"
                " make it smaller"
            )
        if self.global_batch_size % self.micro_batch_size:
            raise ValueError(
                f"global_batch_size {self.global_batch_size} must be a multiple of"
                f" micro_batch_size {self.micro_batch_size}"
            )
        return self


class LoraConfig(Config):
    """Low-rank adapters (arXiv 2106.09685); for `full` and `continued` in place of all weights."""

    rank: Count = 8
    """Rank of an adapter; PEFT's default."""
    alpha: Count = 8
    """Scale: an adapter's product is multiplied by `alpha / rank`; PEFT's default."""
    dropout: Probability = 0.0
    """Dropout before an adapter; PEFT's default."""
    targets: Literal["attention", "all"] | list[str] = "all"
    """Matrices with an adapter: `attention` queries and values, or the one matrix of queries, keys and values (PEFT's
    default); `all` of the layers (QLoRA's); or their names."""


class DpoConfig(Config):
    """Direct preference optimization (arXiv 2305.18290)."""

    beta: Positive = 0.1
    """Weight of the distance from the model before; TRL's default."""


class GrpoConfig(Config):
    """Group relative policy optimization (arXiv 2402.03300) with exact-match rewards."""

    generations: Annotated[int, pydantic.Field(ge=2)] = 8
    """Answers that are drawn for a question and compared; TRL's default."""
    max_new_tokens: Count = 32
    """Longest answer in tokens."""
    temperature: Positive = 1.0
    """Divides the logits of the drawn answers; TRL's default."""
    beta: NotNegative = 0.0
    """Weight of the distance from the model before; TRL's default."""


class CheckpointConfig(Config):
    """Saving and retention of checkpoints."""

    save_interval: Count = 100
    """Steps between two checkpoints; the last step is saved too."""
    keep_last: Count = 2
    """Number of newest checkpoints to keep."""


class ComputeConfig(Config):
    """Arithmetic."""

    dtype: Literal["float32", "bfloat16"] = "bfloat16"
    """Type of the products; weights that are trained are kept in float32."""
    recompute: bool = False
    """Computes the layers' activations again in the backward pass (gradient checkpointing), for less memory."""
    attention_dropout: Probability | None = None
    """Dropout of the attention weights; null is that of the folder's config."""
    threads: WholeNumber = 0
    """Threads of a process on a CPU; 0 is torch's choice."""


class LoggingConfig(Config):
    """Console and TensorBoard."""

    log_interval: Count = 1
    """Steps between lines on the console; log.jsonl and TensorBoard get every step."""
    tensorboard: bool = True
    """Writes `tensorboard/` in the run folder."""


class TuneConfig(Config):
    """A tuning. Paths are relative to the folder in which the command is started."""

    extendable = True

    run: Annotated[str, pydantic.Field(min_length=1), pydantic.AfterValidator(at_home)]
    """Run folder: config.yaml, log.jsonl, tensorboard/, checkpoints/. Starting again resumes the run in it."""
    base: Annotated[str, pydantic.Field(min_length=1), pydantic.AfterValidator(at_home)]
    """Folder of the model: of `ncvc convert --to hf`, or any that stock transformers loads as a causal language
    model."""
    output: Annotated[str, pydantic.Field(min_length=1), pydantic.AfterValidator(at_home)]
    """New folder of the tuned model, with merged adapters."""
    output_dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    """Type of its weights."""
    seed: Annotated[int, pydantic.Field(ge=0, lt=2**32)] = 1234
    """Seed of the order of the samples, dropout, noise, new rows and adapters."""
    method: Method = "full"
    """`full`: all weights, on conversations; `lora`, `qlora`: adapters, on weights as they are or rounded to 4 bits
    (which needs a GPU and bitsandbytes); `continued`: on documents; `dpo`: on preferences; `grpo`: on answers'
    rewards."""
    template: Literal["chat", "instruction"] = "chat"
    """Form of a conversation: the model's chat template, which models of ncvc get with three tokens; or plain text
    under `### Instruction:` and `### Response:`, as in Alpaca, with no new tokens."""
    data: DataConfig
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig
    neftune_alpha: NotNegative = 0.0
    """Strength α of the noise on the embedding's output (NEFTune, arXiv 2310.05914): uniform within ± α / √(L·d), for L
    tokens of a row of the micro-batch and d features, before a multiplication by √d; the papers' is 5."""
    lora: LoraConfig | None = None
    """Adapters; null are PEFT's defaults for `lora` and `qlora`, and none for the other methods."""
    dpo: DpoConfig = DpoConfig()
    grpo: GrpoConfig = GrpoConfig()
    checkpoints: CheckpointConfig = CheckpointConfig()
    compute: ComputeConfig = ComputeConfig()
    logging: LoggingConfig = LoggingConfig()

    @property
    def folder(self) -> Path:
        """Path of the run folder."""
        return Path(self.run)

    @property
    def adapters(self) -> LoraConfig | None:
        """Settings of the adapters; None where all weights are trained."""
        return self.lora or (LoraConfig() if self.method in ("lora", "qlora") else None)

    def epochs(self, samples: int) -> float:
        """Number of times that the data are read, by the samples of an epoch, whose last step has what is left."""
        size = self.schedule.global_batch_size
        if self.method == "grpo":  # its steps count answers
            size //= self.grpo.generations
        return self.schedule.train_iters / max(1, -(-samples // size))

    def warnings(self, samples: int) -> list[str]:
        """Sentences about what a start accepts and is probably a mistake, by the samples of an epoch."""
        if (epochs := self.epochs(samples)) <= MANY_EPOCHS or not samples:
            return []
        return [
            f"the tuning reads {samples:,} samples {epochs:,.0f} times, and the papers {MANY_EPOCHS} times; a model"
            " repeats what it reads so often, patients' data too; add samples, or lower schedule.train_iters"
        ]

    @property
    def files(self) -> list[Path]:
        """Every file of data."""
        return [Path(name) for name in (*self.data.train, *self.data.validation)]

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        places = {name: Path(getattr(self, name)).absolute() for name in ("run", "base", "output")}
        for name, other in (("run", "base"), ("run", "output"), ("base", "output")):
            if places[name].is_relative_to(places[other]) or places[other].is_relative_to(places[name]):
                raise ValueError(f"{name} and {other} are one folder, or one lies in the other; name two folders")
        if self.method == "grpo":
            if self.data.validation:
                raise ValueError("data.validation has no loss with method grpo; leave it out")
            if self.schedule.global_batch_size % self.grpo.generations:
                raise ValueError(
                    f"schedule.global_batch_size {self.schedule.global_batch_size} counts answers, and must be a"
                    f" multiple of grpo.generations {self.grpo.generations}"
                )
        if self.data.packing and self.method in ("dpo", "grpo"):
            raise ValueError(f"data.packing is not for method {self.method}; set it to false")
        if self.neftune_alpha and self.method == "grpo":
            raise ValueError("neftune_alpha would disturb the answers that method grpo draws; set it to 0")
        if self.template == "instruction" and self.method in ("continued", "dpo", "grpo"):
            raise ValueError(f"template instruction is not for method {self.method}; leave it out")
        return self
