"""IgakuQA (jungokasai/IgakuQA): problems of the national medical licensing examination, a task a year.

The prompts are the benchmark's own, word for word; its three solved examples come from the checkout.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ncvc.data.rows import Exam, Message, Row, Source
from ncvc.errors import InputError

SUITE = "igakuqa"
LETTERS = "abcdefgh"
SYSTEM = "医師国家試験を解きます。"
REQUIRED = frozenset("BE")
"""Sections that are required (必修)."""
PROMPTS = Path("scripts/prompts/prompt.jsonl")
"""Solved examples of a checkout."""
LICENCE = "none stated; examination of the Ministry of Health, Labour and Welfare"


def read(folder: Path, demonstrations: Path | None = None) -> tuple[list[Row], list[Message], list[Path]]:
    """Reads a checkout: all problems, the solved examples as turns, and the files that were read.

    `demonstrations`: a file of solved examples instead of the checkout's; without either there are none.
    Raises `InputError`.
    """
    years = [path for path in sorted((folder / "data").glob("[0-9]*")) if path.is_dir()]
    if not years:
        raise InputError(f"{folder}: no IgakuQA in it (data/2018 and so on); give a checkout of jungokasai/IgakuQA")
    rows, files = [], []
    for year in years:
        sections = [path for path in sorted(year.glob("*.jsonl")) if "_" not in path.stem]
        if not sections:
            raise InputError(f"{year}: no problems in it; get the whole benchmark")
        for path in sections:
            about = path.with_name(f"{path.stem}_metadata.jsonl")
            facts = {}
            if about.is_file():
                files.append(about)
                facts = {value.get("problem_id"): value for _, value in _objects(about)}
            files.append(path)
            rows += [_row(path, number, value, facts) for number, value in _objects(path)]
    examples = demonstrations or folder / PROMPTS
    turns: list[Message] = []
    if demonstrations or examples.is_file():
        files.append(examples)
        for number, value in _objects(examples):
            _require(value, f"{examples}:{number + 1}")
            turns += [
                Message(role="user", content=prompt(value["problem_text"], value["choices"], len(value["answer"]))),
                Message(role="assistant", content=",".join(value["answer"])),
            ]
    return rows, turns, files


def prompt(text: str, choices: list[str], count: int) -> str:
    """Words a problem as the benchmark's script does; one without choices has its first line alone."""
    lines = [f"問題: {text}"]
    if choices:
        lines += [f"{letter}: {choice}" for letter, choice in zip(LETTERS, choices, strict=False)]
        lines += [f"必ずa,b,c,d,eの中からちょうど{count}個選んでください。", "答え:"]
    return "\n".join(lines)


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if not path.is_file():
        raise InputError(f"{path}: missing; give a file of solved examples")
    with path.open("rb") as file:
        for number, line in enumerate(file):
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                value = None
            if not isinstance(value, dict):
                raise InputError(f"{path}:{number + 1}: not a JSON object; get the file again")
            yield number, value


def _require(value: dict[str, Any], place: str) -> None:
    def texts(name: str) -> bool:
        part = value.get(name)
        return isinstance(part, list) and all(isinstance(each, str) for each in part)

    whole = isinstance(value.get("problem_id"), str) and isinstance(value.get("problem_text"), str)
    if not (whole and texts("choices") and texts("answer") and value["answer"]):
        raise InputError(f"{place}: no problem with problem_id, problem_text, choices and answer; get the file again")
    if len(value["choices"]) > len(LETTERS):
        raise InputError(f"{place}: more than {len(LETTERS)} choices; get the file again")


def _row(path: Path, number: int, value: dict[str, Any], facts: dict[Any, dict[str, Any]]) -> Row:
    place = f"{path}:{number + 1}"
    _require(value, place)
    problem, answer = value["problem_id"], value["answer"]
    points = str(value.get("points", ""))
    if not points.isdecimal():
        raise InputError(f"{place}: points are {points!r}, not a whole number; get the file again")
    about = facts.get(problem, {})
    forbidden = sorted({letter for each in about.get("kinki") or () for letter in str(each) if letter in LETTERS})
    section = path.stem.rpartition("-")[2]
    return Row(
        id=f"{SUITE}/{problem}",
        suite=SUITE,
        task=f"{SUITE}_{path.parent.name}",
        split="test",
        kind="exam",
        messages=(
            Message(role="system", content=SYSTEM),
            Message(role="user", content=prompt(value["problem_text"], value["choices"], len(answer))),
        ),
        choices=dict(zip(LETTERS, value["choices"], strict=False)),
        answer=",".join(answer),
        gold=tuple(answer),
        subject=str(about.get("category", "")),
        licence=LICENCE,
        source=Source(file=str(Path("data", path.parent.name, path.name)), row=number),
        exam=Exam(
            problem=problem,
            year=int(path.parent.name),
            section=section,
            points=int(points),
            required=section in REQUIRED,
            forbidden=tuple(forbidden),
            text_only=bool(value.get("text_only", True)),
        ),
    )
