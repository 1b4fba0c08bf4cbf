"""AdamW or Muon with megatron-core's distributed optimizer, which shards its state over the data-parallel ranks."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from megatron.core.distributed import DistributedDataParallel, DistributedDataParallelConfig
from megatron.core.models.gpt.gpt_model import GPTModel
from megatron.core.optimizer import OptimizerConfig as MegatronOptimizerConfig
from megatron.core.optimizer import get_megatron_optimizer
from megatron.core.optimizer.clip_grads import clip_grad_by_total_norm_fp32
from megatron.core.optimizer.distrib_optimizer import DistributedOptimizer

from ncvc.model.sharding import parameter_shards
from ncvc.train.config import OptimizerConfig, ScheduleConfig
from ncvc.train.muon import MOMENTUM, Matrix, MuonAdamW, is_matrix

MOMENTS = ("exp_avg", "exp_avg_sq")
"""Names of AdamW's state of a parameter."""
EMA = "ema"
"""Name of the moving average of a parameter."""


def data_parallel(gpt: GPTModel) -> DistributedDataParallel:
    """Wraps the model: float32 gradient buffers, reduced and scattered over the data-parallel ranks."""
    on_gpu = next(gpt.parameters()).is_cuda
    settings = DistributedDataParallelConfig(
        use_distributed_optimizer=True, grad_reduce_in_fp32=True, overlap_grad_reduce=on_gpu
    )
    model = DistributedDataParallel(gpt.config, settings, gpt)
    if on_gpu:
        gpt.config.no_sync_func = model.no_sync
        gpt.config.grad_sync_func = model.start_grad_sync
    return model


def build(model: DistributedDataParallel, config: OptimizerConfig) -> DistributedOptimizer:
    """Builds AdamW, or Muon beside it, over this rank's shard of the parameters; weight decay spares the norms."""
    parameter = next(model.parameters())
    settings = MegatronOptimizerConfig(
        optimizer="adam",
        lr=config.lr,
        min_lr=config.min_lr,
        bf16=parameter.dtype == torch.bfloat16,
        params_dtype=parameter.dtype,
        use_distributed_optimizer=True,
    )
    chain = get_megatron_optimizer(settings, [model], use_gloo_process_groups=False)
    (distributed,) = chain.chained_optimizers
    # megatron-core takes TransformerEngine's or apex's Adam if they can be imported, else torch's unfused one. Always
    # torch's fused one here, so that the state is the same everywhere.
    settings_of_adamw: dict[str, Any] = {
        "lr": config.lr,
        "betas": (config.adam_beta1, config.adam_beta2),
        "eps": config.adam_eps,
        "fused": True,
    }
    adamw = (
        MuonAdamW(model.module, config.muon_momentum, **settings_of_adamw)
        if config.name == "muon"
        else torch.optim.AdamW([torch.zeros(0)], **settings_of_adamw)
    )
    # Set afterwards, since the constructor refuses the shards of float32 models, which are views of the parameters.
    # megatron-core sets their gradients itself; without retain_grad torch warns at every step.
    for own in distributed.get_parameters():
        if not own.is_leaf:
            own.retain_grad()
    adamw.param_groups = [
        {
            **adamw.defaults,
            "params": group["params"],
            "weight_decay": config.weight_decay * group["wd_mult"],
        }
        for group in distributed.optimizer.param_groups
    ]
    distributed.optimizer = adamw
    if isinstance(adamw, MuonAdamW):
        for shard in filter(is_matrix, parameter_shards(model.module)):
            own = share(distributed, shard.parameter)
            adamw.matrices.append(Matrix(shard, own.fp32_param if own else None, own.stretch if own else (0, 0)))
    return distributed


def learning_rate(step: int, optimizer: OptimizerConfig, schedule: ScheduleConfig) -> float:
    """Learning rate of a step, counted from 1: warm-up, decay, and a cool-down to `min_lr` if the schedule has one."""
    if step <= schedule.lr_warmup_iters:
        if schedule.lr_warmup_style == "logarithmic":
            return optimizer.lr * math.log(step) / math.log(schedule.lr_warmup_iters)
        return optimizer.lr * step / schedule.lr_warmup_iters
    cools_after = schedule.train_iters - schedule.lr_cooldown_iters
    rate = _decayed(min(step, cools_after), optimizer, schedule)
    if step <= cools_after:
        return rate
    cooled = (step - cools_after) / schedule.lr_cooldown_iters
    left = 1 - (cooled if schedule.lr_cooldown_style == "linear" else math.sqrt(cooled))
    return optimizer.min_lr + (rate - optimizer.min_lr) * left


