"""Probabilities of the choices of a question, layer by layer.

The logit lens (nostalgebraist 2020) reads each layer's hidden state by the model's own last norm and head; behind the
last layer that is the model's answer itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ncvc.errors import ModelFolderError, PromptError
from ncvc.evaluate.wording import plain_text, without_system
from ncvc.hf.chat import Message as Turn
from ncvc.hf.chat import template_of_folder
from ncvc.hf.load import LanguageModel
from ncvc.hf.score import split_ids
from ncvc.inspect.knowledge.question import Question

NORMS = ("norm", "final_layer_norm", "final_layernorm", "ln_f", "norm_f")
"""Names that decoders of transformers give to the norm behind the last layer."""
CLOSE = 1e-3
"""Difference of logits, relative to the largest one, up to which the lens reads the model's own head."""


@dataclass(frozen=True)
class Choice:
    """A choice and its log-likelihoods."""

    name: str
    text: str
    tokens: int
    characters: int
    logprobs: tuple[float, ...]
    """Natural logarithms of its probability after the question, behind the embedding and behind each layer."""


@dataclass(frozen=True)
class Knowledge:
    """Choices of a question by layer, and the likeliest next pieces."""

    prompt: str
    choices: tuple[Choice, ...]
    next_pieces: tuple[tuple[str, float], ...]
    """The likeliest piece after the question, and its probability, for each layer."""

    @property
    def shares(self) -> np.ndarray:
        """Probabilities among the choices alone, [layers + 1, choices]; each row sums to 1."""
        found = np.array([choice.logprobs for choice in self.choices]).T
        weights = np.exp(found - found.max(1, keepdims=True))
        shares: np.ndarray = weights / weights.sum(1, keepdims=True)
        return shares


@torch.inference_mode()
def look(lm: LanguageModel, question: Question, form: str = "auto") -> Knowledge:
    """Weighs each choice after the question; see `word` for `form`.

    Raises `PromptError` for what is too long or nothing once it is cleaned, `ModelFolderError` for a model whose last
    norm or head is not as usual.
    """
    context = word(lm, question, form)
    norm = _last_norm(lm)
    choices: list[Choice] = []
    pieces: list[tuple[str, float]] = []
    for name, text in question.choices.items():
        before, after = split_ids(lm, context, text)
        layers = _logits(lm, norm, [*before, *after], len(after))
        targets = torch.tensor(after)[:, None]
        logprobs = [each.log_softmax(1) for each in layers]
        sums = tuple(float(each.gather(1, targets).sum()) for each in logprobs)
        choices.append(Choice(name, text, len(after), max(1, len(lm.tokenizer.decode(after))), sums))
        if not pieces:
            best = [each[0].max(0) for each in logprobs]
            pieces = [(lm.tokenizer.piece(int(each.indices)), float(each.values.exp())) for each in best]
    shown = context if isinstance(context, str) else lm.tokenizer.decode(context)
    return Knowledge(shown, tuple(choices), tuple(pieces))


def word(lm: LanguageModel, question: Question, form: str) -> str | list[int]:
    """Words the question as `ncvc evaluate` does: by the chat template (ids), or as plain text.

    `form`: chat, plain, or auto for the template if there is one. The user's own text stays as it is in plain form.
    """
    chat = None if form == "plain" else template_of_folder(lm.folder)
    if chat is None:
        if form == "chat":
            raise ModelFolderError(f"{lm.folder}: has no chat template; use --form plain")
        return question.text if question.is_own else plain_text(question.messages, exam=question.exam)
    for messages in (question.messages, without_system(question.messages)):
        turns: list[Turn] = [{"role": message.role, "content": message.content} for message in messages]
        try:
            return chat.encode(lm.tokenizer, turns)
        except PromptError as error:
            refused = error
    raise ModelFolderError(f"{lm.folder}: {refused}")


def _logits(lm: LanguageModel, norm: nn.Module, ids: Sequence[int], count: int) -> list[Tensor]:
    """Logits [count, V] that predict the last `count` ids, behind the embedding and behind each layer."""
    given = torch.tensor([list(ids)], device=lm.model.device)
    out = lm.model(input_ids=given, use_cache=False, output_hidden_states=True, logits_to_keep=count + 1)
    own = out.logits[0, :-1].float().cpu()
    head = lm.model.get_output_embeddings()
    states = [state[0, -count - 1 : -1] for state in out.hidden_states]
    # The last state of most decoders has gone through the norm already.
    if not any(_is_close(head(each).float().cpu(), own) for each in (states[-1], norm(states[-1]))):
        raise ModelFolderError(
            f"{lm.folder}: its logits are not its head on the last hidden state, so that the logit lens cannot read it"
        )
    return [*(head(norm(state)).float().cpu() for state in states[:-1]), own]


def _is_close(found: Tensor, own: Tensor) -> bool:
    return bool((found - own).abs().max() <= CLOSE * own.abs().max())


def _last_norm(lm: LanguageModel) -> nn.Module:
    """The norm behind the last layer."""
    base = lm.model.base_model
    for holder in (base, getattr(base, "decoder", None)):
        for name in NORMS:
            if isinstance(found := getattr(holder, name, None), nn.Module):
                return found
    raise ModelFolderError(f"{lm.folder}: {type(lm.model).__name__} has no norm behind its last layer that is known")
