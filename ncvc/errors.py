"""Every error of ours that a user can mend; the message says where, and what to do."""

from ncvc._native import DatasetError, DictionaryError, InputError, NcvcError, TokenizerError

__all__ = [
    "CheckpointError",
    "ConfigError",
    "ConvertError",
    "DatasetError",
    "DemoError",
    "DictionaryError",
    "InputError",
    "ModelFolderError",
    "NcvcError",
    "PromptError",
    "TokenizerError",
    "TrainingError",
    "VocabularyError",
]


class ConfigError(NcvcError, ValueError):
    """A config file that cannot be used; the message names file, line, field and the fix."""


class CheckpointError(NcvcError):
    """A checkpoint that cannot be written, is damaged, or is not one."""


class TrainingError(NcvcError):
    """A training that cannot go on."""


class ConvertError(NcvcError):
    """A checkpoint or model folder that cannot be converted; the message names it and says what to do."""


class ModelFolderError(ConvertError):
    """A Hugging Face folder that cannot be loaded or used."""


class PromptError(NcvcError):
    """A prompt that is too long for the model, or nothing once it is cleaned."""


class DemoError(NcvcError):
    """The folder cannot be used, or a stage failed."""


class VocabularyError(NcvcError):
    """The vocabulary is larger than the text has pieces, or too small for the characters."""
