"""Config, topics and runs of `ncvc synthesize` for tests that ask a misbehaving server."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from tests.rows import write_lines
from tests.synthesize.answers import EXERCISE, PROMPTS, TEXTBOOK, Key

QUICK = {"backoff": 0.02, "timeout": 5.0, "in_flight": 32}
"""Keys of a writer whose server is here."""


def topic_names(number: int) -> list[str]:
    """Names of which none begins another."""
    return [f"第{index:05d}疾患" for index in range(number)]


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Reads JSON lines, by newlines alone."""
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line] if path.exists() else []


def write_config(folder: Path, address: str, textbooks: int = 0, exercises: int = 0, **keys: Any) -> Path:
    """Writes a config with three writers, textbooks by each and five exercises a topic; `writer` goes to each writer.

    `keys` are the config's own, `writers` may replace the three.
    """
    folder.mkdir(parents=True, exist_ok=True)
    writer = {"address": address, **QUICK, **keys.pop("writer", {})}
    tasks = []
    for kind, task, number in [(TEXTBOOK, "textbooks", textbooks), (EXERCISE, "exercises", exercises)]:
        if number:
            write_lines(folder / f"{kind}.jsonl", [{"kind": "disease", "name": name} for name in topic_names(number)])
            (folder / f"{kind}.txt").write_text(PROMPTS[kind], encoding="utf-8")
            tasks.append({"name": task, "kind": task, "topics": [f"{kind}.jsonl"], "prompts": [f"{kind}.txt"]})
    writers = keys.pop("writers", [{"name": f"w-{model}", "model": model} for model in "abc"])
    config = {"tasks": tasks, "writers": [{**writer, **own} for own in writers], "output": "out", **keys}
    path = folder / "synthesize.yaml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return path


def command(config: Path, *arguments: object) -> list[str]:
    """The command line of a run."""
    return [sys.executable, "-m", "ncvc", "synthesize", "run", str(config), *map(str, arguments)]


def synthesize(config: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the real command, whatever its exit status."""
    variables = {**os.environ, **environment}
    return subprocess.run(
        command(config, *arguments), capture_output=True, text=True, check=False, timeout=600, env=variables
    )


def requests_of(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Each request in the output: its state as `expected` writes it, and its line."""
    found = [("kept", line) for path in sorted((folder / "documents").glob("*.jsonl")) for line in read_lines(path)]
    for path in sorted((folder / "aside").glob("*.jsonl")):
        found += [(f"aside {path.stem}", line) for line in read_lines(path)]
    return found + [(f"failed {line['reason']}", line) for line in read_lines(folder / "failed.jsonl")]


def states(folder: Path) -> Counter[str]:
    """Number of requests a state, counted from the lines."""
    return Counter(state for state, _ in requests_of(folder))


def key_of(line: dict[str, Any]) -> Key:
    """The request of a line of the output, as the server knows it."""
    kind = {"textbooks": TEXTBOOK, "exercises": EXERCISE}[line["task"]]
    return Key(kind, line["topic"], line["writer"].removeprefix("w-"), line["number"])


def log_lines(answers: Path) -> list[dict[str, Any]]:
    """The log's lines after the first, without one that was cut off."""
    whole = (answers / "log.jsonl").read_bytes().rpartition(b"\n")[0]
    first, *others = whole.split(b"\n")
    assert json.loads(first) == {"format": "ncvc-synthesis-log/1"}
    return [json.loads(line) for line in others]


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
