"""Generates the demo's corpus: original synthetic Japanese text, clinical and general, with noise, from a seed.

Every person, institution, town and number in it is invented: telephone numbers have a subscriber part that
is not given out (0000), e-mail addresses and URLs lie under the names reserved for examples (RFC 2606).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

from ncvc.demo.grammar import Grammar, Writer
from ncvc.demo.noise import add_noise

SIZE = 2_400_000
"""Least bytes of UTF-8 text."""

KINDS = {
    "admission": 12,
    "progress": 18,
    "discharge": 10,
    "radiology": 10,
    "nursing": 10,
    "referral": 8,
    "geography": 6,
    "daily": 7,
    "science": 6,
    "cooking": 5,
    "seasons": 4,
    "notice": 4,
}
"""Kind of document, a symbol of the grammar → its share of all documents in percent."""

COPIES = 3
"""Documents that repeat an earlier one exactly, in percent."""

NOISY = 30
"""Documents with noise, in percent; half of them get noise of two kinds."""

TERM_SYMBOLS = ("disease", "symptom", "drug", "exam", "anatomy", "finding", "procedure")
"""The word lists of the grammar that are medical terms."""


class Document(TypedDict):
    """One line of the corpus."""

    id: str
    text: str
    kind: str


def documents(seed: int, size: int = SIZE) -> Iterator[Document]:
    """Yields documents until their texts reach `size` bytes; the same for the same seed on any machine."""
    writer = Writer(Grammar.load(), seed)
    kinds = [kind for kind, percent in KINDS.items() for _ in range(percent)]
    originals: list[Document] = []
    seen: set[str] = set()
    number = 0
    while size > 0:
        if originals and writer.below(100) < COPIES:
            original = originals[writer.below(len(originals))]
            document = original | {"id": f"{number:06}-copy-of-{original['id']}"}
        else:
            document = _original(writer, kinds, seen, number)
            originals.append(document)
        yield document
        number += 1
        size -= len(document["text"].encode())


def _original(writer: Writer, kinds: list[str], seen: set[str], number: int) -> Document:
    """Writes a document whose text is not in `seen`, and adds it there."""
    while True:
        kind = kinds[writer.below(len(kinds))]
        text = writer.document(kind)
        if writer.below(100) < NOISY:
            for _ in range(1 + writer.below(2)):
                text = add_noise(text, writer)
        if text not in seen:
            seen.add(text)
            return {"id": f"{number:06}", "text": text, "kind": kind}


def write_corpus(path: Path, seed: int, size: int = SIZE) -> int:
    """Writes the documents as JSON lines to `path` and returns how many there are."""
    lines = [json.dumps(document, ensure_ascii=False) for document in documents(seed, size)]
    _write(path, "\n".join(lines) + "\n")
    return len(lines)


def write_terms(path: Path) -> int:
    """Writes the medical terms as CSV (`surface,class`) to `path` and returns how many there are."""
    words = Grammar.load().words
    lines = [f"{word},{symbol}" for symbol in TERM_SYMBOLS for word in words[symbol]]
    _write(path, "\n".join(["surface,class", *lines]) + "\n")
    return len(lines)


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.partial")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)
