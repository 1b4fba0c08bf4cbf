"""Answers of an unfinished evaluation, a line each: whatever was written is not asked again.

The work folder `.OUTPUT.partial` holds `answers/MODEL.jsonl`; a line that a crash cut off is dropped.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pydantic

from ncvc.errors import NcvcError
from ncvc.files import RUN, WorkFolder, read_json
from ncvc.identity import first_difference
from ncvc.outputs import require_untouched


class AnswerRecord(pydantic.BaseModel):
    """Answer of a model to a row, before it is scored."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str
    prompt: str
    is_chat: bool
    answer: str
    finish: str
    tokens: int
    letters: dict[str, float] | None = None
    """Label → log-probability of the label behind the prompt, in nats; None where the model was not asked."""
    texts: dict[str, tuple[float, int]] | None = None
    """Label → log-probability of the choice's text, and its characters."""


class EvaluationFolder(WorkFolder):
    """Work folder of an evaluation."""

    NAMES = (*WorkFolder.NAMES, "answers", "models")

    def __init__(self, final: Path) -> None:
        super().__init__(final, require_untouched)

    @property
    def answers(self) -> Path:
        """Folder of the answers, a file a model."""
        return self.folder / "answers"

    @property
    def models(self) -> Path:
        """Folder of converted checkpoints."""
        return self.folder / "models"

    def begin_or_resume(self, identity: dict[str, Any], *, restart: bool) -> None:
        """Goes on with the evaluation that is there, or begins one.

        Raises `NcvcError` if the one that is there has other models, data or settings.
        """
        if restart or not self.answers.is_dir():
            self.mark(**identity)
        else:
            before = {name: value for name, value in read_json(self.folder / RUN).items() if name != "ncvc"}
            now = json.loads(json.dumps(identity))
            if changed := first_difference(before, now):
                raise NcvcError(
                    f"{self.final}: the unfinished evaluation differs: {changed}; set it back to go on, or begin anew"
                    " with --restart"
                )
        self.answers.mkdir(exist_ok=True)
        self.output.mkdir(exist_ok=True)


class AnswerLog:
    """File of a model's answers, to which more are appended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.records: dict[str, AnswerRecord] = {}

    def __enter__(self) -> Self:
        """Reads what is there, and drops what follows the last whole line."""
        self._file = self._path.open("a+b")
        self._file.seek(0)
        good = 0
        for line in self._file:
            try:
                record = AnswerRecord.model_validate_json(line)
            except pydantic.ValidationError:
                break
            if not line.endswith(b"\n"):
                break
            self.records[record.id] = record
            good += len(line)
        self._file.truncate(good)
        self._file.seek(good)
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._file.close()

    def append(self, records: Iterable[AnswerRecord]) -> None:
        """Writes answers, and waits until they are on disk."""
        for record in records:
            self._file.write(record.model_dump_json().encode("utf-8") + b"\n")
            self.records[record.id] = record
        self._file.flush()
        os.fsync(self._file.fileno())
