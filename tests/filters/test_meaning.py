"""No filter drops clinical lists, examinations or manuals; what only looks like them goes.

Written from the specification, without the rules at hand.
"""

from pathlib import Path
from typing import NamedTuple

import pytest

import ncvc
from ncvc._native import Filters
from ncvc.corpus.filters import FiltersConfig

HERE = Path(__file__).parent


class Document(NamedTuple):
    """A document of `kept.txt` or `dropped.txt`."""

    kind: str
    title: str
    text: str


def documents(name: str) -> list[Document]:
    """Documents of a file; `=== kind | title` stands before each."""
    found = []
    for section in (HERE / name).read_text(encoding="utf-8").split("=== ")[1:]:
        head, _, text = section.partition("\n")
        kind, _, title = head.partition(" | ")
        found.append(Document(kind, title, text.rstrip("\n")))
    return found


KEPT = documents("kept.txt")
DROPPED = documents("dropped.txt")


def named(found: list[Document]) -> list[object]:
    """Parameters with the kind and title of each document."""
    return [pytest.param(document, id=f"{document.kind}: {document.title}") for document in found]


@pytest.fixture(scope="module")
def filters(dictionary: Path) -> Filters:
    """All filters with their defaults."""
    return Filters(FiltersConfig().options(HERE), ncvc.Analyzer.load(dictionary))


@pytest.mark.parametrize("document", named(KEPT))
def test_clinical_and_technical_documents_stay(filters: Filters, document: Document) -> None:
    cleaned = ncvc.clean(document.text)
    assert filters.apply(cleaned) == (cleaned, None)


@pytest.mark.parametrize("document", named(DROPPED))
def test_junk_goes(filters: Filters, document: Document) -> None:
    assert filters.apply(ncvc.clean(document.text))[1] is not None


@pytest.mark.parametrize("kind", sorted({document.kind for document in KEPT}))
def test_documents_of_a_kind_joined_stay(filters: Filters, kind: str) -> None:
    """A file of a hospital often holds several records of one kind."""
    cleaned = ncvc.clean("\n\n".join(document.text for document in KEPT if document.kind == kind))
    assert filters.apply(cleaned) == (cleaned, None)
