"""Plan of a tuning, without starting it: tokens, memory, time; needs of the base no more than its `config.json`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ncvc.errors import ConfigError
from ncvc.hf.folder import SINGLE, read_config
from ncvc.machine import gpus
from ncvc.train.preflight.gpu_specs import GpuSpec, find_gpu_spec
from ncvc.tune.config import TuneConfig
from ncvc.tune.prepare import Prepared, prepare
from ncvc.units import duration, short, size

MFU = 0.4
"""Share of its peak that a GPU is assumed to reach."""
FOUR_BITS = 0.516
"""Bytes of a weight in NF4 with double quantization: 4 bits, and 0.127 for the scales (arXiv 2305.14314, section 3)."""
ADAM = 16
"""Bytes of a trained parameter: weight, gradient and two moments in float32."""


@dataclass(frozen=True)
class Plan:
    """Needs of a tuning."""

    config: TuneConfig
    parameters: int
    trained: int
    samples: int | None
    """None where the data are not there."""
    tokens: int | None
    """Tokens of an epoch."""
    counted: int | None
    """Tokens of an epoch whose loss counts."""
    bad: int
    weights: float
    """Bytes of weights, gradients and moments."""
    activations: float
    """Bytes of the activations of a micro-batch, estimated."""
    gpu: GpuSpec | None
    mfu: float
    tokens_at_most: int
    """Tokens of the whole tuning: measured from the data, else all samples of the greatest length."""

    @property
    def packed(self) -> int:
        """Samples of an epoch, as few as they can be with packing; 0 where the data are not there."""
        if self.config.data.packing and self.tokens is not None:
            return -(-self.tokens // self.config.data.max_length)
        return self.samples or 0

    @property
    def warnings(self) -> list[str]:
        """Sentences about what a start accepts and is probably a mistake."""
        return self.config.warnings(self.packed)

    @property
    def memory(self) -> float:
        """Bytes that a process needs."""
        return self.weights + self.activations

    @property
    def flops(self) -> float:
        """Operations of the whole tuning: 2 a parameter and token forward, 2 backward, 2 more where it is trained."""
        again = 2 * self.parameters if self.config.compute.recompute else 0
        return self.tokens_at_most * (4 * self.parameters + 2 * self.trained + again)

    @property
    def seconds(self) -> float | None:
        """Time on one GPU; None without one whose peak is known."""
        return self.flops / (self.gpu.tflops * 1e12 * self.mfu) if self.gpu and self.gpu.tflops else None

    def summary(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {
            "method": self.config.method,
            "steps": self.config.schedule.train_iters,
            "parameters": self.parameters,
            "trained_parameters": self.trained,
            "samples": self.samples,
            "bad_rows": self.bad,
            "tokens_of_an_epoch": self.tokens,
            "counted_tokens_of_an_epoch": self.counted,
            "tokens": self.tokens_at_most,
            "memory": round(self.memory),
            "flops": self.flops,
            "gpu": self.gpu.name if self.gpu else None,
            "seconds": self.seconds,
            "warnings": self.warnings,
        }

    def lines(self) -> list[str]:
        """The plan for people."""
        config = self.config
        of = "all" if self.trained == self.parameters else f"{self.trained:,} ({self.trained / self.parameters:.2%})"
        samples = config.schedule.train_iters * config.schedule.global_batch_size
        lines = [
            f"model    {self.parameters:,} parameters, trained: {of}",
            f"steps    {config.schedule.train_iters:,} of {config.schedule.global_batch_size:,} samples:"
            f" {samples:,} samples",
        ]
        if self.samples is not None and self.tokens is not None:
            lines.append(
                f"data     {self.samples:,} samples, {self.tokens:,} tokens, {self.counted:,} of them count;"
                f" {config.epochs(self.packed):.2f} epochs; {self.bad:,} bad rows"
            )
        else:
            lines.append(f"data     not there: reckoned with samples of {config.data.max_length:,} tokens")
        lines.append(f"tokens   {short(self.tokens_at_most)} in all")
        fits = ""
        if self.gpu:
            within = self.memory <= self.gpu.memory * 2**30
            fits = f": {'fits' if within else 'does NOT fit'} on {self.gpu.name} with {self.gpu.memory:.0f} GiB"
        lines.append(
            f"memory   {size(round(self.memory))} a process: weights, gradients and moments"
            f" {size(round(self.weights))}, activations about {size(round(self.activations))}{fits}"
        )
        if self.seconds is not None and self.gpu:
            lines.append(
                f"time     about {duration(self.seconds)} on one {self.gpu.name} at {self.mfu:.0%} of its peak"
            )
        else:
            lines.append("time     not known: name a card with --gpu")
        return [*lines, *(f"WARNING  {warning}" for warning in self.warnings)]


def plan(config: TuneConfig, gpu: str | None = None, mfu: float | None = None) -> Plan:
    """Reckons what a tuning needs; raises an `NcvcError` for a base or data that cannot be used."""
    card = _card(gpu)
    prepared = _prepared(config)
    parameters, trained = _parameters(config, len(prepared.base.new_tokens) if prepared else 0)
    samples = config.schedule.train_iters * config.schedule.global_batch_size
    tokens = counted = count = None
    longest = config.data.max_length
    at_most = samples * longest
    if prepared and prepared.samples:
        count = len(prepared.samples)
        tokens = sum(len(sample.ids) for sample in prepared.samples)
        counted = sum(sum(sample.counts[1:]) for sample in prepared.samples)
        longest = max(len(sample.ids) for sample in prepared.samples)
        at_most = samples * longest if config.data.packing else round(samples * tokens / count)
    elif prepared:
        count = len(prepared.rows)
    return Plan(
        config=config,
        parameters=parameters,
        trained=trained,
        samples=count,
        tokens=tokens,
        counted=counted,
        bad=len(prepared.bad) if prepared else 0,
        weights=_weight_bytes(config, parameters, trained),
        activations=_activation_bytes(config, longest),
        gpu=card,
        mfu=mfu or MFU,
        tokens_at_most=at_most,
    )


def _prepared(config: TuneConfig) -> Prepared | None:
    """Opens base and data; None where there is only a `config.json`, or no data so far."""
    folder = Path(config.base)
    weights = list(folder.glob("*.safetensors*")) or (folder / SINGLE).exists()
    if not weights or not all(path.exists() for path in config.files):
        read_config(folder)
        return None
    return prepare(config)


def _parameters(config: TuneConfig, new_tokens: int) -> tuple[int, int]:
    """Parameters of the model, built without storage, and those that are trained."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        own = AutoConfig.from_pretrained(config.base, local_files_only=True, trust_remote_code=False)
        model = AutoModelForCausalLM.from_config(own, trust_remote_code=False)
    width = model.get_input_embeddings().weight.shape[1]
    tied = bool(getattr(own, "tie_word_embeddings", False))
    rows = new_tokens * width * (1 if tied else 2)
    whole = sum(parameter.numel() for parameter in model.parameters()) + rows
    lora = config.adapters
    if lora is None:
        return whole, whole
    from ncvc.tune.model import target_names

    names = set(target_names(model, lora))
    matrices = [module for name, module in model.named_modules() if name.rsplit(".", 1)[-1] in names]
    trained = sum(lora.rank * sum(module.weight.shape) for module in matrices if hasattr(module, "weight"))
    if new_tokens:  # embedding and head are trained whole
        trained += (model.get_input_embeddings().weight.shape[0] + new_tokens) * width * (1 if tied else 2)
    return whole + trained, trained


