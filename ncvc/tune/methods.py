"""One of TRL's trainers for each method, with its data."""

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

import ncvc.tune.quiet  # noqa: F401  (before trl)
from ncvc.data.rows import Message
from ncvc.errors import ConfigError
from ncvc.machine import cpu_warnings
from ncvc.train.elastic.stop_signal import StopRequest
from ncvc.tune.checkpoints import hidden_folder
from ncvc.tune.config import TuneConfig
from ncvc.tune.counted_positions import leave_others_out
from ncvc.tune.log import TuneLog
from ncvc.tune.model import adapter_config, load_for_tuning
from ncvc.tune.names import require_same_names
from ncvc.tune.prepare import Prepared
from ncvc.tune.rewards import reward
from ncvc.tune.rows import Row
from ncvc.tune.samples import Sample
from ncvc.tune.trainer import Promises, promising
from ncvc.tune.validate import Validation


@dataclass
class Tuning:
    """A trainer that is ready to start."""

    config: TuneConfig
    prepared: Prepared
    trainer: Any
    promises: Promises
    trained: int
    """Parameters that are trained."""
    parameters: int

    def sizes(self) -> dict[str, Any]:
        """Facts for the log."""
        return {
            "parameters": self.parameters,
            "trained_parameters": self.trained,
            "world_size": self.trainer.args.world_size,
            "samples": self.prepared.count,
        }

    def describe(self) -> str:
        """Sentences on model, method, data and noise, for people."""
        config, args = self.config, self.trainer.args
        device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
        of = "" if self.trained == self.parameters else f", {self.trained:,} of them trained"
        slow = [] if torch.cuda.is_available() else cpu_warnings(config.compute.dtype)
        samples = len(self.trainer.train_dataset)  # packed ones, with packing
        lines = [
            f"{config.run}: method {config.method} on {config.base}",
            f"model: {self.parameters:,} parameters{of}, products in {config.compute.dtype}"
            f", {args.world_size} × {device}",
            f"data: {self.prepared.count:,} samples, about {config.epochs(samples):.2f} epochs",
            *(f"WARNING: {warning}" for warning in [*config.warnings(samples), *slow]),
        ]
        if self.prepared.base.new_tokens:
            lines.append(f"new tokens: {', '.join(self.prepared.base.new_tokens)}")
        if noise := noise_sentence(config, self.prepared.base.embedding_factor):
            lines.append(noise)
        return "\n".join(lines)


def noise_sentence(config: TuneConfig, factor: float) -> str:
    """Says how large NEFTune's noise is, and what padding or packing does to it; empty without noise."""
    if not config.neftune_alpha:
        return ""
    scaled = f" · {factor:.4g}, since the embedding holds a product with √d" if factor != 1 else ""
    length = (
        "packed: L is the length of all samples of a micro-batch end to end, so that each gets less noise than alone"
        if config.data.packing
        else "padded: L is the length of a micro-batch's longest sample, so that shorter ones get less noise than alone"
    )
    return f"NEFTune: uniform noise within ± {config.neftune_alpha:g} / √(L·d){scaled}; {length}"


def build(config: TuneConfig, prepared: Prepared, log: TuneLog, stop: StopRequest, facts: dict[str, Any]) -> Tuning:
    """Loads the model and makes the method's trainer."""
    base = prepared.base
    model = load_for_tuning(base)
    leave_others_out()
    promises = Promises(config, log, stop, facts)
    require_same_names(base, model)
    adapters = adapter_config(model, config, len(base.new_tokens))
    tokenizer = base.stock
    options = {"model": model, "processing_class": tokenizer, "peft_config": adapters, "promises": promises}
    match config.method:
        case "dpo":
            trainer = _dpo(config, prepared, options)
        case "grpo":
            trainer = _grpo(config, prepared, options)
        case _:
            trainer = _sft(config, prepared, options)
    counts = [(parameter.numel(), parameter.requires_grad) for parameter in trainer.model.parameters()]
    trained = sum(size for size, is_trained in counts if is_trained)
    return Tuning(config, prepared, trainer, promises, trained, sum(size for size, _ in counts))


def _sft(config: TuneConfig, prepared: Prepared, options: dict[str, Any]) -> Any:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer, pack_dataset
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    data = Dataset.from_dict(
        {
            "input_ids": [sample.ids for sample in prepared.samples],
            "labels": [sample.labels for sample in prepared.samples],
        }
    )
    packing = config.data.packing
    if packing:
        data = pack_dataset(data.shuffle(seed=config.seed), config.data.max_length, "bfd")
    pad = prepared.base.end
    collate = DataCollatorForLanguageModeling(pad_token_id=pad)
    promises: Promises = options["promises"]
    if prepared.validation:
        tasks: dict[str, list[Sample]] = defaultdict(list)
        for sample in prepared.validation:
            tasks[sample.task].append(sample)
        promises.validation = Validation(promises.log, tasks, collate, config.schedule.micro_batch_size)
    arguments = SFTConfig(
        **common_arguments(config, prepared.base.embedding_factor),
        dataset_kwargs={"skip_prepare_dataset": True},
        shuffle_dataset=False,
        max_length=None,
        packing=False,
    )
    return promising(SFTTrainer)(
        args=arguments,
        train_dataset=data,
        eval_dataset=data.select([0]) if prepared.validation else None,
        data_collator=DataCollatorForLanguageModeling(pad_token_id=pad, padding_free=packing),
        **options,
    )


