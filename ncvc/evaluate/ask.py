"""Asks a model every question that it has not answered, the short ones first."""

from collections.abc import Iterator
from itertools import batched

from ncvc.data.rows import Row
from ncvc.evaluate.answers import AnswerLog, AnswerRecord
from ncvc.evaluate.engine import EvaluationEngine, Prompt, Weight
from ncvc.evaluate.plan import Likelihood, Plan
from ncvc.progress import Progress

Asked = tuple[Row, Prompt]
"""A row and its prompt."""


def ask_all(plan: Plan, engine: EvaluationEngine, log: AnswerLog, batch_size: int, progress: Progress) -> None:
    """Appends the answers that the log lacks, as they come.

    Prompts of about the same length share a batch; its likelihoods are asked for before its answers.
    """
    asked: list[Asked] = []
    for suite in plan.suites:
        for row in suite.rows:
            if row.id not in log.records:
                asked.append((row, engine.word(suite.messages(row), exam=row.kind == "exam")))
    asked.sort(key=lambda each: (engine.length(each[1]), each[0].id))
    done, of = len(log.records), len(log.records) + len(asked)
    progress.resume(done)
    for some in batched(asked, batch_size):
        log.extend(_ask(some, engine, plan.likelihood, batch_size))
        done += len(some)
        progress.items(done, of)
    progress.close()


def _ask(
    some: tuple[Asked, ...], engine: EvaluationEngine, likelihood: Likelihood, batch_size: int
) -> Iterator[AnswerRecord]:
    weights = _weigh(some, engine, likelihood, batch_size)
    for place, answer in engine.answer([prompt for _, prompt in some], batch_size):
        row, prompt = some[place]
        letters, texts = weights.get((row.id, "letters")), weights.get((row.id, "texts"))
        yield AnswerRecord(
            id=row.id,
            prompt=prompt.text,
            is_chat=prompt.is_chat,
            answer=answer.text,
            finish=answer.finish,
            tokens=answer.tokens,
            letters={label: weight.logprob for label, weight in letters.items()} if letters else None,
            texts={label: (weight.logprob, weight.characters) for label, weight in texts.items()} if texts else None,
        )


def _weigh(
    some: tuple[Asked, ...], engine: EvaluationEngine, likelihood: Likelihood, batch_size: int
) -> dict[tuple[str, str], dict[str, Weight]]:
    """Row and `letters` or `texts` → label → weight, of rows with choices that could all be weighed.

    All of a prompt's continuations are weighed together, so that the prompt is read once.
    """
    asked: list[tuple[tuple[str, str], str, Prompt, str]] = []
    for row, prompt in some:
        for label, text in row.choices.items():
            asked += [((row.id, "letters"), label, prompt, label)] if likelihood != "none" else []
            asked += [((row.id, "texts"), label, prompt, text)] if likelihood == "texts" else []
    weights = engine.weigh([(prompt, text) for _, _, prompt, text in asked], batch_size)
    found: dict[tuple[str, str], dict[str, Weight]] = {}
    lacking = set()
    for (kind, label, _, _), weight in zip(asked, weights, strict=True):
        if weight is None:
            lacking.add(kind)
        else:
            found.setdefault(kind, {})[label] = weight
    return {kind: choices for kind, choices in found.items() if kind not in lacking}