def _weight_bytes(config: TuneConfig, parameters: int, trained: int) -> float:
    below = parameters - trained if config.adapters else 0
    stored = FOUR_BITS if config.method == "qlora" else 2 if config.compute.dtype == "bfloat16" else 4
    copy = 2 * trained if config.compute.dtype == "bfloat16" else 0  # what autocast makes of trained weights
    return below * stored + trained * ADAM + copy


def _activation_bytes(config: TuneConfig, longest: int) -> float:
    """Activations of a layer, 34·s·b·h bytes in 16 bits (arXiv 2205.05198, equation 2), or its input alone; logits."""
    own = read_config(Path(config.base))
    width = own.get("hidden_size") or own.get("n_embd") or 0
    layers = own.get("num_hidden_layers") or own.get("n_layer") or 0
    tokens = config.schedule.micro_batch_size * longest
    wide = 1 if config.compute.dtype == "bfloat16" else 2
    layer = 34 * tokens * width * wide
    kept = layer + layers * 2 * wide * tokens * width if config.compute.recompute else layers * layer
    return float(kept + 3 * 4 * tokens * own.get("vocab_size", 0))


def _card(name: str | None) -> GpuSpec | None:
    """The named GPU, or the one here; raises `ConfigError` for one that is not known."""
    if name is not None:
        found = find_gpu_spec(name)
        if found is None:
            raise ConfigError(f"--gpu {name}: not known; name one such as A100, H100 or RTX 6000 Ada")
        return found
    here = gpus()
    return find_gpu_spec(here[0].name) if here else None
