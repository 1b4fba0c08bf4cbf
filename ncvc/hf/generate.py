"""Continues a prompt with a Hugging Face folder's model and hands the text out as it comes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from torch import Tensor
from transformers import GenerationConfig, PreTrainedModel

import ncvc
from ncvc.errors import ModelFolderError
from ncvc.hf.load import TOKENIZER, load_model


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the next token is chosen."""

    max_new_tokens: int
    """At most so many tokens after the prompt."""
    temperature: float
    """Divides the logits; 0 takes the likeliest token always."""
    top_p: float
    """Samples from the smallest set of tokens that has this probability."""
    seed: int
    """The same seed, prompt and model give the same text."""


@dataclass(frozen=True, kw_only=True)
class Continuation:
    """What came out."""

    prompt: str
    """The prompt as the model saw it: cleaned."""
    text: str
    """What follows the prompt, without `<|end_of_text|>`."""
    tokens: int
    """The number of tokens made, `<|end_of_text|>` included."""
    ended: bool
    """Whether the model ended the text itself."""


class Generator:
    """A model with its tokenizer."""

    def __init__(self, model: PreTrainedModel, tokenizer: "ncvc.Tokenizer") -> None:
        self.model, self.tokenizer = model, tokenizer
        self.max_tokens: int = model.config.max_position_embeddings

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Loads a folder that `ncvc convert --to hf` made; raises `ModelFolderError` where it is none."""
        model = load_model(folder)
        if not (folder / TOKENIZER).is_dir():
            raise ModelFolderError(
                f"{folder}: no {TOKENIZER} in it; convert the checkpoint again with `ncvc convert --to hf`"
            )
        return cls(model, ncvc.Tokenizer.load(folder / TOKENIZER))

    def prompt_ids(self, prompt: str) -> list[int]:
        """`<|end_of_text|>` and the pieces of the cleaned prompt.

        Training packs documents one after the other, each ending in `<|end_of_text|>`, so that a document
        begins after that token. `<|begin_of_text|>` never occurs in training.

        Raises `ModelFolderError` for a prompt that leaves no room for an answer.
        """
        ids = [self.tokenizer.eos_id, *map(int, self.tokenizer.encode(prompt))]
        if len(ids) >= self.max_tokens:
            raise ModelFolderError(f"the prompt has {len(ids)} tokens; the model holds {self.max_tokens}: shorten it")
        return ids

    def text(self, ids: list[int]) -> str:
        """Text of token ids, with ▁ as a space. A piece is whole characters, so every list of ids is text."""
        return self.tokenizer.decode(ids).replace("▁", " ")

    def continue_text(
        self, prompt: str, sampling: Sampling, on_text: Callable[[str], None] = lambda _: None
    ) -> Continuation:
        """Makes tokens until `<|end_of_text|>`, `max_new_tokens` or the model's longest text.

        Calls `on_text` with each token's text as soon as it is chosen.
        """
        prompt_ids = self.prompt_ids(prompt)
        made: list[int] = []

        def on_token(token: int) -> None:
            made.append(token)
            if token != self.tokenizer.eos_id:
                on_text(self.text([token]))

        ids = torch.tensor([prompt_ids])
        torch.manual_seed(sampling.seed)
        self.model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            generation_config=self._config(sampling, len(prompt_ids)),
            streamer=_TokenStreamer(on_token),
        )
        ended = made[-1] == self.tokenizer.eos_id
        text = self.text(made[:-1] if ended else made)
        return Continuation(prompt=self.text(prompt_ids[1:]), text=text, tokens=len(made), ended=ended)

    def _config(self, sampling: Sampling, prompt_tokens: int) -> GenerationConfig:
        end = self.tokenizer.eos_id
        greedy = sampling.temperature == 0
        # top_k=0: transformers would otherwise also cut to the 50 likeliest tokens.
        choice = {} if greedy else {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
        return GenerationConfig(
            max_new_tokens=min(sampling.max_new_tokens, self.max_tokens - prompt_tokens),
            do_sample=not greedy,
            eos_token_id=end,
            pad_token_id=end,
            **choice,
        )


class _TokenStreamer:
    """A `transformers.generation.streamers.BaseStreamer`: is given the prompt first, then every token."""

    def __init__(self, on_token: Callable[[int], None]) -> None:
        self._on_token, self._prompt_seen = on_token, False

    def put(self, value: Tensor) -> None:
        if self._prompt_seen:
            self._on_token(int(value))
        self._prompt_seen = True

    def end(self) -> None:
        pass
