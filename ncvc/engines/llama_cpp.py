"""llama.cpp as an engine, through llama-cpp-python's bindings: token ids in, logits out.

Each row is a sequence with a key-value cache of its own. Prompts are read one at a time, and the next tokens of all
rows are computed together, which changes the order of sums. A close choice is therefore made from the row's whole
text, computed alone in a spare sequence; see `ncvc.hf.choose`.
"""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_cpp as api
import numpy as np
import torch
from torch import Tensor

from ncvc.errors import ModelFolderError, NcvcError
from ncvc.hf.choose import choose
from ncvc.hf.row import Row
from ncvc.hf.tokenizer import TextTokenizer

CLOSE = 4e-3
"""Difference of logits, relative to the largest one, below which a batch might change a choice."""
_BATCH = 512
"""Tokens of a prompt that are computed at once."""
_LONGEST = 4096
"""Length of the longest text of a file that states none, in tokens."""

_SILENT = api.llama_log_callback(lambda *_: None)


class LlamaCppEngine:
    """A GGUF file; see `Engine`."""

    name = "llama.cpp"
    is_open = True

    def __init__(self, path: Path, tokenizer: TextTokenizer, max_tokens: int | None, slots: int) -> None:
        """Raises `ModelFolderError` where llama.cpp does not load the file, or memory does not hold the rows."""
        self._path = path
        self._model = _load(path)
        self.tokenizer = tokenizer
        self.vocab_size = int(api.llama_vocab_n_tokens(api.llama_model_get_vocab(self._model)))
        self.max_tokens: int | None = max_tokens or _LONGEST
        self.slots = slots
        self._context = self._new_context(slots + 1)  # one for what is computed alone
        self._batch = api.llama_batch_init(_BATCH, 0, 1)
        self._free = list(range(slots))
        self._sequence: dict[int, int] = {}
        """Row (by its identity) → its sequence."""
        self.rows: list[Row] = []

    def join(self, rows: Sequence[Row]) -> None:
        """As `Engine.join` says."""
        for row in rows:
            sequence = self._free.pop()
            self._sequence[id(row)] = sequence
            self.rows.append(row)
            every = row.sampling.prompt_logprobs is not None
            logits = self._read(row.ids, sequence, every=every)
            if every:
                row.read_prompt(logits[:-1])
            if row.finish is None:
                self._add([row], logits[-1:])
        self._drop_finished()

    def step(self) -> None:
        """As `Engine.step` says."""
        self._drop_finished()
        for start in range(0, len(self.rows), _BATCH):
            rows = self.rows[start : start + _BATCH]
            entries = [(row.ids[-1], len(row.ids) - 1, self._sequence[id(row)], True) for row in rows]
            self._add(rows, self._compute(entries))
        self._drop_finished()

    def reset(self) -> None:
        """As `Engine.reset` says."""
        api.llama_memory_clear(api.llama_get_memory(self._context), True)
        self.rows = []
        self._sequence = {}
        self._free = list(range(self.slots))

    def embed(self, texts: Sequence[Sequence[int]]) -> list[list[float]]:
        """As `Engine.embed` says; a text at a time, in a context that lives no longer."""
        width = int(api.llama_model_n_embd(self._model))
        context = self._new_context(1, embeddings=True)
        batch = api.llama_batch_init(self.max_tokens, 0, 1)
        try:
            found = []
            for text in texts:
                _fill(batch, [(token, place, 0, True) for place, token in enumerate(text)])
                api.llama_memory_clear(api.llama_get_memory(context), True)
                self._require(api.llama_decode(context, batch))
                mean = np.ctypeslib.as_array(api.llama_get_embeddings_seq(context, 0), (width,)).astype(np.float64)
                found.append((mean / np.linalg.norm(mean)).tolist())
            return found
        finally:
            api.llama_batch_free(batch)
            api.llama_free(context)

    def _new_context(self, sequences: int, *, embeddings: bool = False) -> Any:
        assert self.max_tokens is not None
        settings = api.llama_context_default_params()
        settings.n_ctx = self.max_tokens * sequences
        settings.n_seq_max = sequences
        settings.kv_unified = False
        settings.n_batch = settings.n_ubatch = self.max_tokens if embeddings else _BATCH
        settings.n_threads = settings.n_threads_batch = torch.get_num_threads()
        if embeddings:
            settings.embeddings = True
            settings.pooling_type = api.LLAMA_POOLING_TYPE_MEAN
        context = api.llama_init_from_model(self._model, settings)
        if not context:
            raise ModelFolderError(
                f"{self._path}: llama.cpp has no memory for {sequences} texts of {self.max_tokens} tokens; use fewer"
                " --slots"
            )
        return context

    def _read(self, ids: Sequence[int], sequence: int, *, every: bool = False) -> Tensor:
        """Logits of the last token's place, or of every one's [places, V]."""
        api.llama_memory_seq_rm(api.llama_get_memory(self._context), sequence, -1, -1)
        found = []
        for start in range(0, len(ids), _BATCH):
            part = ids[start : start + _BATCH]
            last = len(ids) - 1
            entries = [
                (token, place, sequence, every or place == last) for place, token in enumerate(part, start=start)
            ]
            found.append(self._compute(entries))
        return torch.cat(found)

    def _compute(self, entries: Sequence[tuple[int, int, int, bool]]) -> Tensor:
        """Logits [asked, V] of (token, place, sequence, asked)."""
        _fill(self._batch, entries)
        self._require(api.llama_decode(self._context, self._batch))
        rows = [
            np.ctypeslib.as_array(api.llama_get_logits_ith(self._context, number), (self.vocab_size,)).copy()
            for number, entry in enumerate(entries)
            if entry[3]
        ]
        return torch.from_numpy(np.stack(rows)) if rows else torch.empty(0, self.vocab_size)

    def _add(self, rows: list[Row], logits: Tensor) -> None:
        tokens = choose(logits, rows, CLOSE, self._alone)
        for row, token, each in zip(rows, tokens, logits, strict=True):
            row.add(token, each)

    def _alone(self, row: Row) -> Tensor:
        logits = self._read(row.ids, self.slots)[-1]
        if logits.isnan().any():
            raise ModelFolderError(f"{self._path}: its logits are not numbers; the file is damaged")
        return logits

    def _drop_finished(self) -> None:
        finished = [row for row in self.rows if row.finish]  # once: another thread may cancel rows
        self._free += [self._sequence.pop(id(row)) for row in finished]
        self.rows = [row for row in self.rows if row not in finished]

    def _require(self, status: int) -> None:
        if status:
            raise NcvcError(f"{self._path}: llama.cpp cannot compute (status {status})")


