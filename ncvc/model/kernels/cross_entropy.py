"""Cross entropies in place of megatron-core's: liger-kernel's on a GPU, one by blocks of rows on a CPU."""

from typing import Any

import torch
import torch.distributed as dist

ROWS = 32
"""Rows of a block; of 13,312 logits they take 1.7 MB, which stay in a core's cache from the maximum to the division."""


class BlockedCrossEntropy:
    """Replaces GPTModel's `compute_language_model_loss` of one rank with the whole vocabulary, on a CPU."""

    def __call__(self, labels: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """Labels [b, s], logits [s, b, vocabulary], which it overwrites → losses [b, s]."""
        losses = _BlockedCrossEntropy.apply(logits, labels.transpose(0, 1).reshape(-1))  # type: ignore[no-untyped-call]
        return losses.view(logits.shape[:-1]).transpose(0, 1).contiguous()  # type: ignore[no-any-return]


class _BlockedCrossEntropy(torch.autograd.Function):
    """megatron-core's operations in their order, so that every bit is the same, on one block after another."""

    @staticmethod
    def forward(context: Any, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        softmax = logits.detach().view(-1, logits.size(-1))
        losses = torch.empty(len(softmax))
        for begin in range(0, len(softmax), ROWS):
            block, places, lost = (each[begin : begin + ROWS] for each in (softmax, labels, losses))
            block -= block.amax(-1, keepdim=True)
            predicted = block.gather(-1, places.unsqueeze(-1)).squeeze(-1)
            sums = block.exp_().sum(-1)
            torch.sub(sums.log(), predicted, out=lost)
            block.div_(sums.unsqueeze(-1))
        context.save_for_backward(softmax, labels)
        context.shape = logits.shape
        return losses

    @staticmethod
    def backward(context: Any, of_losses: torch.Tensor) -> tuple[torch.Tensor, None]:
        softmax, labels = context.saved_tensors
        gradient = softmax.detach()
        gradient[torch.arange(len(gradient)), labels] -= 1
        return gradient.mul_(of_losses.unsqueeze(-1)).view(context.shape), None


class LigerCrossEntropy:
    """Replaces GPTModel's `compute_language_model_loss`.

    Uses the vocabulary-parallel kernel on one rank too: liger-kernel's other one rounds the losses to the logits'
    bfloat16, and synchronises with the GPU three times per call.
    """

    def __init__(self, group: dist.ProcessGroup) -> None:
        self.group = group

    def __call__(self, labels: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """Labels [b, s], logits [s, b, this rank's shard of the vocabulary] → losses [b, s] in float32."""
        from liger_kernel.ops import LigerVocabParallelCEFunction

        # No label is ignored, and no label smoothed.
        losses: torch.Tensor = LigerVocabParallelCEFunction.apply(
            logits, labels.transpose(0, 1).contiguous(), self.group, -100, 0.0, "megatron", "partition"
        )
        return losses.transpose(0, 1).contiguous()
