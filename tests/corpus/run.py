"""Runs the corpus pass on small inputs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
import zstandard

from ncvc.corpus.filters import FiltersConfig
from tests.conftest import run_ncvc

TEXTS = [
    "症例は６０歳、男性．\n発熱あり。",
    "😀",
    "BT 37.8℃, WBC 12,300/μL↑",
    "退院後は 外来で\n\n経過を みる。",
] * 30

NO_FILTERS = dict.fromkeys(FiltersConfig.model_fields)
NO_DUPLICATES = {"documents": False, "sentences": False}


def write(path: Path, texts: list[str]) -> Path:
    """Texts as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps({"id": i, "text": text}, ensure_ascii=i % 2 == 0) + "\n" for i, text in enumerate(texts))
    path.write_text("".join(lines), encoding="utf-8")
    return path


def run(
    folder: Path, tokenizer: Path, *arguments: str, ok: bool = True, **config: Any
) -> subprocess.CompletedProcess[str]:
    """`ncvc preprocess` with one source `corpus`, without filters and deduplication unless `config` says so."""
    source = {"name": "corpus", "inputs": config.pop("inputs", ["in"]), "filters": NO_FILTERS}
    fixed = {"tokenizer": str(tokenizer), "output": "out", "duplicates": NO_DUPLICATES}
    values = {"sources": [source], **fixed, **config}
    (folder / "config.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    return run_ncvc("preprocess", folder / "config.yaml", *arguments, ok=ok)


def limited(folder: Path, limit: str) -> subprocess.CompletedProcess[str]:
    """Runs the command under a limit of the operating system."""
    program = f"import resource, sys; {limit}; sys.argv[0] = 'ncvc'; from ncvc.cli import main; main()"
    command = [sys.executable, "-c", program, "preprocess", str(folder / "config.yaml"), "--force"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def report(folder: Path) -> Any:
    """What the pass counted."""
    return json.loads((folder / "out/summary.json").read_text(encoding="utf-8"))


def read_zst(path: Path) -> list[dict[str, Any]]:
    """JSON lines of all frames of a Zstandard file."""
    raw = zstandard.ZstdDecompressor().stream_reader(path.read_bytes(), read_across_frames=True).read()
    return [json.loads(line) for line in raw.splitlines()]


def dataset(folder: Path) -> tuple[bytes, bytes]:
    """The bytes of .bin and .idx."""
    return (folder / "out/corpus.bin").read_bytes(), (folder / "out/corpus.idx").read_bytes()


def outputs(folder: Path) -> dict[str, bytes]:
    """Everything in an output folder that does not tell the time."""
    timed = {"report.json", "report.html", "manifest.json"}
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name not in timed
    }
