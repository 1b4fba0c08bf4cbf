"""Reads cleaned documents, as `ncvc preprocess --to text` writes them, and draws a sample of them."""

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from pathlib import Path

import ncvc._native as native
from ncvc.documents.lines import read_lines, text_of_json
from ncvc.documents.sources import LONGEST_LINE, find_sources
from ncvc.documents.unreadable import UnreadableError
from ncvc.errors import InputError, NcvcError

BATCH = 1024
"""Documents that are cleaned together."""
ID_BYTES = 16


@dataclass(frozen=True)
class Document:
    """A cleaned document."""

    text: str

    @property
    def id(self) -> str:
        """Returns the first half of the SHA-256 of its text, in hexadecimal, by which the corpus pass knows it too."""
        return hashlib.sha256(self.text.encode()).hexdigest()[: 2 * ID_BYTES]


def find_inputs(names: Sequence[str]) -> list[Path]:
    """Finds files of JSON lines by name, folder or pattern; raises `NcvcError` for others."""
    found = find_sources(names, Path.cwd()).files
    other = next((file for file in found if file.format != "jsonl"), None)
    if other is not None:
        raise NcvcError(
            f"{other.path}: is {other.format}, not JSON lines; write its cleaned text with `ncvc preprocess --to text`"
            " first"
        )
    return [file.path for file in found]


def read_documents(paths: Iterable[Path], text_field: str = "text") -> Iterator[Document]:
    """Yields the documents of JSON lines, cleaned, which changes nothing where they are; empty ones are left out.

    Raises `InputError` with file and line of one that cannot be read.
    """
    for some in batched(_texts(paths, text_field), BATCH):
        yield from (Document(text) for text in native.clean_batch(some) if text)


def _texts(paths: Iterable[Path], text_field: str) -> Iterator[str]:
    for path in paths:
        try:
            for line in read_lines(path, "utf-8", LONGEST_LINE):
                place = f"{path}:{line.number}"
                if not line.is_decoded:
                    raise InputError(f"{place}: is not UTF-8; give files of `ncvc preprocess --to text`")
                if line.text is None:
                    raise InputError(f"{place}: is longer than {LONGEST_LINE} bytes; leave the line out")
                if not line.text.isspace():
                    yield text_of_json(line.text, text_field, place)
        except UnreadableError:
            raise InputError(f"{path}: is no text; give files of `ncvc preprocess --to text`") from None


def draw(documents: Iterable[Document], size: int, seed: int) -> list[Document]:
    """Draws `size` different documents, each as likely as every other; fewer if there are not so many.

    The draw depends on the texts and the seed alone, not on the order or the number of the files: the documents whose
    id has the smallest SHA-256 behind the seed, in that order.
    """
    kept: list[tuple[int, str]] = []
    known: set[int] = set()
    for document in documents:
        rank = -int.from_bytes(hashlib.sha256(f"{seed}:{document.id}".encode()).digest())
        if rank in known or (len(kept) == size and rank < kept[0][0]):
            continue
        known.add(rank)
        if len(kept) < size:
            heapq.heappush(kept, (rank, document.text))
        else:
            known.remove(heapq.heappushpop(kept, (rank, document.text))[0])
    return [Document(text) for _, text in sorted(kept, reverse=True)]
