"""Raw text and benchmarks in the forms that recipes want, small."""

from pathlib import Path

import pytest

from ncvc.demo.text import documents
from tests.benchmarks import write_igakuqa, write_jmed_llm

BYTES = 500_000


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Synthetic documents, clinical and general."""
    return [document["text"] for document in documents(seed=3, size=BYTES)]


def write_benchmarks(folder: Path) -> None:
    write_jmed_llm(folder / "JMED-LLM")
    write_igakuqa(folder / "IgakuQA")
