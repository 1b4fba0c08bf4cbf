"""The demo's synthesis: its own base model, behind `ncvc serve`, and a stand-in of rules write on the same topics."""

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ncvc.demo.grammar import Grammar
from ncvc.demo.stages import Stage
from ncvc.errors import DemoError
from ncvc.files import read_json
from ncvc.progress import Channel, Reporter
from ncvc.recipe.command import command_line

OWN = "own-model"
STAND_IN = "rules-stand-in"
"""Names of the writers."""
TOPICS = {"disease": 8, "drug": 4}
"""Kind → topics, of the grammar's words."""
PROMPT = "「{{ topic.name }}」について、教科書の一節を日本語で書いてください。\n"
"""Prompt of textbooks; those that come with ncvc are longer than what a model of 256 tokens holds with an answer."""
LONGEST = 160
"""Tokens of the own model's texts; the stand-in knows no limit."""
PATIENCE = 120
"""Seconds that the server may take to load the model."""


def write_topics(path: Path) -> int:
    """Writes topics as `ncvc data topics` does, and returns how many there are."""
    words = Grammar.load().words
    rows = [
        {"kind": kind, "name": name, "synonyms": []} for kind, count in TOPICS.items() for name in words[kind][:count]
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return len(rows)


def synthesis_config(port: int, stand_in: str) -> dict[str, Any]:
    """Returns the config of `ncvc synthesize`: both write textbooks, the stand-in exercises too."""
    own = {"name": OWN, "address": f"http://127.0.0.1:{port}/v1", "model": OWN, "max_tokens": LONGEST, "in_flight": 8}
    rules = {"name": STAND_IN, "address": stand_in, "model": "rules"}
    return {
        "tasks": [
            {"name": "textbooks", "kind": "textbooks", "topics": ["topics.jsonl"],
             "prompts": ["textbook.jinja"]},
            {"name": "exercises", "kind": "exercises", "topics": ["topics.jsonl"], "texts_per_topic": 1,
             "writers": [STAND_IN]},
        ],
        "writers": [own, rules],
        "output": "synthesized",
        "answers": "answers",
    }  # fmt: skip


def synthesis_stage(folder: Path, port: int) -> Stage:
    """Returns the stage, with the server that it needs beside it."""
    server = ("serve", str(folder / "hf"), "--port", str(port), "--name", OWN, "--plain-chat", "--quiet")
    return Stage("synthesis", folder / "synthesized", ("synthesize", str(folder / "synthesize.yaml")), server)


def free_port() -> int:
    """Returns a port of this machine that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextlib.contextmanager
def served(arguments: tuple[str, ...], reporter: Reporter, channel: Channel) -> Iterator[None]:
    """Runs a server of ncvc until the block ends; raises `DemoError` if it ends before it answers. Nothing for none."""
    if not arguments:
        yield
        return
    line = command_line(arguments)
    reporter.say(f"$ {line} &")
    out = {"stdout": None, "stderr": sys.stderr, "none": subprocess.DEVNULL}[channel]
    process = subprocess.Popen([sys.executable, "-m", "ncvc", *arguments], stdout=out)
    try:
        _wait(process, int(arguments[arguments.index("--port") + 1]), line)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, line: str) -> None:
    """Waits until a server answers."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise DemoError(f"`{line}` ended with status {process.returncode}; its message is above")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/v1/models")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    raise DemoError(f"`{line}` did not answer within {PATIENCE} seconds")


def synthesis_lines(output: Path) -> Iterator[str]:
    """Yields what was kept of each writer, and the place of the report."""
    writers = read_json(output / "summary.json")["writers"]
    yield "texts that were kept:"
    for name, who in ((OWN, "this demo's base model"), (STAND_IN, "sentences of a few forms, true of nothing")):
        counts = writers.get(name, {})
        reasons = ", ".join(f"{count} {reason}" for reason, count in counts.items() if reason != "kept")
        kept = f"{counts.get('kept', 0)} of {sum(counts.values())}"
        yield f"  {name} ({who}): {kept}{f'; set aside: {reasons}' if reasons else ''}"
    yield f"texts side by side: {output / 'report.html'}"
