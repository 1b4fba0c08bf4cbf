"""Backend of `tokenizers` that cleans, analyses and cuts raw text as `ncvc.Tokenizer` does, with places in it.

Its pre-tokenizer cuts a text into pieces, of which the Unigram model then finds the ids. Python objects are in no
`tokenizer.json`: a backend is pickled as the plain tokenizer that it was made from.
"""

import json
from collections.abc import Iterator
from typing import Any

from tokenizers import NormalizedString, PreTokenizedString, Tokenizer
from tokenizers.pre_tokenizers import PreTokenizer

import ncvc._native as native
from ncvc.auto_tokenizer.alignment import align, spans

BLOCK = 500
"""Pieces that are cut out of a text at a time: a cut takes as long as the text that it is cut from."""
_PLACEHOLDER = 0xF0000
"""First character of a private plane: cleaned text has none."""
_REPLACED = ("normalizer", "pre_tokenizer")
"""Parts of the plain tokenizer that the exact one has not."""


class ExactBackend:
    """A plain `tokenizer.json` made exact."""

    def __init__(self, plain: str, tokenizer: native.Tokenizer) -> None:
        """Takes the text of the file."""
        settings = json.loads(plain)
        self.tokenizer = tokenizer
        self._plain: dict[str, Any] = {name: settings[name] for name in _REPLACED}
        # It would be cut out before the text is cleaned, and cleaning sees more than a line.
        self._line_feed = [token for token in settings["added_tokens"] if token["content"] == "\n"]
        settings |= dict.fromkeys(_REPLACED)
        settings["added_tokens"] = [token for token in settings["added_tokens"] if token["content"] != "\n"]
        self.backend = Tokenizer.from_str(json.dumps(settings))
        self.backend.pre_tokenizer = PreTokenizer.custom(ExactPieces(tokenizer))

    def plain(self) -> str:
        """Returns the plain `tokenizer.json`, with the tokens that were added since.

        Padding and truncation are those of an earlier call, and are left out.
        """
        backend = Tokenizer(self.backend.model)
        backend.decoder, backend.post_processor = self.backend.decoder, self.backend.post_processor
        for _, token in sorted(self.backend.get_added_tokens_decoder().items()):
            (backend.add_special_tokens if token.special else backend.add_tokens)([token])
        settings = json.loads(backend.to_str()) | self._plain
        settings["added_tokens"] = sorted([*settings["added_tokens"], *self._line_feed], key=lambda token: token["id"])
        return json.dumps(settings, ensure_ascii=False, indent=2)

    def __reduce__(self) -> tuple[type, tuple[str, native.Tokenizer]]:
        return ExactBackend, (self.plain(), self.tokenizer)


class ExactPieces:
    """Pre-tokenizer: a piece of `ncvc.Tokenizer` is a word."""

    def __init__(self, tokenizer: native.Tokenizer) -> None:
        self._tokenizer = tokenizer

    def pre_tokenize(self, text: PreTokenizedString) -> None:
        """Cuts what stands between special tokens."""
        text.split(self._split)

    def _split(self, _: int, text: NormalizedString) -> list[NormalizedString]:
        raw = str(text)
        pieces = self._tokenizer.pieces(raw)
        rows = list(spans(pieces, align(raw, "".join(pieces))))
        return [piece for start in range(0, len(rows), BLOCK) for piece in _cut(text, rows[start : start + BLOCK])]


def _cut(text: NormalizedString, rows: list[tuple[str, list[tuple[int, str]]]]) -> Iterator[NormalizedString]:
    places = [place for _, own in rows for place, _ in own]
    first, end = (min(places), max(places) + 1) if places else (0, 1)
    block = _slice(text, first, end)
    at = 0
    for piece, own in rows:
        if own:
            start, stop = own[0][0] - first, own[-1][0] + 1 - first
            cut = _slice(block, start, stop)
            _write(cut, stop - start, {place - first - start: written for place, written in own})
            at = stop
        else:
            cut = _slice(block, max(0, at - 1), max(1, at))
            cut.clear()  # an empty stretch remains, at its beginning
            cut.append(piece)
        yield cut


def _slice(text: NormalizedString, start: int, stop: int) -> NormalizedString:
    cut = text[start:stop]
    assert cut is not None
    return cut


def _write(cut: NormalizedString, length: int, own: dict[int, str]) -> None:
    """Replaces the raw characters of a piece; each new one keeps the place of the one that it stands for."""
    kept = iter(number in own for number in range(length))
    if len(own) < length:
        cut.filter(lambda _: next(kept))
    written = iter(chr(_PLACEHOLDER + number) if len(new) > 1 else new for number, new in own.items())
    cut.map(lambda _: next(written))
    for number, new in own.items():
        if len(new) > 1:
            cut.replace(chr(_PLACEHOLDER + number), new)
