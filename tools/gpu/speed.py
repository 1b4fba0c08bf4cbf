"""The ceiling of matrix products, and tokens/s with each part switched on in turn."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from models import DEVICE, ON_GPU, PAPERS, SAMPLES, SMALL, Step, batch, one_of_several, one_rank, quiet, seconds

from ncvc.errors import ConfigError
from ncvc.model.config import ComputeConfig, ModelConfig
from ncvc.model.deterministic import add_in_order
from ncvc.model.kernels.linear import TorchProducts
from ncvc.model.kernels.select import choose
from ncvc.model.parallel import Ranks, seed_dropout
from ncvc.train.config import DataConfig, OptimizerConfig, ScheduleConfig, TrainConfig
from ncvc.train.operation_config import CheckpointConfig
from ncvc.train.preflight.flops import flops_per_token
from ncvc.train.preflight.memory import estimate

LOCAL = {
    "core_attention": "megatron",
    "apply_rope_fusion": False,
    "fused_residual_rmsnorm": False,
    "bias_dropout_fusion": False,
    "cross_entropy_fusion_impl": "none",
    "gradient_accumulation_fusion": False,
}
SDPA = {**LOCAL, "core_attention": "sdpa", "bias_dropout_fusion": True, "cross_entropy_fusion_impl": "native"}
ROPE = {**SDPA, "apply_rope_fusion": True}
NORM = {**ROPE, "fused_residual_rmsnorm": True}
LOSS = {**NORM, "cross_entropy_fusion_impl": "liger"}
PARTS: dict[str, dict[str, Any]] = {
    "local spec, DotProductAttention": LOCAL,
    "SDPA, bias-dropout fusion, native cross entropy": SDPA,
    "+ fused RoPE": ROPE,
    "+ RMSNorm with its residual": NORM,
    "+ liger cross entropy": LOSS,
    "what auto takes, dropout 0": {},
}
"""Each part switched on in turn. With weight gradients added in float32 comes what `auto` takes."""
AUTO = "what auto takes: + weight gradients added in float32"


def gemm(small: bool) -> Iterator[dict[str, Any]]:
    """TFLOP/s of products of random numbers: a large square, those of a layer and the head, and a weight gradient."""
    dtype = torch.bfloat16
    rows = 256 if small else 16384
    square = 256 if small else 8192
    model = SMALL if small else PAPERS
    shapes = {
        "square": (square, square, square),
        "fc1": (rows, model.hidden_size, model.ffn_hidden_size),
        "fc2": (rows, model.ffn_hidden_size, model.hidden_size),
        "proj": (rows, model.hidden_size, model.hidden_size),
        "head": (rows, model.hidden_size, model.vocab_size),
    }
    for name, (m, k, n) in shapes.items():
        a, b = torch.randn(m, k, device=DEVICE, dtype=dtype), torch.randn(k, n, device=DEVICE, dtype=dtype)
        yield product(name, (m, k, n), lambda a=a, b=b: a @ b)
    inputs = torch.randn(rows, model.hidden_size, device=DEVICE, dtype=dtype)
    d_out = torch.randn(rows, model.ffn_hidden_size, device=DEVICE, dtype=dtype)
    main_grad = torch.zeros(model.ffn_hidden_size, model.hidden_size, device=DEVICE)
    yield product(
        "fc1's weight gradient, in float32",
        (model.ffn_hidden_size, rows, model.hidden_size),
        lambda: TorchProducts.wgrad_gemm_accum_fp32(inputs, d_out, main_grad),
    )


def product(name: str, shape: tuple[int, int, int], function: Callable[[], Any]) -> dict[str, Any]:
    """The row of a product of [m, k] with [k, n]."""
    m, k, n = shape
    # Enough that the clock is the one that the card holds at this load.
    spent = seconds(function, repeats=100 if ON_GPU else 3, warmup=100 if ON_GPU else 1)
    return {"product": name, "shape": f"{m} × {k} × {n}", "TFLOP/s": 2 * m * k * n / spent / 1e12}


def speed(small: bool) -> Iterator[dict[str, Any]]:
    """What a training takes by itself, over micro-batches: the papers' first, and what may not fit last."""
    model, sizes = (SMALL, (4, 2)) if small else (PAPERS, (8, 4, 2, 16))
    for row in variant({}, model, sizes):
        yield {"variant": AUTO, **row}


