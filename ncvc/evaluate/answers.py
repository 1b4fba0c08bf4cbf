"""Answers of an unfinished evaluation: the work folder `.OUTPUT.partial` holds `answers/MODEL.jsonl`."""

from pathlib import Path

from ncvc.record_log import Identified, InMemoryLog
from ncvc.resumable import ResumableFolder


class AnswerRecord(Identified):
    """Answer of a model to a row, before it is scored."""

    prompt: str
    is_chat: bool
    answer: str
    finish: str
    tokens: int
    letters: dict[str, float] | None = None
    """Label → log-probability of the label behind the prompt, in nats; None where the model was not asked."""
    texts: dict[str, tuple[float, int]] | None = None
    """Label → log-probability of the choice's text, and its characters."""


class EvaluationFolder(ResumableFolder):
    """Work folder of an evaluation."""

    KIND = "evaluation"
    PARTS = ("answers", "models")

    @property
    def answers(self) -> Path:
        """Folder of the answers, a file a model."""
        return self.folder / "answers"

    @property
    def models(self) -> Path:
        """Folder of converted checkpoints."""
        return self.folder / "models"


class AnswerLog(InMemoryLog[AnswerRecord]):
    """File of a model's answers."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, AnswerRecord)
