"""Parts of speech of single words, looked up in a compiled MeCab dictionary, which ncvc's own dictionary files lack.

`sys.dic` is a header, a Darts double array, tokens and features (MeCab 0.996, src/dictionary.cpp and src/darts.h).
"""

from __future__ import annotations

import numpy as np

from ncvc.dictionary import find_base
from ncvc.errors import DictionaryError

FUNCTION = ("助詞", "助動詞", "接続詞", "連体詞")
"""Parts of speech of function words, as IPADIC names them."""
MAGIC = 0xEF718F77
_NAMES = ("magic", "version", "type", "words", "left", "right", "array", "tokens", "features", "dummy")
_HEADER = np.dtype([(name, "<u4") for name in _NAMES])
_TOKEN = np.dtype(
    [("left", "<u2"), ("right", "<u2"), ("pos", "<u2"), ("cost", "<i2"), ("feature", "<u4"), ("_", "<u4")]
)
_UNIT = np.dtype([("base", "<i4"), ("check", "<u4")])
_CHARSET = 32
"""Bytes of the name of the encoding behind the header."""


class PartsOfSpeech:
    """Lookup of whole words in a dictionary."""

    def __init__(self, base: str = "ipadic") -> None:
        """Maps the files of a base; raises `DictionaryError` if it is not installed or in another format."""
        folder = find_base(base).folder
        path = folder / "sys.dic"
        if not path.is_file():
            raise DictionaryError(f"{path}: missing; give a compiled MeCab dictionary")
        content = np.memmap(path, np.uint8, "r")
        header = content[: _HEADER.itemsize].view(_HEADER)[0]
        if int(header["magic"]) ^ len(content) != MAGIC:
            raise DictionaryError(f"{path}: no dictionary that MeCab compiled; install {base} again")
        at = _HEADER.itemsize + _CHARSET
        name = bytes(content[_HEADER.itemsize : at]).partition(b"\0")[0].decode("ascii")
        self._charset = {"utf8": "utf-8"}.get(name.lower(), name)
        ends = at + np.cumsum([header["array"], header["tokens"], header["features"]], dtype=np.int64)
        self._units = content[at : ends[0]].view(_UNIT)
        self._tokens = content[ends[0] : ends[1]].view(_TOKEN)
        self._features = content[ends[1] : ends[2]]

    def find(self, word: str) -> str | None:
        """Returns the part of speech of a word's entry with the least cost; None for a word without an entry.

        The cost of an entry is −log p(word | part of speech), scaled: と is a particle before it is a filler.
        """
        return min(self.entries(word), key=lambda entry: entry[1], default=(None, 0))[0]

    def entries(self, word: str) -> list[tuple[str, int]]:
        """Returns part of speech and cost of every entry of a word, in the dictionary's order."""
        value = self._exact(word.encode(self._charset, "ignore"))
        if value is None:
            return []
        tokens = self._tokens[value >> 8 : (value >> 8) + (value & 0xFF)]
        return [(self._part(int(token["feature"])), int(token["cost"])) for token in tokens]

    def _part(self, at: int) -> str:
        feature = bytes(self._features[at : at + 256]).partition(b"\0")[0]
        return feature.partition(b",")[0].decode(self._charset)

    def _exact(self, key: bytes) -> int | None:
        """Value of a key in the double array; None if it is not there."""
        if not key:
            return None
        base = int(self._units[0]["base"])
        for byte in key:
            place = base + byte + 1
            if not 0 <= place < len(self._units) or int(self._units[place]["check"]) != base:
                return None
            base = int(self._units[place]["base"])
        if not 0 <= base < len(self._units):
            return None
        unit = self._units[base]
        return -int(unit["base"]) - 1 if int(unit["check"]) == base and unit["base"] < 0 else None