def common_arguments(config: TuneConfig, embedding_factor: float) -> dict[str, Any]:
    """Arguments of every trainer; raises `ConfigError` where the batch does not divide by the processes."""
    schedule, optimizer = config.schedule, config.optimizer
    world = int(os.environ.get("WORLD_SIZE", "1"))
    at_once = schedule.micro_batch_size * world
    if schedule.global_batch_size % at_once:
        raise ConfigError(
            f"schedule.global_batch_size {schedule.global_batch_size} must be a multiple of micro_batch_size"
            f" {schedule.micro_batch_size} times {world} processes"
        )
    validates = bool(config.data.validation)
    return {
        "output_dir": str(hidden_folder(config.folder)),
        "per_device_train_batch_size": schedule.micro_batch_size,
        "gradient_accumulation_steps": schedule.global_batch_size // at_once,
        "max_steps": schedule.train_iters,
        "learning_rate": optimizer.lr,
        "weight_decay": optimizer.weight_decay,
        "adam_beta1": optimizer.adam_beta1,
        "adam_beta2": optimizer.adam_beta2,
        "adam_epsilon": optimizer.adam_eps,
        "max_grad_norm": optimizer.clip_grad,
        "optim": "adamw_torch",
        "neftune_noise_alpha": config.neftune_alpha * embedding_factor or None,
        "bf16": config.compute.dtype == "bfloat16",
        "use_cpu": not torch.cuda.is_available(),
        "gradient_checkpointing": config.compute.recompute,
        "seed": config.seed,
        "data_seed": config.seed,
        "logging_steps": 1,
        "logging_first_step": True,
        "logging_nan_inf_filter": False,
        "report_to": "none",
        "disable_tqdm": True,
        "save_strategy": "steps",
        "save_steps": config.checkpoints.save_interval,
        "eval_strategy": "steps" if validates else "no",
        "eval_steps": schedule.eval_interval,
        "eval_on_start": validates,
        "push_to_hub": False,
    }


def _dpo(config: TuneConfig, prepared: Prepared, options: dict[str, Any]) -> Any:
    """Direct preference optimization; the model before is computed once, since it does not change."""
    from trl import DPOConfig, DPOTrainer
    from trl.trainer.dpo_trainer import DataCollatorForPreference

    # The file in which TRL keeps what it computes once is seen by one process only.
    alone = int(os.environ.get("WORLD_SIZE", "1")) == 1
    arguments = DPOConfig(
        **common_arguments(config, prepared.base.embedding_factor),
        beta=config.dpo.beta,
        max_length=None,
        disable_dropout=config.compute.attention_dropout is None,
        precompute_ref_log_probs=alone,
    )

    class Encoded(promising(DPOTrainer)):  # type: ignore[misc]  # a class that is made here
        """A trainer whose data are encoded already, by the form of the model."""

        def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
            return dataset

    return Encoded(
        ref_model=None if alone or config.adapters else load_for_tuning(prepared.base),
        args=arguments,
        train_dataset=preferences(prepared, prepared.rows),
        eval_dataset=preferences(prepared, prepared.validation_rows) if prepared.validation_rows else None,
        data_collator=DataCollatorForPreference(pad_token_id=prepared.base.end),
        **options,
    )


def preferences(prepared: Prepared, rows: Sequence[Row]) -> Any:
    """A dataset of ids: `prompt_ids`, `chosen_ids`, `rejected_ids`."""
    from datasets import Dataset

    form = prepared.base.form
    found: dict[str, list[list[int]]] = {"prompt_ids": [], "chosen_ids": [], "rejected_ids": []}
    for row in rows:
        prompt = form.encode(row.messages, prompt=True).ids
        found["prompt_ids"].append(prompt)
        for name in ("chosen", "rejected"):
            answer = Message(role="assistant", content=getattr(row, name))
            found[f"{name}_ids"].append(form.encode([*row.messages, answer]).ids[len(prompt) :])
    return Dataset.from_dict(found)


def _grpo(config: TuneConfig, prepared: Prepared, options: dict[str, Any]) -> Any:
    """Group relative policy optimization; an answer is worth 1 if it is the right one, else 0."""
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    tokenizer, form = prepared.base.tokenizer, prepared.base.form
    arguments = GRPOConfig(
        **common_arguments(config, prepared.base.embedding_factor),
        num_generations=config.grpo.generations,
        max_completion_length=config.grpo.max_new_tokens,
        temperature=config.grpo.temperature,
        beta=config.grpo.beta,
        use_vllm=False,
        log_completions=False,
    )
    rows = prepared.rows

    class Encoded(promising(GRPOTrainer)):  # type: ignore[misc]  # a class that is made here
        """A trainer that encodes and decodes by the form of the model."""

        def _tokenize_prompts(self, prompts: list[str]) -> tuple[list[list[int]], None, dict[str, Any]]:
            own = [form.encode(rows[int(number)].messages, prompt=True).ids for number in prompts]
            return own, None, {}

    def exact_match(completion_ids: list[list[int]], answer: list[str], **_: Any) -> list[float]:
        return [reward(tokenizer.decode(ids), right) for ids, right in zip(completion_ids, answer, strict=True)]

    # A prompt is the number of its row: the trainer would encode text by a tokenizer that does not clean it.
    data = Dataset.from_dict(
        {"prompt": [str(number) for number in range(len(rows))], "answer": [row.answer for row in rows]}
    )
    return Encoded(reward_funcs=exact_match, args=arguments, train_dataset=data, **options)
