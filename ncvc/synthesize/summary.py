"""Counts of an output, as `summary.json` has them; they depend on the config and the answers alone."""

from collections import Counter
from typing import Any

from ncvc.synthesize.plan import Plan
from ncvc.synthesize.write import KEPT, Outcome


def summary_of(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    """Returns the totals, and the same by task, kind of topic, writer and prompt."""
    by: dict[str, dict[str, Counter[str]]] = {name: {} for name in ("tasks", "kinds", "writers", "prompts")}
    for group, counts in outcome.states.items():
        for name, key in zip(by, group, strict=True):
            by[name].setdefault(key, Counter()).update(counts)
    used = {
        writer: {"prompt_tokens": tokens[0], "answer_tokens": tokens[1], "cost": outcome.cost[writer]}
        for writer, tokens in sorted(outcome.tokens.items())
    }
    return {
        **outcome.totals,
        "reasons": outcome.reasons,
        "failures": dict(sorted(outcome.failures.items())),
        **{name: {key: dict(sorted(counts.items())) for key, counts in keys.items()} for name, keys in by.items()},
        "answers": used,
        "duplicates": [
            {"writer": own, "of": other, "texts": count} for (own, other), count in sorted(outcome.alike.items())
        ],
        "documents": {
            task.name: sum(counts[KEPT] for group, counts in outcome.states.items() if group[0] == task.name)
            for task in plan.config.tasks
        },
    }
