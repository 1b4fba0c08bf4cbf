"""Errors that a user can mend; each message names the place and the remedy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ncvc._native import DatasetError, DictionaryError, InputError, NcvcError, TokenizerError

__all__ = [
    "CheckpointError",
    "ConfigError",
    "ConvertError",
    "DamagedError",
    "DatasetError",
    "DemoError",
    "DictionaryError",
    "InputError",
    "ModelFolderError",
    "NcvcError",
    "PromptError",
    "RecipeError",
    "TokenizerError",
    "TrainingError",
    "VocabularyError",
    "first_fault",
    "path_of",
]

if TYPE_CHECKING:
    import pydantic


class ConfigError(NcvcError, ValueError):
    """An unusable config file; the message names file, line, field and remedy."""


class DamagedError(NcvcError):
    """A file of ncvc's own that is missing or not as it was written."""

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message, path)
        self.path = path

    def __str__(self) -> str:
        return str(self.args[0])


class CheckpointError(NcvcError):
    """A checkpoint that cannot be written, is damaged, or is none."""


class TrainingError(NcvcError):
    """A training that cannot continue."""


class EndedAtOnceError(TrainingError):
    """A training that a second signal ended before its ranks could save."""


class ConvertError(NcvcError):
    """A checkpoint or model folder that cannot be converted."""


class ModelFolderError(ConvertError):
    """A Hugging Face folder that cannot be loaded or used."""


class PromptError(NcvcError):
    """A prompt that is too long for the model, or nothing once it is cleaned."""


class DemoError(NcvcError):
    """A folder that a demo cannot use, or a stage that failed."""


class RecipeError(NcvcError):
    """A recipe that cannot be run, or a stage that failed."""


class VocabularyError(NcvcError):
    """A vocabulary that is larger than the text has pieces, or smaller than the set of allowed characters."""


def first_fault(error: pydantic.ValidationError) -> str:
    """Names the first faulty member of a record and its fault; a record that is no JSON has no such member."""
    first = error.errors(include_input=False, include_url=False)[0]
    member = ".".join(map(str, first["loc"]))
    return f"{member}: {first['msg']}" if member else first["msg"]


def path_of(error: BaseException) -> Path | None:
    """Returns the file that an error of the engine or of the operating system is about; None where it names none."""
    path = getattr(error, "path", None) or getattr(error, "filename", None)
    return Path(path) if isinstance(path, str | Path) else None
