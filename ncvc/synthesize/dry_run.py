"""Counts requests and estimates their cost before anything is asked; writes nothing."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ncvc.synthesize.config import SynthesizeConfig
from ncvc.synthesize.limits import estimated_tokens
from ncvc.synthesize.plan import make_plan


@dataclass(frozen=True)
class Estimate:
    """Requests of a config."""

    tasks: dict[str, int]
    """Task → requests."""
    writers: dict[str, int]
    """Writer → requests."""
    topics: dict[str, int]
    """Task → topics."""
    prompt_tokens: int
    """Characters of all prompts: at most about as many tokens."""
    most_cost: float
    """Cost if every answer is as long as it may be."""

    def dump(self) -> dict[str, Any]:
        """Returns the counts as JSON values."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Says the counts."""
        lines = [f"{task}: {self.topics[task]:,} topics, {count:,} requests" for task, count in self.tasks.items()]
        lines += [f"writer {writer}: {count:,} requests" for writer, count in self.writers.items()]
        return [*lines, f"cost: at most {self.most_cost:,.2f}"] if self.most_cost else lines


def estimate(config: SynthesizeConfig, folder: Path) -> Estimate:
    """Counts the requests of a config, those that are answered too; see `make_plan` for its errors."""
    plan = make_plan(config, folder)
    writers = {writer.name: writer for writer in config.writers}
    tasks, by_writer, topics = ({task.name: 0 for task in config.tasks}, dict.fromkeys(writers, 0), {})
    seen: dict[str, set[int]] = {task.name: set() for task in config.tasks}
    tokens, cost = 0, 0.0
    for request in plan.requests:
        tasks[request.task.name] += 1
        by_writer[request.writer] += 1
        seen[request.task.name].add(id(request.topic))
        own = estimated_tokens(request.messages())
        tokens += own
        writer = writers[request.writer]
        cost += writer.cost(own, writer.max_tokens)
    topics = {task: len(found) for task, found in seen.items()}
    return Estimate(tasks, by_writer, topics, tokens, cost)
