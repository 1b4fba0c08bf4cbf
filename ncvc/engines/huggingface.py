"""transformers as an engine: batches with a key-value cache, on a CPU or a GPU."""

from collections.abc import Sequence

import torch

from ncvc.hf.batch import Batch
from ncvc.hf.load import LanguageModel
from ncvc.hf.row import Row


class TransformersEngine:
    """A model folder, loaded by stock transformers; see `Engine`."""

    name = "transformers"

    def __init__(self, lm: LanguageModel, slots: int) -> None:
        self._lm = lm
        self._batch = Batch(lm)
        self.tokenizer = lm.tokenizer
        self.vocab_size = int(lm.model.config.vocab_size)
        self.max_tokens = lm.max_tokens
        self.slots = slots

    @property
    def rows(self) -> list[Row]:
        """As `Engine.rows` says."""
        return self._batch.rows

    @property
    def is_open(self) -> bool:
        """As `Engine.is_open` says."""
        return self._batch.is_open

    def join(self, rows: Sequence[Row]) -> None:
        """As `Engine.join` says."""
        self._batch.join(rows)

    def step(self) -> None:
        """As `Engine.step` says."""
        self._batch.step()

    def reset(self) -> None:
        """As `Engine.reset` says."""
        self._batch = Batch(self._lm)

    @torch.inference_mode()
    def embed(self, texts: Sequence[Sequence[int]]) -> list[list[float]]:
        """As `Engine.embed` says; a text at a time."""
        found = []
        for text in texts:
            ids = torch.tensor([list(text)], device=self._lm.model.device)
            states = self._lm.model.base_model(input_ids=ids, use_cache=False).last_hidden_state
            mean = states[0].float().mean(0)
            found.append((mean / mean.norm()).tolist())
        return found
