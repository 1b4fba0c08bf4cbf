"""A batch whose rows join and leave between two tokens, with a key-value cache."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from ncvc.errors import ModelFolderError
from ncvc.hf.choose import choose
from ncvc.hf.load import LanguageModel
from ncvc.hf.row import Row

CLOSE = {torch.float32: 2e-5, torch.bfloat16: 3e-2}
"""Difference of logits, relative to the largest one: 15 and 3.4 times what a batch changed in the demo's model."""

_PREFILL = 4096
"""Positions that are computed at once when rows join, the padded ones included."""


class Batch:
    """Rows that are continued together, padded at the left. Those that have finished leave."""

    def __init__(self, lm: LanguageModel) -> None:
        self._lm = lm
        self._cache = DynamicCache(config=lm.model.config)
        self._mask = torch.zeros(0, 0, dtype=torch.long, device=lm.model.device)
        """1 where a row has a token [rows, length]."""
        self.rows: list[Row] = []

    @property
    def is_open(self) -> bool:
        """True if rows can join: always, but where the model forgets what is far away, only while there are none."""
        return not self.rows or all(type(layer) is DynamicLayer for layer in self._cache.layers)

    @torch.inference_mode()
    def join(self, rows: Sequence[Row]) -> None:
        """Reads the prompts of rows and makes the first token of each; the batch must be open."""
        assert self.is_open
        for group in _groups(rows):
            self._join(group)

    @torch.inference_mode()
    def step(self) -> None:
        """Makes the next token of every row."""
        self._drop_finished()
        if not self.rows:
            return
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(self.rows), 1)], dim=1)
        ids = torch.tensor([row.ids[-1:] for row in self.rows], device=self._mask.device)
        logits = self._logits(ids, self._mask, self._mask.sum(1, keepdim=True) - 1, self._cache)
        self._add(self.rows, logits[:, -1])
        self._drop_finished()

    def _join(self, rows: list[Row]) -> None:
        longest = max(len(row.ids) for row in rows)
        device = self._mask.device
        # Padding is masked: its id does not matter.
        ids = torch.tensor([[0] * (longest - len(row.ids)) + row.ids for row in rows], device=device)
        mask = torch.tensor([[0] * (longest - len(row.ids)) + [1] * len(row.ids) for row in rows], device=device)
        cache = DynamicCache(config=self._lm.model.config)
        # Where every position is predicted, the logits of all are kept.
        keep = 0 if any(row.sampling.prompt_logprobs is not None for row in rows) else 1
        logits = self._logits(ids, mask, (mask.cumsum(1) - 1).clamp(min=0), cache, keep)
        for row, each in zip(rows, logits, strict=True):
            if row.sampling.prompt_logprobs is not None:
                row.read_prompt(each[longest - len(row.ids) : -1])
        going = [place for place, row in enumerate(rows) if row.finish is None]
        self._add([rows[place] for place in going], logits[going, -1])
        if self.rows:
            self._mask = torch.cat(_padded([self._mask, mask], 1))
            for layer, new in zip(self._cache.layers, cache.layers, strict=True):
                layer.keys = torch.cat(_padded([layer.keys, new.keys], 2))
                layer.values = torch.cat(_padded([layer.values, new.values], 2))
        else:
            self._mask, self._cache = mask, cache
        self.rows = [*self.rows, *rows]
        self._drop_finished()

    def _logits(self, ids: Tensor, mask: Tensor, positions: Tensor, cache: DynamicCache, keep: int = 1) -> Tensor:
        logits: Tensor = self._lm.model(
            input_ids=ids,
            # Without padding there is nothing to mask, and kernels without a mask are faster.
            attention_mask=None if bool(mask.all()) else mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=keep,
        ).logits
        return logits

    def _add(self, rows: list[Row], logits: Tensor) -> None:
        """Adds a token to each row, chosen from the logits [rows, V]."""
        if rows:
            logits = logits.float()
            tokens = choose(logits, rows, CLOSE[self._lm.model.dtype], self._alone)
            for row, token, each in zip(rows, tokens, logits, strict=True):
                row.add(token, each)

    def _alone(self, row: Row) -> Tensor:
        """Logits [V] of a row's next token, without batch, padding and cache."""
        ids = torch.tensor([row.ids], device=self._mask.device)
        logits: Tensor = self._lm.model(input_ids=ids, use_cache=False, logits_to_keep=1).logits[0, -1].float()
        if logits.isnan().any():
            raise ModelFolderError(
                f"{self._lm.folder}: its logits are not numbers; the weights or the sizes are damaged"
            )
        return logits

    def _drop_finished(self) -> None:
        going = [place for place, row in enumerate(self.rows) if row.finish is None]
        if len(going) == len(self.rows):
            return
        self.rows = [self.rows[place] for place in going]
        kept = torch.tensor(going, dtype=torch.long, device=self._mask.device)
        self._mask = self._mask[kept]
        if not going:
            self._cache = DynamicCache(config=self._lm.model.config)
            return
        self._cache.batch_select_indices(kept)
        # What only the longest row had before it left.
        unused = int(self._mask.any(0).int().argmax())
        if unused and self.is_open:
            self._mask = self._mask[:, unused:]
            for layer in self._cache.layers:
                layer.keys, layer.values = layer.keys[:, :, unused:], layer.values[:, :, unused:]


def _groups(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows of about the same length, at most `_PREFILL` positions together."""
    group: list[Row] = []
    for row in sorted(rows, key=lambda row: len(row.ids)):
        if group and len(row.ids) * (len(group) + 1) > _PREFILL:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _padded(tensors: list[Tensor], dimension: int) -> list[Tensor]:
    """The tensors with zeros before them, so that they are equally long."""
    longest = max(tensor.shape[dimension] for tensor in tensors)
    found = []
    for tensor in tensors:
        shape = list(tensor.shape)
        shape[dimension] = longest - shape[dimension]
        found.append(torch.cat([tensor.new_zeros(shape), tensor], dimension) if shape[dimension] else tensor)
    return found
