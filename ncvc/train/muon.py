"""Muon for the matrices of the layers, and AdamW for embedding, head, norms and biases.

Keller Jordan's Muon (kellerjordan.github.io/posts/muon): Nesterov momentum, made nearly orthogonal by five
Newton–Schulz steps; with the scale and weight decay of Moonlight (arXiv 2502.16982), so that AdamW's learning rate and
decay fit. Query, key and value, and the gate and value of a gated MLP, are matrices of their own.

megatron-core's own Muon needs the package emerging_optimizers and whole matrices on a rank. Here the momentum is shared
among the data-parallel ranks like AdamW's moments; for an update every rank puts the whole matrix together, over
data- and tensor-parallel ranks, and takes its stretch of the result, which does not depend on how ranks share it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from megatron.core import parallel_state
from megatron.core.models.gpt.gpt_model import GPTModel

from ncvc.model.sharding import ParameterShard

MOMENTUM = "momentum_buffer"
"""Name of Muon's state of a matrix."""
STEPS = 5
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
SCALE = 0.2
"""Root mean square of AdamW's updates, to which Moonlight scales those of Muon."""
TINY = 1e-7

Split = Callable[[torch.Tensor], list[torch.Tensor]]


@dataclass(frozen=True)
class Matrix:
    """A matrix of a layer, and this rank's stretch of it."""

    shard: ParameterShard
    own: torch.Tensor | None
    """Float32 weights of the stretch; None if this rank has none of the matrix."""
    stretch: tuple[int, int]
    """First element of the stretch and the one after the last, in the rank's box of the matrix."""


def is_matrix(shard: ParameterShard) -> bool:
    """Tells whether Muon updates a parameter: a matrix of a layer."""
    return shard.name.startswith("decoder.layers.") and len(shard.shape) == 2


class MuonAdamW(torch.optim.AdamW):
    """AdamW that updates some parameters, `matrices`, by Muon; all ranks of the model call `step` together."""

    def __init__(self, gpt: GPTModel, momentum: float, **adamw: Any) -> None:
        """Takes AdamW's settings; `build` of `ncvc.train.optimizer` sets parameters and `matrices` afterwards."""
        super().__init__([torch.zeros(0)], **adamw)
        self.gpt = gpt
        self.momentum = momentum
        self.matrices: list[Matrix] = []

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Updates the matrices, then all other parameters, by their gradients."""
        groups = {own: group for group in self.param_groups for own in group["params"]}
        for matrix in self.matrices:
            whole = self._nesterov(matrix)
            _make_orthogonal(whole, self._split(matrix.shard), matrix.shard.parameter.dtype)
            if matrix.own is not None:
                group = groups[matrix.own]
                update = whole[matrix.shard.box].flatten()[slice(*matrix.stretch)]
                matrix.own.mul_(1 - group["lr"] * group["weight_decay"]).sub_(update, alpha=group["lr"])
                matrix.own.grad = None  # AdamW passes it over
        super().step()

    def _nesterov(self, matrix: Matrix) -> torch.Tensor:
        """Adds the gradient to the momentum; returns the gradient plus the momentum to come, as the whole matrix."""
        parameter, (first, end) = matrix.shard.parameter, matrix.stretch
        box = torch.zeros(parameter.numel(), device=parameter.device)
        if matrix.own is not None:
            gradient, state = matrix.own.grad, self.state[matrix.own]
            assert gradient is not None
            if MOMENTUM not in state:
                state[MOMENTUM] = torch.zeros_like(gradient)
            state[MOMENTUM].mul_(self.momentum).add_(gradient)
            torch.add(gradient, state[MOMENTUM], alpha=self.momentum, out=box[first:end])
        if parallel_state.get_data_parallel_world_size() > 1:
            dist.all_reduce(box, group=parallel_state.get_data_parallel_group())  # the other ranks' stretches are 0
        box = box.view(parameter.shape)
        if box.shape == matrix.shard.shape:
            return box
        ranks = parallel_state.get_tensor_model_parallel_world_size()
        boxes = [torch.empty_like(box) for _ in range(ranks)]
        dist.all_gather(boxes, box, group=parallel_state.get_tensor_model_parallel_group())
        shared = next(dim for dim, size in enumerate(box.shape) if size != matrix.shard.shape[dim])
        return torch.cat(boxes, shared)

    def _split(self, shard: ParameterShard) -> Split:
        """Finds how a matrix falls into those that are made orthogonal, as views."""
        config = self.gpt.config
        if shard.name.endswith("linear_qkv.weight"):
            size, groups = config.kv_channels, config.num_query_groups
            queries = config.num_attention_heads // groups * size
            return lambda whole: list(torch.split(whole.view(groups, queries + 2 * size, -1), [queries, size, size], 1))
        if shard.name.endswith("linear_fc1.weight") and shard.shape[0] == 2 * config.ffn_hidden_size:
            return lambda whole: list(torch.split(whole.view(config.ffn_hidden_size, 2, -1), 1, 1))
        return lambda whole: [whole]


def _make_orthogonal(whole: torch.Tensor, split: Split, dtype: torch.dtype) -> None:
    """Puts into the place of each matrix in `whole` its orthogonal one, scaled; computed in `dtype`."""
    for part in split(whole):
        matrix = part.reshape(-1, part.size(-1))
        scale = SCALE * max(matrix.shape) ** 0.5
        part.copy_(newton_schulz(matrix.to(dtype)).float().mul_(scale).view(part.shape))


def newton_schulz(matrix: torch.Tensor) -> torch.Tensor:
    """Brings the singular values of a matrix near 1, in its own type, by five steps of a quintic iteration."""
    a, b, c = COEFFICIENTS
    wide = matrix if matrix.size(0) <= matrix.size(1) else matrix.T
    x: torch.Tensor = wide / (torch.linalg.vector_norm(wide) + TINY)
    for _ in range(STEPS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x if wide is matrix else x.T