def _decayed(step: int, optimizer: OptimizerConfig, schedule: ScheduleConfig) -> float:
    """Learning rate of a step behind the warm-up, without a cool-down."""
    match schedule.lr_decay_style:
        case "constant" | "wsd":
            return optimizer.lr
        case "inverse_sqrt":
            return max(optimizer.min_lr, optimizer.lr * math.sqrt(max(schedule.lr_warmup_iters, 1) / max(step, 1)))
    done = (step - schedule.lr_warmup_iters) / (schedule.train_iters - schedule.lr_warmup_iters)
    left = 1 - done if schedule.lr_decay_style == "linear" else (1 + math.cos(math.pi * done)) / 2
    return optimizer.min_lr + (optimizer.lr - optimizer.min_lr) * left


def gradient_norm(optimizer: DistributedOptimizer) -> float:
    """2-norm of the whole gradient over all ranks, before clipping; call it once, after the backward pass."""
    optimizer.prepare_grads()
    return float(optimizer.get_grad_norm())


def update(optimizer: DistributedOptimizer, lr: float, norm: float, clip_grad: float) -> None:
    """Takes one step of the optimizer; clips the gradient, of 2-norm `norm`, to `clip_grad` (0: never)."""
    if clip_grad > 0:
        clip_grad_by_total_norm_fp32(optimizer.get_parameters(), clip_grad, norm)
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.step_with_ready_grads()


@torch.no_grad()
def update_average(optimizer: DistributedOptimizer, decay: float, steps: int) -> None:
    """Moves the exponential moving average of this rank's float32 weights; the first call begins it with them.

    `steps`: steps that the optimizer has done; after few of them less of the past is kept, (1 + steps) / (10 + steps),
    so that the initial weights are soon forgotten.
    """
    kept = min(decay, (1 + steps) / (10 + steps))
    for own in optimizer.get_parameters():
        state = optimizer.optimizer.state[own]
        if EMA in state:
            state[EMA].lerp_(own, 1 - kept)
        else:
            state[EMA] = own.detach().clone()


def optimizer_tensors(optimizer: DistributedOptimizer) -> Iterator[torch.Tensor]:
    """Yields this rank's float32 weights and the optimizer's moments."""
    adamw = optimizer.optimizer
    for group in adamw.param_groups:
        yield from (own.detach() for own in group["params"])
    for state in adamw.state.values():
        yield from (state[name] for name in (*MOMENTS, MOMENTUM, EMA) if name in state)


@dataclass(frozen=True)
class Share:
    """A data-parallel rank's shard of the optimizer state of one parameter."""

    stretch: tuple[int, int]
    """First element and the one after the last, within the rank's box of the parameter in row-major order."""
    fp32_param: torch.Tensor
    """Elements in float32; for float32 models a view of the parameter."""
    state: dict[str, torch.Tensor]
    """AdamW's `step`, `exp_avg` and `exp_avg_sq`, or Muon's `momentum_buffer`; empty before the first step."""
    moments: tuple[str, ...]
    """Names of the state's tensors that have the elements' shape."""


def share(optimizer: DistributedOptimizer, parameter: torch.nn.Parameter) -> Share | None:
    """Finds the rank's shard of a parameter's optimizer state; None if it has none."""
    if parameter not in optimizer.model_param_group_index_map:
        return None
    group, position = optimizer.model_param_group_index_map[parameter]
    own = optimizer.optimizer.param_groups[group]["params"][position]
    stretch = optimizer._get_model_param_range_map(parameter)["param"]
    adamw = optimizer.optimizer
    of_muon = isinstance(adamw, MuonAdamW) and any(matrix.own is own for matrix in adamw.matrices)
    return Share((stretch.start, stretch.end), own, adamw.state[own], (MOMENTUM,) if of_muon else MOMENTS)


def set_moments(optimizer: DistributedOptimizer, own: Share, step: int, moments: dict[str, torch.Tensor]) -> None:
    """Restores the optimizer's state of a shard: its moments and, of AdamW, the number of steps done.

    DistributedOptimizer.load_state_dict does not do: with torch's AdamW it fails on a fresh optimizer, sets the step to
    0, and gives all parameters one step tensor, which then counts once for each of them.
    """
    fused = optimizer.optimizer.defaults["fused"]
    device = own.fp32_param.device
    if own.moments == MOMENTS:
        own.state["step"] = torch.tensor(float(step), device=device if fused else "cpu")
    for name, moment in moments.items():
        own.state[name] = moment.to(device, torch.float32, copy=True)
