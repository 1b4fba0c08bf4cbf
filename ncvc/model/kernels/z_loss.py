"""Cross entropy with the z-loss of PaLM (arXiv 2204.02311, 5), the vocabulary split over tensor-parallel ranks."""

from typing import Any

import torch
import torch.distributed as dist
from megatron.core.models.gpt.gpt_model import GPTModel
from megatron.core.tensor_parallel.cross_entropy import VocabParallelCrossEntropy
from megatron.core.tensor_parallel.utils import VocabUtility


class CrossEntropyWithZLoss:
    """Replaces the `compute_language_model_loss` of a model that trains; one that is evaluated keeps its own."""

    def __init__(self, gpt: GPTModel, coefficient: float) -> None:
        """`coefficient`: of the square of the logarithm of the softmax's denominator, which it pulls towards 0."""
        self._gpt = gpt
        self._evaluated = gpt.compute_language_model_loss
        self._coefficient = coefficient

    def __call__(self, labels: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """Labels [b, s], logits [s, b, this rank's shard of the vocabulary] → cross entropy and z-loss [2, b, s]."""
        if not self._gpt.training:
            evaluated: torch.Tensor = self._evaluated(labels, logits)
            return evaluated
        labels = labels.transpose(0, 1).contiguous()
        losses, log_sums = _CrossEntropyAndLogSum.apply(logits, labels, self._gpt.pg_collection.tp)  # type: ignore[no-untyped-call]
        return torch.stack([losses, self._coefficient * log_sums.square()]).transpose(1, 2).contiguous()


class _CrossEntropyAndLogSum(torch.autograd.Function):
    """Cross entropy as megatron-core computes it, to the bit, and the logarithm of the sum of the exponentials."""

    @staticmethod
    def forward(
        context: Any, logits: torch.Tensor, labels: torch.Tensor, group: dist.ProcessGroup
    ) -> tuple[torch.Tensor, torch.Tensor]:
        logits, largest = VocabParallelCrossEntropy.calculate_logits_max(logits)
        dist.all_reduce(largest, dist.ReduceOp.MAX, group)
        begin, end = VocabUtility.vocab_range_from_per_partition_vocab_size(
            logits.size(-1), dist.get_rank(group), dist.get_world_size(group)
        )
        elsewhere, places, predicted, sums, exponentials = VocabParallelCrossEntropy.calculate_predicted_logits(
            logits, labels, largest, begin, end
        )
        dist.all_reduce(predicted, dist.ReduceOp.SUM, group)
        dist.all_reduce(sums, dist.ReduceOp.SUM, group)
        softmax, losses = VocabParallelCrossEntropy.calculate_cross_entropy_loss(exponentials, predicted, sums)
        context.save_for_backward(softmax, elsewhere, places)
        return losses, sums.log() + largest

    @staticmethod
    def backward(context: Any, of_losses: torch.Tensor, of_log_sums: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        softmax, elsewhere, places = context.saved_tensors
        # Of the cross entropy: softmax less 1 at the label; of the logarithm: softmax.
        gradient = softmax.mul_((of_losses + of_log_sums).unsqueeze(-1))
        rows = gradient.view(-1, gradient.size(-1))
        rows[torch.arange(len(rows), device=rows.device), places] -= (of_losses * ~elsewhere).reshape(-1)
        return gradient, None, None
