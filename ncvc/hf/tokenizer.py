"""Text ↔ token ids of a model folder: by the exact tokenizer of ncvc, or by the folder's own.

Needs transformers only for the latter.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import ncvc
from ncvc.errors import ModelFolderError, PromptError
from ncvc.hf.folder import TOKENIZER, ModelFolder
from ncvc.special_tokens import first_id
from ncvc.utf8 import is_utf8

_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json", "vocab.txt", "tekken.json")
"""Files of which stock transformers needs one for a tokenizer."""


class TextTokenizer(Protocol):
    """Tokenizer as generation and scoring use it."""

    @property
    def end_ids(self) -> frozenset[int]:
        """Ids that end a text."""

    def begin(self, ids: Sequence[int]) -> list[int]:
        """Ids of a text from its beginning: with the special ones that come before it, and never none."""

    def encode(self, text: str) -> list[int]:
        """Ids of a text, without special ones."""

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids, without special ones."""

    def piece(self, token: int) -> str:
        """Text of one id; of a special one its name."""


class ExactTokenizer:
    """`ncvc.Tokenizer`: cleans and analyses raw text as it was for training."""

    def __init__(self, tokenizer: ncvc.Tokenizer, first: int) -> None:
        """`first`: the id that begins a text (see `first_id`)."""
        self._tokenizer = tokenizer
        self._first = first
        self.end_ids = frozenset([tokenizer.eos_id])
        self.vocab_size = tokenizer.vocab_size
        self.piece_to_id = tokenizer.piece_to_id
        self.id_to_piece = tokenizer.id_to_piece

    def begin(self, ids: Sequence[int]) -> list[int]:
        """Puts first what every document of the training data began with, or behind."""
        return [self._first, *ids]

    def encode(self, text: str) -> list[int]:
        """As `TextTokenizer.encode` says."""
        return list(map(int, self._tokenizer.encode(text)))

    def decode(self, ids: Sequence[int]) -> str:
        """As `TextTokenizer.decode` says."""
        return self._tokenizer.decode(list(ids)).replace("▁", " ")

    def piece(self, token: int) -> str:
        """As `TextTokenizer.piece` says."""
        return (self._tokenizer.id_to_piece(token) or "").replace("▁", " ")


