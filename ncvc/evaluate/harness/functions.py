"""Functions that the tasks' YAML names; lm-evaluation-harness loads this file by its path.

Prompts are in plain form, without solved examples in JMED-LLM and with those of the prepared folder in IgakuQA; scores
are those of `ncvc.evaluate.scorers`.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ncvc.data.rows import Row
from ncvc.evaluate.answers import AnswerRecord
from ncvc.evaluate.plan import read_suites
from ncvc.evaluate.row_scores import score_row
from ncvc.evaluate.scorers import cohen_kappa
from ncvc.evaluate.wording import plain_text

DATA = "NCVC_BENCHMARKS"
"""Environment variable with the folder that holds the prepared benchmarks."""

Doc = dict[str, Any]


def load(suite: str, task: str, data: str | None = None, **_metadata: Any) -> dict[str, Any]:
    """The test rows of a task, from the folder of `--metadata '{"data": …}'` or of the environment."""
    import datasets

    folder = data or os.environ.get(DATA)
    if not folder:
        raise ValueError(f"set {DATA} to the folder with the prepared benchmarks; `ncvc data` makes them")
    [found] = read_suites([suite], [Path(folder)])
    docs = [
        {
            "prompt": plain_text(found.messages(row), exam=row.kind == "exam"),
            "row": row.model_dump_json(),
            "choices": list(row.choices.values()),
        }
        for row in found.tasks.get(task, [])
    ]
    return {"test": datasets.Dataset.from_list(docs)}


def with_choices(docs: Any) -> Any:
    """Leaves out the numeric problems, which have no choices."""
    return docs.filter(lambda doc: len(doc["choices"]) > 0)


def answer(doc: Doc, results: Sequence[str]) -> dict[str, Any]:
    """Scores a generated answer."""
    row, record = _read(doc)
    scored = score_row(row, record.model_copy(update={"answer": results[0]}))
    # Points are no mean: `ncvc evaluate` adds them up.
    scores: dict[str, Any] = {name: value for name, value in scored.scores.items() if not name.startswith("points")}
    if row.kind == "choice":
        scores["kappa"] = (row.gold[0], scored.parsed[0])
    return scores


def likelihood(doc: Doc, results: Sequence[tuple[float, bool]]) -> dict[str, float]:
    """Scores the log-likelihoods of the choices' texts."""
    row, record = _read(doc)
    texts = {
        label: (float(logprob), len(text))
        for (label, text), (logprob, _) in zip(row.choices.items(), results, strict=True)
    }
    scores = score_row(row, record.model_copy(update={"texts": texts})).scores
    return {name: value for name, value in scores.items() if name.startswith("likelihood")}


def kappa(pairs: Sequence[tuple[str, str]]) -> float:
    """Cohen's kappa of a task."""
    return cohen_kappa([gold for gold, _ in pairs], [found for _, found in pairs])


def kappa_linear(pairs: Sequence[tuple[str, str]]) -> float:
    """Cohen's kappa with linear weights."""
    return cohen_kappa([gold for gold, _ in pairs], [found for _, found in pairs], linear=True)


def _read(doc: Doc) -> tuple[Row, AnswerRecord]:
    """The row, and the record of an answer that is still empty."""
    row = Row.model_validate_json(doc["row"])
    return row, AnswerRecord(id=row.id, prompt=doc["prompt"], is_chat=False, answer="", finish="", tokens=0)
