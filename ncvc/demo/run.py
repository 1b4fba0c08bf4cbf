"""Runs every stage once, on a small scale, by the commands that a person would type."""

import json
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ncvc.demo.folder import prepare, recorded
from ncvc.demo.outcome import outcome_lines
from ncvc.demo.quality import quality_lines, quality_stages
from ncvc.demo.questions import write_questions
from ncvc.demo.stages import dump, stages, write_configs
from ncvc.demo.stand_in import stand_ins
from ncvc.demo.synthesis import (
    PROMPT,
    free_port,
    served,
    synthesis_config,
    synthesis_lines,
    synthesis_stage,
    write_topics,
)
from ncvc.demo.text import write_corpus, write_terms
from ncvc.errors import DemoError
from ncvc.progress import Channel, Reporter

PROMPTS = ("72歳男性。発熱を主訴に", "令和5年4月12日　回診。", "退院時要約")
"""Beginnings of documents of the kinds that the model was trained on."""

TEMPERATURE = "0.5"
"""Lower than the default: after two minutes of training the less likely words are guesses."""


@dataclass(frozen=True)
class Made:
    """A file or folder that a stage made, and the seconds that it took."""

    name: str
    path: Path
    seconds: float

    @property
    def bytes(self) -> int:
        """Bytes of its files."""
        files = self.path.rglob("*") if self.path.is_dir() else [self.path]
        return sum(file.stat().st_size for file in files if file.is_file())


def run_demo(folder: Path, seed: int, reporter: Reporter, channel: Channel = "stdout") -> list[Made]:
    """Takes generated text all the way to a tuned model in `folder`, measures it, and lets the base continue prompts.

    `reporter` hears the command lines, whose own standard output goes to `channel`. Returns what was made.

    Everything that an earlier demo made there is removed first. Raises `DemoError` if the folder holds
    anything else, or if a stage fails.
    """
    prepare(folder)
    with stand_ins() as address:
        return _run(folder, seed, address, reporter, channel)


def _run(folder: Path, seed: int, stand_in: str, reporter: Reporter, channel: Channel) -> list[Made]:
    port = free_port()
    commands = [
        *stages(folder, write_configs(folder)),
        synthesis_stage(folder, port),
        *quality_stages(folder, stand_in),
    ]
    dump(folder / "synthesize.yaml", "Paths are relative to this file.", synthesis_config(port, stand_in))
    last = len(commands) + 2
    reporter.say(f"[1/{last}] text and questions, written by this package (seed {seed})")
    rows = [Made("text", folder / "text.jsonl", _write_text(folder, seed, reporter))]
    for number, stage in enumerate(commands, start=2):
        reporter.say("")
        reporter.say(f"[{number}/{last}] {stage.name}")
        with served(stage.server, reporter, channel):
            rows.append(Made(stage.name, stage.makes, _call(stage.arguments, reporter, channel)))
    for line in ("", *_table(rows), "", f"[{last}/{last}] continuations of the base model"):
        reporter.say(line)
    for prompt in PROMPTS:
        reporter.say("")
        options = ("--max-new-tokens", "80", "--temperature", TEMPERATURE)
        _call(("generate", str(folder / "hf"), "--prompt", prompt, *options), reporter, channel)
    closing = (*synthesis_lines(folder / "synthesized"), *quality_lines(folder), *outcome_lines(folder / "scores"))
    for line in ("", *closing):
        reporter.say(line)
    return rows


def _write_text(folder: Path, seed: int, reporter: Reporter) -> float:
    """Writes the corpus, the terms and the questions; returns the seconds that it took."""
    started = time.monotonic()
    with recorded(folder / "text.jsonl") as partial:
        count = write_corpus(partial, seed)
    with recorded(folder / "terms.csv") as partial:
        terms = write_terms(partial)
    with recorded(folder / "topics.jsonl") as partial:
        write_topics(partial)
    with recorded(folder / "textbook.jinja") as partial:
        partial.write_text(PROMPT, encoding="utf-8")
    lines = (folder / "text.jsonl").read_text(encoding="utf-8").splitlines()
    corpus = "\n".join(json.loads(line)["text"] for line in lines)
    train, test = folder / "questions-train.jsonl", folder / "questions-test.jsonl"
    with recorded(train) as for_tuning, recorded(test) as held_out:
        asked, kept = write_questions(for_tuning, held_out, seed, corpus)
    reporter.say(f"{count:,} documents, {terms:,} medical terms, {asked:,} questions to tune on, {kept:,} held out")
    return time.monotonic() - started


def _call(arguments: tuple[str, ...], reporter: Reporter, channel: Channel) -> float:
    """Shows and runs one command; returns its seconds."""
    line = shlex.join(("ncvc", *arguments))
    reporter.say(f"$ {line}")
    started = time.monotonic()
    out = {"stdout": None, "stderr": sys.stderr, "none": subprocess.DEVNULL}[channel]
    quiet = ("--quiet",) if channel == "none" and arguments[0] != "generate" else ()
    process = subprocess.Popen([sys.executable, "-m", "ncvc", *arguments, *quiet], stdout=out)
    try:
        status = process.wait()
    except KeyboardInterrupt:
        process.wait()  # Ctrl-C reached the command too; training saves before it ends
        raise
    if status != 0:
        raise DemoError(f"`{line}` ended with status {status}; its message is above")
    return time.monotonic() - started


def _table(rows: list[Made]) -> list[str]:
    """Formats name, place, size and seconds of everything made."""
    cells = [("made by", "where", "size", "seconds")]
    cells += [(row.name, str(row.path), f"{row.bytes / 1e6:,.1f} MB", f"{row.seconds:.1f}") for row in rows]
    cells.append(("in all", "", "", f"{sum(row.seconds for row in rows):.1f}"))
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    return [
        f"{name:<{widths[0]}}  {where:<{widths[1]}}  {size:>{widths[2]}}  {seconds:>{widths[3]}}"
        for name, where, size, seconds in cells
    ]
