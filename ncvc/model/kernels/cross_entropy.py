"""Cross entropy by liger-kernel, the vocabulary split over tensor-parallel ranks."""

import torch
import torch.distributed as dist


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
