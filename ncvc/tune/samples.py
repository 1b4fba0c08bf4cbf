"""Rows → token ids and the mask of those whose loss counts, for any model's tokenizer and template."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ncvc.data.chat import BadRow
from ncvc.data.rows import Message
from ncvc.hf.conversation import Encoded, Role, encode_chat
from ncvc.hf.tokenizer import TextTokenizer
from ncvc.tune.config import TuneConfig
from ncvc.tune.rows import Row

INSTRUCTION = "### Instruction:\n{instruction}\n\n### Response:\n"
"""Form of a question and its answer in plain text (Alpaca's, without its preamble)."""


class UnusableError(ValueError):
    """The reason why a conversation cannot be encoded, a clause."""


class Form(Protocol):
    """Writes conversations as ids."""

    def encode(self, messages: Sequence[Message], *, prompt: bool = False) -> Encoded:
        """Ids of a conversation; `prompt` ends them where an answer begins. Raises `UnusableError`."""


@dataclass(frozen=True)
class OwnForm:
    """The form of ncvc's own models, `ncvc.hf.conversation`."""

    tokenizer: TextTokenizer
    roles: dict[Role, int]
    end: int

    def encode(self, messages: Sequence[Message], *, prompt: bool = False) -> Encoded:
        """See `Form`."""
        for number, message in enumerate(messages, start=1):
            if not self.tokenizer.encode(message.content):
                raise UnusableError(f"turn {number}, of the {message.role}, is nothing once it is cleaned")
        return encode_chat(self.tokenizer, self.roles, self.end, messages, prompt=prompt)


@dataclass(frozen=True)
class InstructionForm:
    """Plain text under headings; a system turn stands before them, and earlier turns are refused."""

    tokenizer: TextTokenizer
    end: int

    def encode(self, messages: Sequence[Message], *, prompt: bool = False) -> Encoded:
        """See `Form`."""
        system = f"{messages[0].content}\n\n" if messages[0].role == "system" else ""
        turns = [message for message in messages if message.role != "system"]
        if len(turns) > (1 if prompt else 2):
            raise UnusableError("template instruction has one question and one answer, not several turns")
        before = self.tokenizer.begin(self.tokenizer.encode(system + INSTRUCTION.format(instruction=turns[0].content)))
        answer = [] if prompt else [*self.tokenizer.encode(turns[1].content), self.end]
        if len(answer) == 1:
            raise UnusableError("its answer is nothing once it is cleaned")
        return Encoded([*before, *answer], [False] * len(before) + [True] * len(answer))


@dataclass(frozen=True)
class TemplateForm:
    """The chat template of a stock tokenizer.

    An answer is what follows the template's text of the turns before it; what counts are its tokens up to and with the
    first one that ends a text.
    """

    tokenizer: Any
    """A tokenizer of transformers, which has no types here."""
    ends: frozenset[int]

    def encode(self, messages: Sequence[Message], *, prompt: bool = False) -> Encoded:
        """See `Form`."""
        turns = [{"role": message.role, "content": message.content} for message in messages]
        if prompt:
            ids = self._ids(turns, add_generation_prompt=True)
            return Encoded(ids, [False] * len(ids))
        ids = self._ids(turns)
        counts = [False] * len(ids)
        for number, message in enumerate(messages):
            if message.role == "assistant":
                before = self._ids(turns[:number], add_generation_prompt=True)
                whole = self._ids(turns[: number + 1])
                if ids[: len(before)] != before or whole[: len(before)] != before:
                    raise UnusableError(
                        f"the chat template writes the turns before turn {number + 1} in another way than in the whole"
                    )
                for place in range(len(before), min(len(whole), len(ids))):
                    counts[place] = True
                    if ids[place] in self.ends:
                        break
        return Encoded(ids, counts)

    def _ids(self, turns: list[dict[str, str]], **options: Any) -> list[int]:
        try:
            return list(self.tokenizer.apply_chat_template(turns, tokenize=True, return_dict=False, **options))
        except Exception as error:  # whatever a template raises, such as for a system turn
            raise UnusableError(f"the model's chat template refuses it: {' '.join(str(error).split())[:200]}") from None


@dataclass(frozen=True)
class Sample:
    """One sample of training."""

    place: str
    task: str
    ids: list[int]
    counts: list[bool]
    """True for each token whose loss counts."""

    @property
    def labels(self) -> list[int]:
        """The ids that count, and -100 for the others, as torch's cross entropy passes them over."""
        return [token if counted else -100 for token, counted in zip(self.ids, self.counts, strict=True)]


def conversation_samples(rows: Iterable[Row], form: Form, config: TuneConfig) -> tuple[list[Sample], list[BadRow]]:
    """Encodes conversations; those that are too long, or of whose answer nothing is left, are bad."""
    samples, bad = [], []
    limit = config.data.max_length
    for row in rows:
        try:
            encoded = form.encode(row.messages)
        except UnusableError as error:
            bad.append(BadRow(row.place, str(error)))
            continue
        length = len(encoded.ids)
        if length > limit and config.data.too_long == "bad":
            bad.append(BadRow(row.place, f"{length:,} tokens, and data.max_length is {limit:,}"))
        elif not any(encoded.counts[1:limit]):
            bad.append(BadRow(row.place, f"its first {limit:,} tokens hold nothing of the answer"))
        else:
            samples.append(Sample(row.place, row.task, encoded.ids[:limit], encoded.counts[:limit]))
    return samples, bad


def document_samples(
    rows: Iterable[Row], tokenizer: TextTokenizer, end: int, config: TuneConfig
) -> tuple[list[Sample], list[BadRow]]:
    """Encodes documents and splits those that are longer than `data.max_length`; every token counts."""
    samples, bad = [], []
    for row in rows:
        text = tokenizer.encode(row.text)
        if not text:
            bad.append(BadRow(row.place, "its text is nothing once it is cleaned"))
            continue
        ids = [*tokenizer.begin(text), end]
        for start in range(0, len(ids), config.data.max_length):
            part = ids[start : start + config.data.max_length]
            if len(part) > 1:  # a single token predicts nothing
                samples.append(Sample(row.place, row.task, part, [True] * len(part)))
    return samples, bad
