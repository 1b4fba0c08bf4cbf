"""Validation loss by task."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F  # noqa: N812

from ncvc.train.metrics.log import perplexity
from ncvc.tune.log import TuneLog
from ncvc.tune.samples import Sample


@dataclass
class Validation:
    """Computes the loss of samples by task; draws no random number, so that a training goes on as without it."""

    log: TuneLog
    samples: Mapping[str, Sequence[Sample]]
    """Task → samples."""
    collate: Callable[[list[dict[str, Any]]], Any]
    batch_size: int

    def report(self, trainer: Any, step: int) -> None:
        """Logs the mean loss of the counted tokens of each task and of all, in nats; all processes call it."""
        sums = {task: self._sum(trainer, samples) for task, samples in self.samples.items()}
        losses = {task: total / count for task, (total, count) in sums.items()}
        loss = sum(total for total, _ in sums.values()) / sum(count for _, count in sums.values())
        words = ", ".join(f"{task} {own:.4f}" for task, own in losses.items())
        self.log.validation(
            f"validation after step {step}: loss {loss:.4f}, perplexity {perplexity(loss):.2f} ({words})",
            step=step,
            loss=loss,
            perplexity=perplexity(loss),
            sources={task: {"loss": own, "perplexity": perplexity(own)} for task, own in losses.items()},
        )

    @torch.no_grad()
    def _sum(self, trainer: Any, samples: Sequence[Sample]) -> tuple[float, int]:
        """Sum of the losses of the counted tokens in nats, and their number, over all processes."""
        model, device = trainer.model, trainer.args.device
        by_length = sorted(samples, key=lambda sample: len(sample.ids))
        own = by_length[trainer.args.process_index :: trainer.args.world_size]
        total = torch.zeros(2, dtype=torch.float64, device=device)
        model.eval()
        for start in range(0, len(own), self.batch_size):
            rows = [{"input_ids": each.ids, "labels": each.labels} for each in own[start : start + self.batch_size]]
            batch = {name: part.to(device) for name, part in self.collate(rows).items()}
            labels = batch["labels"][:, 1:]
            counted = (labels != -100).any(dim=0).nonzero().flatten()  # most positions hold a question: no logits there
            with trainer.compute_loss_context_manager():
                logits = model(
                    input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], logits_to_keep=counted
                ).logits
            losses = F.cross_entropy(logits.float().flatten(0, 1), labels[:, counted].flatten(), reduction="sum")
            total += torch.stack([losses.double(), (labels != -100).sum().double()])
        model.train()
        if dist.is_initialized():
            dist.all_reduce(total)
        return total[0].item(), int(total[1])
