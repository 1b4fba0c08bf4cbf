"""Messages of a conversation → token ids, by the model's own chat template or by a stated plain form.

Special tokens come from the template alone: their names in a message are text, and stay text.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypedDict

from ncvc.errors import PromptError
from ncvc.hf.folder import read_json
from ncvc.hf.tokenizer import TextTokenizer, one_line

Role = Literal["system", "user", "assistant"]


class Message(TypedDict):
    """One message."""

    role: Role
    content: str


class ChatFormat(Protocol):
    """The form in which a model reads a conversation."""

    @property
    def stop(self) -> tuple[str, ...]:
        """Strings before which an answer ends."""

    def encode(self, tokenizer: TextTokenizer, messages: Sequence[Message]) -> list[int]:
        """Ids of a conversation up to where the answer begins; raises `PromptError` where the form has no place."""


_GUARD = "\ufdd0"
"""A noncharacter of Unicode, which no text may hold; breaks names of special tokens in messages until they are ids."""


@dataclass(frozen=True)
class TemplateFormat:
    """A chat template, as transformers renders it."""

    template: str
    special: Mapping[str, int]
    """Names of special tokens and their ids."""
    variables: Mapping[str, Any]
    """Names of tokens that the template may use, as `bos_token`."""
    stop: tuple[str, ...] = ()

    def encode(self, tokenizer: TextTokenizer, messages: Sequence[Message]) -> list[int]:
        """As `ChatFormat.encode` says; what stands between special tokens is encoded as raw text."""
        from jinja2 import TemplateError
        from transformers.utils.chat_template_utils import render_jinja_template

        guarded = [{**message, "content": self._guarded(message["content"])} for message in messages]
        try:
            (text,), _ = render_jinja_template(
                [guarded], chat_template=self.template, add_generation_prompt=True, **self.variables
            )
        except TemplateError as error:
            raise PromptError(f"the model's chat template takes no such conversation: {one_line(error)}") from None
        ids: list[int] = []
        for part in self._split(text):
            special = self.special.get(part)
            ids += [special] if special is not None else tokenizer.encode(part.replace(_GUARD, ""))
        return ids

    def _guarded(self, content: str) -> str:
        content = content.replace(_GUARD, "")
        return self._names().sub(lambda match: f"{match[0][0]}{_GUARD}{match[0][1:]}", content)

    def _split(self, text: str) -> list[str]:
        return [part for part in re.split(f"({self._names().pattern})", text) if part]

    def _names(self) -> re.Pattern[str]:
        names = sorted(self.special, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, names)) or r"(?!)")


@dataclass(frozen=True)
class PlainFormat:
    """Questions and answers as plain text, for a model that was never tuned to answer.

    The system message stands first, then `質問: …` and `回答: …` by turns, each on lines of its own.
    """

    stop: tuple[str, ...] = ("\n質問:", "\n回答:")

    def encode(self, tokenizer: TextTokenizer, messages: Sequence[Message]) -> list[int]:
        """As `ChatFormat.encode` says."""
        names = {"system": "", "user": "質問: ", "assistant": "回答: "}
        lines = [f"{names[message['role']]}{message['content']}\n" for message in messages]
        return tokenizer.begin(tokenizer.encode("".join([*lines, "回答:"])))


def template_of_folder(folder: Path) -> TemplateFormat | None:
    """The chat template of a model folder, where it has one; raises `ModelFolderError` for an odd file."""
    config = read_json(folder / "tokenizer_config.json") if (folder / "tokenizer_config.json").is_file() else {}
    file = folder / "chat_template.jinja"
    template = file.read_text(encoding="utf-8") if file.is_file() else config.get("chat_template")
    if isinstance(template, list):  # several, each with a name
        named = {each.get("name"): each.get("template") for each in template if isinstance(each, dict)}
        template = named.get("default")
    if not isinstance(template, str):
        return None
    added = _entries(folder / "tokenizer.json")
    special = {each["content"]: each["id"] for each in added if each.get("special")}
    variables = {name: _name(config.get(name)) for name in ("bos_token", "eos_token", "unk_token", "pad_token")}
    return TemplateFormat(template, special, {name: value for name, value in variables.items() if value})


def template_of_gguf(template: str | None, special: Mapping[str, int]) -> TemplateFormat | None:
    """The chat template in a GGUF file's header, where it has one."""
    return TemplateFormat(template, special, {}) if template else None


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        return list(json.loads(path.read_text(encoding="utf-8"))["added_tokens"])
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _name(token: object) -> object:
    return token.get("content") if isinstance(token, dict) else token
