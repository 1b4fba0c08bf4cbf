"""Reads a file of prompts."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from ncvc.errors import InputError


@dataclass(frozen=True)
class Prompt:
    """A prompt and the place that it comes from, as FILE:LINE."""

    text: str
    place: str


def read_prompts(path: Path) -> list[Prompt]:
    """Reads one prompt a line; from FILE.jsonl the string `prompt` of each line's JSON object.

    `-` is standard input. Raises `InputError` for a line that holds no prompt, and for a file without lines.
    """
    name = "standard input" if str(path) == "-" else str(path)
    content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    prompts = []
    # Only line feeds end lines: str.splitlines would also cut at U+2028 and at a form feed.
    for number, line in enumerate(content.removesuffix(b"\n").split(b"\n"), start=1):
        place = f"{name}:{number}"
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").removesuffix("\r")
        except UnicodeDecodeError:
            raise InputError(f"{place}: not valid UTF-8; convert the text first") from None
        if path.suffix == ".jsonl":
            text = _prompt_of_json(text, place)
        if not text:
            advice = "remove the empty line" if content else "the file is empty"
            raise InputError(f"{place}: no prompt; {advice}")
        prompts.append(Prompt(text, place))
    return prompts


def _prompt_of_json(line: str, place: str) -> str:
    try:
        text = json.loads(line)["prompt"]
    except (ValueError, KeyError, TypeError, RecursionError):
        text = None
    if not isinstance(text, str):
        raise InputError(f'{place}: not a JSON object with a string `prompt`; write lines like {{"prompt": "…"}}')
    return text
