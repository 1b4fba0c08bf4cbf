"""Weighs the choices of a question on a model, and writes the folder."""

from __future__ import annotations

from typing import Any

from ncvc.inspect.folder import Inspection
from ncvc.inspect.knowledge.lens import Knowledge, look
from ncvc.inspect.knowledge.question import Question
from ncvc.inspect.knowledge.write import draw, knowledge_page, numbers
from ncvc.inspect.model import FoundModel
from ncvc.progress import Reporter


def run(
    model: FoundModel, question: Question, output: Inspection, *, form: str, reporter: Reporter
) -> tuple[Knowledge, dict[str, Any]]:
    """Loads the model and weighs every choice; see `look` for the errors."""
    with model.loaded(reporter) as lm:
        found = look(lm, question, form)
    values = numbers(found, question)
    with output.write(knowledge_page(model.name, found, question), values, form=form) as folder:
        draw(found, question, folder / "knowledge.png")
    return found, values
