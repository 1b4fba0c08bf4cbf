"""Reads the few keys of a GGUF file that are needed before llama.cpp loads it, without numpy.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, little-endian: magic, u32 version, u64 number of
tensors, u64 number of keys, then each key as a string (u64 length, UTF-8), a u32 type and the value.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ncvc.errors import ModelFolderError

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LARGEST = 100_000_000
"""Bytes of a string, and items of an array, that are believed."""
_CONTROL = 3
"""Type of the pieces that are never text."""


@dataclass(frozen=True)
class GgufHeader:
    """The keys of a file that serving needs."""

    architecture: str
    max_tokens: int | None
    """Length of the longest text in tokens."""
    tokenizer: str
    """`t5` is SentencePiece's Unigram."""
    first: int | None
    """Id that begins a text."""
    template: str | None
    """Chat template."""
    special: dict[str, int]
    """Names of the pieces that are never text, and their ids."""


def read_header(path: Path) -> GgufHeader:
    """Reads the header; raises `ModelFolderError` for a file that is cut off or no GGUF file of version 2 or 3."""
    try:
        with path.open("rb") as file:
            values = _read(file)
    except FileNotFoundError:
        raise ModelFolderError(f"{path}: missing; copy the folder again") from None
    except (struct.error, ValueError, OverflowError, KeyError):
        raise ModelFolderError(f"{path}: not a whole GGUF file of version 2 or 3; copy it again") from None
    architecture = str(values.get("general.architecture"))
    length = values.get(f"{architecture}.context_length")
    pieces, kinds = values.get("tokenizer.ggml.tokens") or [], values.get("tokenizer.ggml.token_type") or []
    template, first = values.get("tokenizer.chat_template"), values.get("tokenizer.ggml.bos_token_id")
    return GgufHeader(
        architecture=architecture,
        max_tokens=length if isinstance(length, int) else None,
        tokenizer=str(values.get("tokenizer.ggml.model")),
        first=first if isinstance(first, int) else None,
        template=template if isinstance(template, str) else None,
        special={
            piece: place for place, (piece, kind) in enumerate(zip(pieces, kinds, strict=False)) if kind == _CONTROL
        },
    )


def _read(file: BinaryIO) -> dict[str, Any]:
    magic, version, _, count = struct.unpack("<4sIQQ", file.read(24))
    if magic != b"GGUF" or version not in (2, 3):
        raise ValueError("no GGUF file")
    found = {}
    for _ in range(count):
        name = _string(file)
        found[name] = _value(file, _number(file, "I"))
    return found


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        inner, length = struct.unpack("<IQ", file.read(12))
        if length > _LARGEST or inner == _ARRAY:
            raise ValueError("an array that is too large")
        if inner == _STRING:
            return [_string(file) for _ in range(length)]
        form = f"<{length}{_NUMBERS[inner]}"
        return struct.unpack(form, file.read(struct.calcsize(form)))
    return _number(file, _NUMBERS[kind])


def _number(file: BinaryIO, form: str) -> Any:
    return struct.unpack(f"<{form}", file.read(struct.calcsize(f"<{form}")))[0]


def _string(file: BinaryIO) -> str:
    length = _number(file, "Q")
    if length > _LARGEST or len(text := file.read(length)) < length:
        raise ValueError("a string that is cut off")
    return text.decode("utf-8", errors="replace")