class LlamaCppTokenizer:
    """The tokenizer in a GGUF file of another program's, as llama.cpp reads it; see `TextTokenizer`."""

    def __init__(self, path: Path) -> None:
        """Raises `ModelFolderError` where llama.cpp does not load it."""
        self._vocab = api.llama_model_get_vocab(_load(path, vocab_only=True))
        count = int(api.llama_vocab_n_tokens(self._vocab))
        self.end_ids = frozenset(i for i in range(count) if api.llama_vocab_is_eog(self._vocab, i))

    def begin(self, ids: Sequence[int]) -> list[int]:
        """As `TextTokenizer.begin` says."""
        first = int(api.llama_vocab_bos(self._vocab))
        return [first, *ids] if api.llama_vocab_get_add_bos(self._vocab) else list(ids) or [max(first, 0)]

    def encode(self, text: str) -> list[int]:
        """As `TextTokenizer.encode` says."""
        raw = text.encode()
        room = len(raw) + 16
        ids = (api.llama_token * room)()
        count = api.llama_tokenize(self._vocab, raw, len(raw), ids, room, False, False)
        return list(ids[:count])

    def decode(self, ids: Sequence[int]) -> str:
        """As `TextTokenizer.decode` says."""
        return self._text(ids, special=False)

    def piece(self, token: int) -> str:
        """As `TextTokenizer.piece` says."""
        return self._text([token], special=True)

    def _text(self, ids: Sequence[int], *, special: bool) -> str:
        given = (api.llama_token * len(ids))(*ids)
        room = 64 + 64 * len(ids)
        buffer = ctypes.create_string_buffer(room)
        count = api.llama_detokenize(self._vocab, given, len(ids), buffer, room, False, special)
        if count < 0:
            buffer = ctypes.create_string_buffer(-count)
            count = api.llama_detokenize(self._vocab, given, len(ids), buffer, -count, False, special)
        return buffer.raw[:count].decode(errors="replace")


def _load(path: Path, *, vocab_only: bool = False) -> Any:
    """Raises `ModelFolderError`."""
    api.llama_log_set(_SILENT, ctypes.c_void_p(0))
    api.llama_backend_init()
    settings = api.llama_model_default_params()
    settings.vocab_only = vocab_only
    model = api.llama_model_load_from_file(str(path).encode(), settings)
    if not model:
        raise ModelFolderError(f"{path}: llama.cpp cannot load it; `ncvc convert --check` its folder, or convert again")
    return model


def _fill(batch: Any, entries: Sequence[tuple[int, int, int, bool]]) -> None:
    """Writes (token, place, sequence, asked) into a batch."""
    batch.n_tokens = len(entries)
    for number, (token, place, sequence, asked) in enumerate(entries):
        batch.token[number] = token
        batch.pos[number] = place
        batch.n_seq_id[number] = 1
        batch.seq_id[number][0] = sequence
        batch.logits[number] = asked
