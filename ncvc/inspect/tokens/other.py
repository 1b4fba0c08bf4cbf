"""Tokenizers of others, from files alone: SentencePiece models, tokenizer.json, folders that transformers reads."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ncvc import Tokenizer
from ncvc.errors import NcvcError
from ncvc.hf.folder import TOKENIZER as INSIDE
from ncvc.hf.folder import read_json
from ncvc.manifest import TOKENIZER, own_manifest

STOCK = ("tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json", "vocab.txt", "tekken.json")
"""Files of which stock transformers needs one for a tokenizer."""


@dataclass(frozen=True)
class OtherTokenizer:
    """A tokenizer to compare with."""

    name: str
    vocab_size: int
    encode: Callable[[Sequence[str]], list[list[int]]]
    """Texts → ids of each, without special ones."""
    unknown: int | None
    """The id of unknown pieces; None where there are none."""

    def count(self, texts: Sequence[str]) -> tuple[int, int]:
        """Counts the pieces of texts, and the unknown ones of them."""
        found = self.encode(texts)
        unknown = 0 if self.unknown is None else sum(ids.count(self.unknown) for ids in found)
        return sum(map(len, found)), unknown


def tokenizer_folder(path: Path) -> Path | None:
    """Finds a tokenizer folder of ours: the path, or the one in a model folder; None if there is none."""
    for folder in (path, path / INSIDE):
        if (own_manifest(folder) or {}).get("stage") == TOKENIZER or (folder / "cleaning.json").is_file():
            return folder
    return None


def require_tokenizer(path: Path) -> None:
    """Raises `NcvcError` for a path that `load_other` would not know, before anything is imported."""
    if path.is_file():
        if path.suffix not in (".model", ".json"):
            raise NcvcError(f"{path}: give a SentencePiece .model, a tokenizer.json or a folder with a tokenizer")
        if path.suffix == ".json" and not isinstance(read_json(path).get("model"), dict):
            raise NcvcError(f"{path}: no tokenizer.json: it has no model; give the one of a Hugging Face tokenizer")
        return
    if tokenizer_folder(path) is None and not any((path / name).is_file() for name in STOCK):
        raise NcvcError(f"{path}: no tokenizer in it; give a SentencePiece .model, a tokenizer.json or a folder of one")


def load_other(path: Path, name: str) -> OtherTokenizer:
    """Loads a tokenizer from the disk alone; no code of it is run. Raises `NcvcError` where it cannot be read."""
    require_tokenizer(path)
    if path.is_file():
        return _sentencepiece(path, name) if path.suffix == ".model" else _tokenizer_json(path, name)
    own = tokenizer_folder(path)
    return of_ours(Tokenizer.load(own), name) if own is not None else _transformers(path, name)


def of_ours(tokenizer: Tokenizer, name: str) -> OtherTokenizer:
    """Takes a tokenizer of ncvc, which analyses each text by its own dictionary."""
    return OtherTokenizer(name, tokenizer.vocab_size, tokenizer.encode_batch, tokenizer.unk_id)


def _sentencepiece(path: Path, name: str) -> OtherTokenizer:
    from sentencepiece import SentencePieceProcessor

    try:
        model: Any = SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError):
        raise NcvcError(f"{path}: not a SentencePiece model; give a file of its .model format") from None
    return OtherTokenizer(name, model.get_piece_size(), lambda texts: list(model.encode(list(texts))), model.unk_id())


def _tokenizer_json(path: Path, name: str) -> OtherTokenizer:
    from tokenizers import Tokenizer as FastTokenizer

    try:
        tokenizer: Any = FastTokenizer.from_file(str(path))
    except Exception as error:  # the library has no exception of its own
        raise NcvcError(f"{path}: cannot be read as a tokenizer.json: {' '.join(str(error).split())[:200]}") from None

    def encode(texts: Sequence[str]) -> list[list[int]]:
        return [each.ids for each in tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    return OtherTokenizer(
        name, tokenizer.get_vocab_size(), encode, _unknown(json.loads(path.read_text("utf-8")), tokenizer)
    )


def _unknown(file: dict[str, Any], tokenizer: Any) -> int | None:
    """Finds the id of unknown pieces, where the model of a tokenizer.json names it: by number, or by name."""
    model = file["model"]
    if isinstance(model.get("unk_id"), int):
        return int(model["unk_id"])
    return tokenizer.token_to_id(model["unk_token"]) if model.get("unk_token") else None


def _transformers(path: Path, name: str) -> OtherTokenizer:
    for file in ("config.json", "tokenizer_config.json", "special_tokens_map.json"):
        if (path / file).exists():
            read_json(path / file)  # refuses what asks for code
    from ncvc.hf.quick_start import skip_unused

    skip_unused()
    from transformers import AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # whatever a file from elsewhere leads to
        raise NcvcError(
            f"{path}: transformers cannot load its tokenizer: {' '.join(str(error).split())[:200]}"
        ) from None

    def encode(texts: Sequence[str]) -> list[list[int]]:
        return [list(ids) for ids in tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]]

    return OtherTokenizer(name, len(tokenizer), encode, tokenizer.unk_token_id)
