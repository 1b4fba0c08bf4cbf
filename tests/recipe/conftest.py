"""Raw text and benchmarks in the forms that recipes want, small."""

import csv
import json
from pathlib import Path

import pytest

from ncvc.demo.text import documents
from tests.benchmarks import write_igakuqa, write_jmed_llm

BYTES = 500_000


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Synthetic documents, clinical and general."""
    return [document["text"] for document in documents(seed=3, size=BYTES)]


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_benchmarks(folder: Path) -> None:
    write_jmed_llm(folder / "JMED-LLM")
    write_igakuqa(folder / "IgakuQA")


def write_rows(path: Path, rows: list[list[str]]) -> None:
    """Writes CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
