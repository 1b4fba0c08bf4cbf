"""Reads prompt files, versions them by hash and renders them in a sandbox."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ncvc.documents.sources import named_path
from ncvc.errors import ConfigError
from ncvc.synthesize.config import Kind
from ncvc.utf8 import is_utf8

SHIPPED = Path(__file__).parent / "prompts"
"""Folder of the prompts that come with ncvc."""
PATTERNS: dict[Kind, str] = {"textbooks": "textbook-*.jinja", "exercises": "exercise-*.jinja", "qa": "qa-*.jinja"}
BORDER = re.compile(r"^-{5,}[ \t]*$", re.MULTILINE)
"""Line between the system's and the user's message."""
LONGEST = 2**20
"""Characters of a prompt that is sent at most."""


@dataclass(frozen=True)
class Prompt:
    """A prompt file: the system's message, a line of five hyphens, the user's message."""

    name: str
    """File name without `.jinja`."""
    path: Path
    source: str

    @cached_property
    def version(self) -> str:
        """Beginning of the SHA-256 of the file's text."""
        return hashlib.sha256(self.source.encode()).hexdigest()[:16]

    def messages(self, variables: dict[str, Any]) -> list[dict[str, str]]:
        """Renders the messages; raises `ConfigError` for a template that fails or gives no text."""
        try:
            parts = [template.render(variables).strip() for template in self._templates]
        except TemplateError as error:
            raise self._mistake(error) from None
        except Exception as error:  # whatever an expression of the template leads to
            raise ConfigError(f"{self.path}: cannot be rendered: {type(error).__name__}: {error}") from None
        if not parts[-1]:
            raise ConfigError(f"{self.path}: renders no text for the user's message; write one below the line -----")
        if len(parts[-1]) > LONGEST:
            raise ConfigError(f"{self.path}: renders {len(parts[-1])} characters, above {LONGEST}; shorten it")
        return [
            {"role": role, "content": text}
            for role, text in zip(("system", "user")[2 - len(parts) :], parts, strict=True)
            if text
        ]

    @cached_property
    def _templates(self) -> list[Template]:
        parts = BORDER.split(self.source, maxsplit=1)
        environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=False)
        # Line feeds keep the numbers of lines in messages of errors.
        before = parts[0].count("\n") if len(parts) > 1 else 0
        return [environment.from_string("\n" * (before if place else 0) + part) for place, part in enumerate(parts)]

    def _mistake(self, error: TemplateError) -> ConfigError:
        line = getattr(error, "lineno", None)
        where = f"{self.path}:{line}" if line else str(self.path)
        names = "topic, article, number, of, question_kind"
        return ConfigError(f"{where}: {error.message or type(error).__name__}; a prompt may use {names}")


def read_prompts(kind: Kind, names: Sequence[str], folder: Path) -> list[Prompt]:
    """Reads the prompt files of a task, or those that come with ncvc; names are relative to `folder`.

    Raises `ConfigError` for a file that cannot be read, and for one that Jinja cannot parse.
    """
    paths = [named_path(name, folder) for name in names] or sorted(SHIPPED.glob(PATTERNS[kind]))
    found = [_read(path) for path in paths]
    for prompt in found:
        try:
            _ = prompt._templates
        except TemplateError as error:
            raise prompt._mistake(error) from None
    versions = [prompt.version for prompt in found]
    if twice := next((prompt for prompt in found if versions.count(prompt.version) > 1), None):
        raise ConfigError(f"{twice.path}: two prompts have this text; leave one out")
    return found


def _read(path: Path) -> Prompt:
    try:
        source = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the prompt: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: the prompt is not UTF-8; save it as UTF-8") from None
    if not is_utf8(source) or not source.strip():
        raise ConfigError(f"{path}: the prompt is empty; write the text that a writer gets")
    return Prompt(path.name.removesuffix(".jinja"), path, source)
