"""The part of cleaning that a plain `tokenizer.json` can express, as its normalizer.

A map of single characters is taken from the engine itself: each character, cleaned between kanji. What depends on
its neighbours is in regular expressions, as far as lookbehind and lookahead reach; repeated characters, private data,
accounts and tags stay. Cleaned text, and the separator of morphemes in it, pass unchanged.
"""

import base64
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

import sentencepiece

import ncvc._native as native

MORPHEME_SEPARATOR = "\u001f"
BETWEEN = "亜乙"
"""Text that cleaning changes in no way, and in which a full stop ends a sentence."""
SCALARS = (*range(0xD800), *range(0xE000, 0x110000))
LETTERS = "A-Za-zＡ-Ｚａ-ｚ"
DIGITS = "0-9０-９"
COMPOSE = {"ﾞ": "\u3099", "ﾟ": "\u309a"}
"""Marks of half-width kana → the marks that NFC composes with the kana before."""

BEFORE_THE_MAP = (
    # Full-width stops of numbers and abbreviations; elsewhere they end sentences, as the map has it.
    (f"(?<=[{DIGITS}])，(?=[{DIGITS}])", ","),
    (f"(?<=[{DIGITS}{LETTERS}])．", "."),
    # A dash typed for the long vowel of katakana, and the other way round.
    ("(?<=[ァ-ヺㇰ-ㇿ])[—―─━⸺⸻](?![-A-Za-z0-9—―─━])", "ー"),
    ("(?<![ぁ-ゖァ-ヺㇰ-ㇿー])ー(?=[0-9０-９])", "-"),
    ("https?://[!-~]+", ""),
)
"""Patterns, in the syntax of Oniguruma, and what they become."""
BEHIND_THE_MAP = (
    (r"\.{3,}|・{3,}", "…"),
    ("[°゜]C", "℃"),
    ("。{2,}", "。"),
    ("!{2,}", "!"),
    ("ー{2,}", "ー"),
    # White space: one within a line, none at its ends, at most one empty line.
    (" {2,}", " "),
    (" *\\n *", "\n"),
    ("\\n{3,}", "\n\n"),
)


@cache
def plain_normalizer() -> dict[str, Any]:
    """Returns the normalizer; the same for every tokenizer of this version of the cleaning rules."""
    mapped, removed = _characters()
    allowed = _class([*native.allowed_characters(), " ", "▁", "\n", MORPHEME_SEPARATOR])
    steps: list[dict[str, Any]] = [
        {"type": "NFC"},
        *(_replace(pattern, content) for pattern, content in BEFORE_THE_MAP),
        {"type": "Precompiled", "precompiled_charsmap": _charsmap(mapped)},
        {"type": "NFC"},
        _replace(f"[{_class(removed)}]+", ""),
        _replace(f"[^{allowed}]", " "),
        *(_replace(pattern, content) for pattern, content in BEHIND_THE_MAP),
        {"type": "Strip", "strip_left": True, "strip_right": True},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
    ]
    return {"type": "Sequence", "normalizers": steps}


def _replace(pattern: str, content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}


def _characters() -> tuple[dict[str, str], list[str]]:
    """Returns what the engine makes of single characters: those that become others, and those that become nothing."""
    known = [c for c in map(chr, SCALARS) if unicodedata.category(c) not in ("Cn", "Co") and c != MORPHEME_SEPARATOR]
    cleaned = native.clean_batch([f"{BETWEEN}{c}{BETWEEN}" for c in known])
    rows = {c: text[len(BETWEEN) : -len(BETWEEN)].replace("▁", " ") for c, text in zip(known, cleaned, strict=True)}
    # What is not allowed becomes a space without being in the map.
    mapped = {c: new for c, new in rows.items() if new not in (c, "") and (new != " " or c.isspace())}
    return mapped | COMPOSE, [c for c, new in rows.items() if not new and c not in COMPOSE.values()]


def _class(characters: Iterable[str]) -> str:
    """Writes the inside of a character class, as ranges."""
    points = sorted(map(ord, characters))
    starts = [point for before, point in zip([-2, *points], points, strict=False) if point != before + 1]
    ends = [point for point, after in zip(points, [*points[1:], -2], strict=True) if after != point + 1]
    pairs = zip(starts, ends, strict=True)
    return "".join(f"\\x{{{start:x}}}-\\x{{{end:x}}}" for start, end in pairs)


def _charsmap(mapped: dict[str, str]) -> str:
    """Compiles a map of characters as SentencePiece does, for the normalizer that T5's tokenizer has too; Base64."""
    sentencepiece.SetMinLogLevel(2)
    spec = sentencepiece.SentencePieceNormalizer(norm_map=sorted(mapped.items())).serialized_normalizer_spec()
    return base64.b64encode(_bytes_field(spec, 2)).decode("ascii")


def _bytes_field(message: bytes, number: int) -> bytes:
    """Returns a field of bytes of a serialized protobuf message that begins with it."""
    assert message[0] == number << 3 | 2
    size = shift = 0
    at = 1
    while True:
        size |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if message[at - 1] < 0x80:
            return message[at : at + size]
