"""Malformed inputs of the pass: a folder of them with good documents among them, and what has to come out."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

import ncvc
from tests.conftest import run_ncvc
from tests.corpus.run import NO_DUPLICATES, NO_FILTERS, read_zst

SEED = 20261121
LONGEST = 20_000
REASONS = {
    "damaged_file",
    "invalid_utf8",
    "line_too_long",
    "malformed_json",
    "malformed_page",
    "page_too_complex",
    "missing_column",
    "missing_field",
    "not_a_string",
    "not_a_text_column",
    "not_text",
    "not_an_object",
    "undecodable",
    "unknown_format",
    "unreadable_file",
}

Chance = random.Random


class Inputs:
    """A folder of inputs, and the good documents among them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.planted: list[str] = []
        self.malformed = 0
        folder.mkdir()

    def good(self) -> str:
        """A document that has to arrive."""
        self.planted.append(f"{len(self.planted)}番目の患者は、熱が下がったので退院した。")
        return self.planted[-1]

    def put(self, name: str, data: bytes) -> None:
        (self.folder / f"{self.malformed:04}-{name}").write_bytes(data)
        self.malformed += 1

    def put_good(self) -> None:
        line = json.dumps({"text": self.good()}).encode()
        (self.folder / f"{self.malformed:04}-0good.jsonl").write_bytes(line)


def run(inputs: Inputs, folder: Path, **settings: Any) -> dict[str, Any]:
    """Runs the pass; whatever the inputs are, its books balance and what is good arrives."""
    source = {"name": "a", "inputs": [inputs.folder.name], "filters": NO_FILTERS}
    config = {
        "sources": [source | settings],
        "output": "out",
        "on_error": "quarantine",
        "duplicates": NO_DUPLICATES,
        "longest_line": LONGEST,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    done = run_ncvc("preprocess", folder / "config.yaml", "--to", "text", ok=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "panicked" not in done.stderr
    report: dict[str, Any] = json.loads((folder / "out/summary.json").read_text(encoding="utf-8"))
    counts = report["documents"]
    assert counts["in"] == counts["out"] + counts["dropped"] + counts["quarantined"]
    rows = [json.loads(line) for line in (folder / "out/quarantine.jsonl").read_text(encoding="utf-8").splitlines()]
    set_aside = {reason: count for reason, count in report["reasons"].items() if reason != "empty_after_cleaning"}
    assert Counter(row["reason"] for row in rows) == set_aside
    assert set(set_aside) <= REASONS
    documents = [row["text"] for row in read_zst(folder / "out/a.jsonl.zst")]
    assert len(documents) == counts["out"]
    arrived = set(documents)
    assert [text for text in inputs.planted if ncvc.clean(text) not in arrived] == []
    return report
