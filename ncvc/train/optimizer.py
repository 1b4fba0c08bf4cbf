"""AdamW, its state shared among the data-parallel ranks by megatron-core's distributed optimizer."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from megatron.core.distributed import DistributedDataParallel, DistributedDataParallelConfig
from megatron.core.models.gpt.gpt_model import GPTModel
from megatron.core.optimizer import OptimizerConfig as MegatronOptimizerConfig
from megatron.core.optimizer import get_megatron_optimizer
from megatron.core.optimizer.clip_grads import clip_grad_by_total_norm_fp32
from megatron.core.optimizer.distrib_optimizer import DistributedOptimizer

from ncvc.train.config import OptimizerConfig, ScheduleConfig

MOMENTS = ("exp_avg", "exp_avg_sq")


def data_parallel(gpt: GPTModel) -> DistributedDataParallel:
    """The model with its gradients in float32 buffers, each data-parallel rank receiving its share."""
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
    """AdamW over this rank's share of the parameters; weight decay spares the norms."""
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
    # megatron-core takes TransformerEngine's or apex's Adam where they can be imported, and torch's unfused
    # one otherwise. Here it is always torch's, so that its state is the same everywhere; fused on a GPU.
    adamw = torch.optim.AdamW(
        [torch.zeros(0)],
        lr=config.lr,
        betas=(config.adam_beta1, config.adam_beta2),
        eps=config.adam_eps,
        fused=parameter.is_cuda,
    )
    # Set here, since the constructor refuses the shares of float32 models, which are views of the parameters.
    # megatron-core sets their gradients by hand; without retain_grad torch warns at every step.
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
    return distributed


def learning_rate(step: int, optimizer: OptimizerConfig, schedule: ScheduleConfig) -> float:
    """The learning rate of a step, counted from 1: a linear warm-up, then a cosine to `min_lr`."""
    if step <= schedule.lr_warmup_iters:
        return optimizer.lr * step / schedule.lr_warmup_iters
    done = (step - schedule.lr_warmup_iters) / (schedule.train_iters - schedule.lr_warmup_iters)
    return optimizer.min_lr + (optimizer.lr - optimizer.min_lr) * (1 + math.cos(math.pi * done)) / 2


def gradient_norm(optimizer: DistributedOptimizer) -> float:
    """2-norm of the whole gradient, over all ranks; call it once, after the backward pass."""
    optimizer.prepare_grads()
    return float(optimizer.get_grad_norm())


def update(optimizer: DistributedOptimizer, lr: float, norm: float, clip_grad: float) -> None:
    """One step of AdamW, the gradient of 2-norm `norm` scaled down to `clip_grad` at most."""
    if clip_grad > 0:
        clip_grad_by_total_norm_fp32(optimizer.get_parameters(), clip_grad, norm)
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.step_with_ready_grads()


def optimizer_tensors(optimizer: DistributedOptimizer) -> Iterator[torch.Tensor]:
    """What this rank keeps: the float32 weights of its share, and AdamW's moments of them."""
    adamw = optimizer.optimizer
    for group in adamw.param_groups:
        yield from (own.detach() for own in group["params"])
    for state in adamw.state.values():
        yield from (state[name] for name in MOMENTS if name in state)


@dataclass(frozen=True)
class Share:
    """What a data-parallel rank keeps of one parameter."""

    stretch: tuple[int, int]
    """First element and the one after the last, of the rank's part of the parameter in row-major order."""
    fp32_param: torch.Tensor
    """The elements in float32; for float32 models the model's own."""
    state: dict[str, torch.Tensor]
    """AdamW's `step`, `exp_avg` and `exp_avg_sq`; empty before the first step."""


def share(optimizer: DistributedOptimizer, parameter: torch.nn.Parameter) -> Share | None:
    """The rank's share of a parameter, if it has one."""
    if parameter not in optimizer.model_param_group_index_map:
        return None
    group, position = optimizer.model_param_group_index_map[parameter]
    own = optimizer.optimizer.param_groups[group]["params"][position]
    stretch = optimizer._get_model_param_range_map(parameter)["param"]
    return Share((stretch.start, stretch.end), own, optimizer.optimizer.state[own])


def set_moments(optimizer: DistributedOptimizer, own: Share, step: int, moments: dict[str, torch.Tensor]) -> None:
    """Puts AdamW's state back: `exp_avg` and `exp_avg_sq` of a share, and the number of steps done.

    Not by DistributedOptimizer.load_state_dict, which with torch's AdamW fails on a fresh optimizer, sets the
    step to 0, and gives all parameters one step tensor that then counts once for each of them.
    """
    fused = optimizer.optimizer.defaults["fused"]
    device = own.fp32_param.device
    own.state["step"] = torch.tensor(float(step), device=device if fused else "cpu")
    for name, moment in moments.items():
        own.state[name] = moment.to(device, torch.float32, copy=True)