class StockTokenizer:
    """The tokenizer files of the folder, as `transformers.AutoTokenizer` reads them."""

    def __init__(self, folder: ModelFolder, *, trains: bool = False) -> None:
        """Raises `ModelFolderError` where there are none, they do not load, or they do not fit the model.

        `trains` keeps all of transformers for a process that will train.
        """
        if not trains:
            from ncvc.hf.quick_start import skip_unused

            skip_unused()
        from transformers import AutoTokenizer
        from transformers.utils import logging

        if not any((folder.path / name).is_file() for name in _TOKENIZER_FILES):
            raise ModelFolderError(f"{folder.path}: no tokenizer in it; copy the tokenizer's files beside the weights")
        logging.set_verbosity_error()
        try:
            # transformers has no types here.
            self._tokenizer: Any = AutoTokenizer.from_pretrained(
                folder.path, local_files_only=True, trust_remote_code=False
            )
            ends = {*_ids(folder.config.get("eos_token_id")), *_ids(self._tokenizer.eos_token_id)}
            self._start = self._before_a_text()
        except Exception as error:  # whatever a file from elsewhere leads to
            raise ModelFolderError(
                f"{folder.path}: transformers cannot load its tokenizer: {one_line(error)}"
            ) from None
        self.end_ids = frozenset(ends)
        self._first = min(_ids(self._tokenizer.bos_token_id) or ends or [0])

    def _before_a_text(self) -> list[int]:
        """Ids that the tokenizer puts before a text; what it puts behind is left out."""
        plain = self.encode("1")
        whole = list(self._tokenizer("1", verbose=False)["input_ids"])
        return next((whole[:at] for at in range(len(whole)) if whole[at : at + len(plain)] == plain), [])

    def begin(self, ids: Sequence[int]) -> list[int]:
        """Puts first what the tokenizer puts before a text; the begin or end of text alone for an empty one."""
        return [*self._start, *ids] or [self._first]

    def encode(self, text: str) -> list[int]:
        """As `TextTokenizer.encode` says."""
        return list(self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def decode(self, ids: Sequence[int]) -> str:
        """As `TextTokenizer.decode` says."""
        return str(self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def piece(self, token: int) -> str:
        """As `TextTokenizer.piece` says."""
        return str(self._tokenizer.decode([token], clean_up_tokenization_spaces=False))


def load_tokenizer(folder: ModelFolder, *, trains: bool = False) -> TextTokenizer:
    """Loads the exact tokenizer of a model of ours, and the folder's own of any other; see `StockTokenizer`.

    Raises `ModelFolderError` or `TokenizerError`.
    """
    path = folder.tokenizer or folder.path / TOKENIZER
    if folder.tokenizer is None and not path.is_dir():
        return StockTokenizer(folder, trains=trains)
    tokenizer = ncvc.Tokenizer.load(path)
    if tokenizer.vocab_size > (rows := folder.config.get("vocab_size", 0)):
        raise ModelFolderError(
            f"{path}: {tokenizer.vocab_size} pieces, but {folder.path} has a vocabulary of {rows}; give the tokenizer"
            " folder that the model was trained with"
        )
    return ExactTokenizer(tokenizer, first_id(begin_of_text=folder.begin_of_text))


def require_characters(text: str) -> None:
    """Raises `PromptError` for half of a surrogate pair, which Python also makes of bytes that are not UTF-8."""
    if not is_utf8(text):
        raise PromptError(
            "the prompt holds bytes that are not UTF-8, or half of a surrogate pair; convert the text first"
        )


def prompt_ids(tokenizer: TextTokenizer, prompt: str | Sequence[int], max_tokens: int | None) -> list[int]:
    """Ids of a prompt, with those that begin a text; raises `PromptError` where nothing can follow it.

    Ids stay as they are.
    """
    if isinstance(prompt, str):
        require_characters(prompt)
        text = tokenizer.encode(prompt)
        if prompt and not text:
            raise PromptError("the prompt is nothing once it is cleaned; give it letters, digits or kanji")
        ids = tokenizer.begin(text)
    else:
        ids = list(prompt)
    if max_tokens is not None and len(ids) >= max_tokens:
        raise PromptError(f"the prompt has {len(ids)} tokens; the model holds {max_tokens}: shorten it")
    return ids


class TextStream:
    """Text of ids that come one after the other.

    A byte-level piece can be a part of a character: text is held back until it is whole. Ids are decoded together
    with those before them, since a tokenizer may treat a text's first piece in another way.
    """

    def __init__(self, tokenizer: TextTokenizer, ids: Sequence[int]) -> None:
        """`ids`: what comes before the text."""
        self._tokenizer = tokenizer
        self._ids = list(ids)
        self._start, self._end = 0, len(self._ids)

    def add(self, token: int) -> str:
        """Returns the text that this id completes."""
        self._ids.append(token)
        text = self._rest()
        if not text or text.endswith("\ufffd"):
            return ""
        self._start, self._end = self._end, len(self._ids)
        return text

    def flush(self) -> str:
        """Returns the text that is still held back: incomplete characters as U+FFFD."""
        text = self._rest()
        self._start = self._end = len(self._ids)
        return text

    def _rest(self) -> str:
        before = self._tokenizer.decode(self._ids[self._start : self._end])
        return self._tokenizer.decode(self._ids[self._start :])[len(before) :]


def one_line(error: BaseException) -> str:
    """The message of another library's exception as one line of at most 300 characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else f"{text[:300]}…"


def _ids(value: int | list[int] | None) -> list[int]:
    return value if isinstance(value, list) else [] if value is None else [value]
