"""A tokenizer of characters, and tiny models over it, for tests that need a model that knows something."""

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from ncvc.hf.load import LanguageModel

BEGIN, END = 0, 1


class Characters:
    """Ids 2, 3, … are the characters of an alphabet."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.alphabet = sorted(set("".join(texts)))
        self.end_ids = frozenset([END])

    def begin(self, ids: Sequence[int]) -> list[int]:
        return [BEGIN, *ids]

    def encode(self, text: str) -> list[int]:
        return [2 + self.alphabet.index(character) for character in text]

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(self.alphabet[token - 2] for token in ids if token > 1)

    def piece(self, token: int) -> str:
        return ("<s>", "</s>")[token] if token < 2 else self.alphabet[token - 2]


def tiny(tokenizer: Characters, *, layers: int = 1, length: int = 64, seed: int = 0) -> LanguageModel:
    """A random model."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=2 + len(tokenizer.alphabet),
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=length,
        initializer_range=0.1,
        attn_implementation="sdpa",
    )
    return LanguageModel(Path("tiny"), LlamaForCausalLM(config).eval(), tokenizer, length)


def overfit(lm: LanguageModel, texts: Sequence[str], steps: int, lr: float = 5e-3) -> None:
    """Trains on all texts, of one length, at every step."""
    ids = torch.tensor([[BEGIN, *lm.tokenizer.encode(text), END] for text in texts])
    optimizer = torch.optim.AdamW(lm.model.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        lm.model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
        optimizer.step()