def parts(small: bool) -> Iterator[dict[str, Any]]:
    """The parts in turn, at the papers' micro-batch."""
    for name, settings in PARTS.items():
        model = SMALL if small else PAPERS
        # Attention that keeps its weights has no room for more.
        sizes = (4,) if small else (2, 4) if settings is LOCAL else (8,)
        rows = variant(settings, quiet(model) if "dropout 0" in name else model, sizes)
        yield from one_of_several({"variant": name}, rows)
    add_in_order()  # which stays so in this process
    rows = variant({"deterministic_mode": True}, SMALL if small else PAPERS, (4,) if small else (8,))
    yield from one_of_several({"variant": "what auto takes, sums in one order"}, rows)


def variant(settings: dict[str, Any], model: ModelConfig, sizes: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Micro-batches of one; what does not fit into memory, or is not to be had, is said so."""
    compute = ComputeConfig(dtype="bfloat16" if ON_GPU else "float32", **settings)
    try:
        choose(compute, model, DEVICE)
    except ConfigError as error:
        yield {"skipped": str(error)}
        return
    with one_rank() as ranks:
        step = Step(model, compute)
        for size in sizes:
            yield {"micro-batch": size, **measure(step, model, size)}
        if compute.deterministic_mode:
            yield {"micro-batch": 1, "the same bits twice": "yes" if repeats_itself(step, model, ranks) else "NO"}


def repeats_itself(step: Step, model: ModelConfig, ranks: Ranks) -> bool:
    """Whether the gradients of one sample, dropout included, have the same bits a second time."""
    samples = batch(model, 1, model.max_position_embeddings)
    found = []
    for _ in range(2):
        seed_dropout(0, ranks)
        step.clear()
        step.gradients(samples)
        found.append(step.model.buffers[0].grad_data.clone())
    return torch.equal(*found)


def measure(step: Step, model: ModelConfig, size: int) -> dict[str, Any]:
    """Seconds of a micro-batch and of a step, and what follows."""
    length = model.max_position_embeddings
    samples = batch(model, size, length)
    repeats, warmup = (6, 3) if ON_GPU else (3, 1)

    def last_micro_batch() -> None:
        step.clear()
        step.gradients(samples)

    if ON_GPU:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    try:
        step.clear()
        with step.model.no_sync():
            micro = seconds(lambda: step.gradients(samples), repeats=repeats, warmup=warmup)
        after = seconds(step.update, repeats=3, warmup=1, before=last_micro_batch)
    except torch.OutOfMemoryError:
        return {"skipped": "does not fit into memory"}
    whole = SAMPLES / size * micro + after
    rate = SAMPLES * length / whole
    row = {
        "tokens/s": rate,
        "TFLOP/s": rate * flops_per_token(model, length) / 1e12,
        "s a step": whole,
        "of it AdamW": after,
    }
    if ON_GPU:
        row["peak GiB"] = torch.cuda.max_memory_allocated() / 2**30
        row["estimated GiB"] = estimated(step.compute, model, size)
    return row


def estimated(compute: ComputeConfig, model: ModelConfig, size: int) -> float:
    """GiB that a dry run says this takes, without what torch does not count."""
    config = TrainConfig(
        run="run",
        model=model,
        data=DataConfig(prefixes=["corpus"], tokenizer="tokenizer", sequence_length=model.max_position_embeddings),
        optimizer=OptimizerConfig(lr=1e-3),
        schedule=ScheduleConfig(train_iters=2, lr_warmup_iters=1, global_batch_size=size, micro_batch_size=size),
        checkpoints=CheckpointConfig(save_interval=1),
        compute=compute,
    )
    found = estimate(config, 1)
    return float(found.total - found.reserved) / 2**30
