"""A recipe of three quick stages without a model: text cleaned, topics of a list, questions about the text."""

from pathlib import Path
from typing import Any

import yaml

from tests.rows import write_lines

RECIPE: dict[str, Any] = {
    "name": "toy",
    "title": {"en": "Toy", "ja": "試し"},
    "about": {"en": "Three stages.", "ja": "三つの段階。"},
    "inputs": [
        {"path": "raw", "en": "some text", "ja": "テキスト"},
        {"path": "diseases.csv", "en": "names of diseases", "ja": "病名"},
    ],
    "edit": [{"path": "text.yaml", "en": "the sources", "ja": "入力"}],
    "stages": [
        {"name": "text", "ncvc": ["preprocess", "text.yaml", "--to", "text"], "reads": ["text.yaml", "raw"], "makes": "text"},
        {"name": "topics", "ncvc": ["data", "topics", "topics", "--diseases", "diseases.csv"], "reads": ["diseases.csv"], "makes": "topics"},
        {"name": "again", "ncvc": ["preprocess", "again.yaml", "--to", "text"], "reads": ["again.yaml", "text"], "makes": "again"},
    ],
}  # fmt: skip
TEXT = {"sources": [{"name": "notes", "inputs": ["raw"]}], "output": "text", "threads": 1}
AGAIN = {"sources": [{"name": "notes", "inputs": ["text/notes.jsonl.zst"]}], "output": "again", "threads": 1}


def write_toy(folder: Path, *, inputs: bool = True) -> Path:
    """Writes the recipe, and what it needs."""
    folder.mkdir()
    for name, values in (("recipe", RECIPE), ("text", TEXT), ("again", AGAIN)):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    if inputs:
        rows = [
            {"text": f"第{number}例の患者は発熱を訴えて受診した。{number + 2}日目に解熱し、帰宅した。"}
            for number in range(40)
        ]
        write_lines(folder / "raw/notes.jsonl", rows)
        (folder / "diseases.csv").write_text("出現形,標準病名\n糖尿病,糖尿病\n消渇,糖尿病\n", encoding="utf-8")
    return folder
