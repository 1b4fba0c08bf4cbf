"""Asks a model every question that it has not answered, the short ones first."""

from itertools import batched

from ncvc.data.rows import Row
from ncvc.evaluate.answers import AnswerLog, AnswerRecord
from ncvc.evaluate.engine import Engine, Prompt, Weight
from ncvc.evaluate.plan import Likelihood, Plan
from ncvc.progress import Progress

Asked = tuple[Row, Prompt]
"""A row and its prompt."""


def ask_all(plan: Plan, engine: Engine, log: AnswerLog, batch_size: int, progress: Progress) -> None:
    """Appends the answers that the log lacks.

    Prompts of about the same length share a batch; the likelihoods of a batch are asked for before it is written.
    """
    asked: list[Asked] = []
    for suite in plan.suites:
        for row in suite.rows:
            if row.id not in log.records:
                asked.append((row, engine.word(suite.messages(row), exam=row.kind == "exam")))
    asked.sort(key=lambda each: (engine.length(each[1]), each[0].id))
    done, of = len(log.records), len(log.records) + len(asked)
    for some in batched(asked, batch_size):
        log.append(_ask(some, engine, plan.likelihood, batch_size))
        done += len(some)
        progress.items(done, of)
    progress.close()


def _ask(some: tuple[Asked, ...], engine: Engine, likelihood: Likelihood, batch_size: int) -> list[AnswerRecord]:
    answers = engine.answer([prompt for _, prompt in some], batch_size)
    letters: dict[str, dict[str, Weight]] = {}
    texts: dict[str, dict[str, Weight]] = {}
    if likelihood != "none":
        labels = [(row, prompt, {label: label for label in row.choices}) for row, prompt in some]
        letters = _weigh(labels, engine, batch_size)
    if likelihood == "texts":
        texts = _weigh([(row, prompt, row.choices) for row, prompt in some], engine, batch_size)
    return [
        AnswerRecord(
            id=row.id,
            prompt=prompt.text,
            is_chat=prompt.is_chat,
            answer=answer.text,
            finish=answer.finish,
            tokens=answer.tokens,
            letters={label: each.logprob for label, each in letters[row.id].items()} if row.id in letters else None,
            texts={label: (each.logprob, each.characters) for label, each in texts[row.id].items()}
            if row.id in texts
            else None,
        )
        for (row, prompt), answer in zip(some, answers, strict=True)
    ]


def _weigh(
    asked: list[tuple[Row, Prompt, dict[str, str]]], engine: Engine, batch_size: int
) -> dict[str, dict[str, Weight]]:
    """Row → label → weight, of rows with choices that could all be weighed."""
    pairs = [(row.id, label, prompt, text) for row, prompt, choices in asked for label, text in choices.items()]
    weights = engine.weigh([(prompt, text) for _, _, prompt, text in pairs], batch_size)
    found: dict[str, dict[str, Weight]] = {}
    lacking = set()
    for (row, label, _, _), weight in zip(pairs, weights, strict=True):
        if weight is None:
            lacking.add(row)
        else:
            found.setdefault(row, {})[label] = weight
    return {row: choices for row, choices in found.items() if row not in lacking}
