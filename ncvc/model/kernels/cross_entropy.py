"""Cross entropy by liger-kernel, the vocabulary shared among tensor-parallel ranks."""

import torch
import torch.distributed as dist


class LigerCrossEntropy:
    """Takes the place of GPTModel's `compute_language_model_loss`.

    By the vocabulary-parallel kernel also on one rank: liger-kernel's other one rounds the losses to the
    logits' bfloat16, and waits for the GPU three times a call.
    """

    def __init__(self, group: dist.ProcessGroup) -> None:
        self.group = group

    def __call__(self, labels: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """Labels [b, s], logits [s, b, the rank's part of the vocabulary] → losses [b, s] in float32."""
        from liger_kernel.ops import LigerVocabParallelCEFunction

        # No label is ignored, and nothing smoothed.
        losses: torch.Tensor = LigerVocabParallelCEFunction.apply(
            logits, labels.transpose(0, 1).contiguous(), self.group, -100, 0.0, "megatron", "partition"
        )
        return losses.transpose(0, 1).contiguous()
