"""Runs every stage once, on a small scale, by the commands that a person would type."""

import json
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
from ncvc.recipe.command import Cost, call, command_line
from ncvc.recipe.page import Shown, recipe_page, write_text

PROMPTS = ("72歳男性。発熱を主訴に", "令和5年4月12日　回診。", "退院時要約")
"""Beginnings of documents of the kinds that the model was trained on."""

TEMPERATURE = "0.5"
"""Lower than the default: after two minutes of training the less likely words are guesses."""


@dataclass(frozen=True)
class Made:
    """A file or folder that a stage made, and what it cost."""

    name: str
    path: Path
    seconds: float
    arguments: tuple[str, ...] = ()
    """Of its command; none of what the demo itself wrote."""
    cost: Cost | None = None

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
            cost = _call(stage.arguments, reporter, channel)
        rows.append(Made(stage.name, stage.makes, cost.wall, stage.arguments, cost))
    _write_page(folder, rows)
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


def _call(arguments: tuple[str, ...], reporter: Reporter, channel: Channel) -> Cost:
    """Shows and runs one command; returns its cost."""
    ended = call(arguments, reporter, channel)
    if ended.stopped_by is not None:
        raise KeyboardInterrupt
    if ended.status != 0:
        raise DemoError(f"`{command_line(arguments)}` ended with status {ended.status}; its message is above")
    return ended.cost


def _write_page(folder: Path, rows: list[Made]) -> None:
    """Writes `index.html`, as of a recipe."""
    stages = [Shown(row.name, "done", row.arguments, row.path, row.cost, 1, 0) for row in rows if row.arguments]
    title = ("The demo: everything once", "デモ: 全工程を一度")
    about = ("Every stage on synthetic text.", "合成テキストで全段階を行ったものです。")
    write_text(folder, recipe_page(title, about, folder, stages, Path.cwd()))


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
