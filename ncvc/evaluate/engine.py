"""One interface to models in folders, files and on servers: words prompts, answers them, weighs continuations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ncvc.data.rows import Message

Form = Literal["auto", "chat", "plain"]
"""Form of prompts: by the model's chat template, as plain text, or by the template if there is one."""

TOO_LONG = "too long"
"""End of an answer whose prompt leaves no room for one in the model."""


@dataclass(frozen=True)
class Settings:
    """Settings that answers depend on."""

    form: Form = "auto"
    max_new_tokens: int = 512
    """As JMED-LLM's script has it."""
    seed: int = 42
    """As JMED-LLM's script has it; without effect at temperature 0, but sent to servers."""
    dtype: str = "float32"


@dataclass(frozen=True)
class Prompt:
    """A prompt as one model gets it."""

    text: str
    """The prompt for people: with the template's own words in it."""
    ids: tuple[int, ...] = ()
    """Its ids from the very beginning; none for a server."""
    messages: tuple[Message, ...] = ()
    """The turns, for a server; none in plain form."""
    is_chat: bool = False
    """True if a chat template words it."""
    stop: tuple[str, ...] = ()
    """Strings before which the answer ends."""


@dataclass(frozen=True)
class Answer:
    """The text that a model gave."""

    text: str
    finish: str
    """`end_of_text`, `stop`, `length`, or `TOO_LONG`."""
    tokens: int
    """Tokens made; 0 where a server does not say."""


@dataclass(frozen=True)
class Weight:
    """Log-probability of a continuation in nats, and its characters as the model sees them."""

    logprob: float
    characters: int


class EvaluationEngine(Protocol):
    """A loaded model."""

    @property
    def facts(self) -> dict[str, Any]:
        """Facts of the model for the report: parameters, steps, tokens seen, as far as they are known."""

    def word(self, messages: Sequence[Message], *, exam: bool) -> Prompt:
        """Words turns that end with the user's as this model gets them; see `ncvc.evaluate.wording`."""

    def length(self, prompt: Prompt) -> int:
        """Length by which prompts are sorted, in tokens or characters."""

    def answer(self, prompts: Sequence[Prompt], batch_size: int) -> Iterator[tuple[int, Answer]]:
        """Answers each prompt at temperature 0; yields its place and its answer as soon as that is there."""

    def weigh(self, pairs: Sequence[tuple[Prompt, str]], batch_size: int) -> list[Weight | None]:
        """Weighs each continuation of a prompt; None for one that the model cannot hold or does not weigh."""
