"""Conversations as token ids, in the form that technical report 2.4.2 tunes on; needs no torch.

    begin <|system|> … <|user|> … <|assistant|> … <|end_of_text|> <|user|> … <|assistant|> … <|end_of_text|>

Each turn is cleaned, analysed and encoded alone, so that no piece reaches from one into the next, and text that looks
like a special token is text. What counts for the loss is what stands behind `<|assistant|>`, up to and with
`<|end_of_text|>`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from ncvc.hf.tokenizer import TextTokenizer

Role = Literal["system", "user", "assistant"]
ROLES: tuple[Role, ...] = get_args(Role)
CHAT_TOKENS = tuple(f"<|{role}|>" for role in ROLES)
"""Special tokens of a tuned model, in the order of their ids, which follow those of the pieces."""

TEMPLATE = (
    "{{ begin }}{% for message in messages %}"
    "{% if message.role == 'assistant' %}<|assistant|>{% generation %}{{ message.content }}<|end_of_text|>"
    "{% endgeneration %}{% else %}{{ '<|' + message.role + '|>' + message.content }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
"""Chat template in Jinja; `begin` stands for the tokens that begin a text, and what is generated is marked."""


class Turn(Protocol):
    """A turn of a conversation."""

    @property
    def role(self) -> Role:
        """Role of the speaker."""

    @property
    def content(self) -> str:
        """Text of the turn."""


@dataclass(frozen=True)
class Encoded:
    """Ids of a sample, and whether the loss of each counts."""

    ids: list[int]
    counts: list[bool]


def has_chat_tokens(pieces: Sequence[str]) -> bool:
    """Tells whether a vocabulary ends in the tokens of a chat."""
    return tuple(pieces[-len(CHAT_TOKENS) :]) == CHAT_TOKENS


def chat_template(begin: str, *, marked: bool = True) -> str:
    """The template with `begin`, such as `<|end_of_text|>`, written in.

    Only transformers knows the marks around what is generated; `marked` leaves them in.
    """
    template = TEMPLATE.replace("{{ begin }}", begin)
    return template if marked else template.replace("{% generation %}", "").replace("{% endgeneration %}", "")


def encode_chat(
    tokenizer: TextTokenizer, roles: dict[Role, int], end: int, messages: Sequence[Turn], *, prompt: bool = False
) -> Encoded:
    """Ids of a conversation; `roles` and `end` are the ids of the special tokens.

    `prompt` appends `<|assistant|>`, behind which a model answers.
    """
    ids, counts = tokenizer.begin([]), [False] * len(tokenizer.begin([]))
    for message in messages:
        text = tokenizer.encode(message.content)
        answer = message.role == "assistant"
        ids += [roles[message.role], *text, *([end] if answer else [])]
        counts += [False, *[answer] * len(text), *([True] if answer else [])]
    if prompt:
        ids.append(roles["assistant"])
        counts.append(False)
    return Encoded(ids, counts)
