"""Runs every stage once, on a small scale, by the commands that a person would type."""

import contextlib
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ncvc.checkpoint.manifest import foreign_in
from ncvc.config import SHIPPED
from ncvc.demo.text import write_corpus, write_terms
from ncvc.dictionary import is_dictionary
from ncvc.errors import DemoError
from ncvc.files import PARTIAL, WorkFolder, files_below, sha256, whole_file
from ncvc.manifest import changes, own_manifest
from ncvc.outputs import RUN_NAMES, is_page_or_picture, require_apart, require_run_folder
from ncvc.progress import Channel, Reporter

CONFIG = SHIPPED / "demo.yaml"
"""The training config."""

MARKER = ".made-by-ncvc-demo"
MADE = (
    MARKER,
    "dictionary",
    "hf",
    "loss.png",
    "preprocess.yaml",
    "run",
    "terms.csv",
    "text.jsonl",
    "tokenizer",
    "tokens",
    "train.yaml",
)
"""Files of a demo in its folder, the only ones that it ever removes."""

RECORDED = ("preprocess.yaml", "terms.csv", "text.jsonl", "train.yaml")
"""Those that the demo itself writes, and not a command of it."""
LEFT = re.compile(rf"\.({'|'.join(map(re.escape, MADE))})\.([0-9a-f]{{8}}\.)?partial")
"""Names of work folders and files that a stage leaves when it is killed."""
FOLDERS = ("hf", "run", "tokenizer", "tokens")
"""Those of them that are folders; each but `run` has a manifest."""

PROMPTS = ("72歳男性。発熱を主訴に", "令和5年4月12日　回診。", "退院時要約")
"""Beginnings of documents of the kinds that the model was trained on."""

TEMPERATURE = "0.5"
"""Lower than the default: after two minutes of training the less likely words are guesses."""


@dataclass(frozen=True)
class Stage:
    """One command: its arguments after `ncvc`, and the file or folder that it makes."""

    name: str
    makes: Path
    arguments: tuple[str, ...]


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
    """Takes generated text all the way to a model in `folder` and lets it continue three prompts.

    `reporter` hears the command lines, whose own standard output goes to `channel`. Returns what was made.

    Everything that an earlier demo made there is removed first. Raises `DemoError` if the folder holds
    anything else, or if a stage fails.
    """
    _prepare(folder)
    started = time.monotonic()
    reporter.say(f"[1/8] text, written by this package (seed {seed})")
    with _recorded(folder / "text.jsonl") as partial:
        documents = write_corpus(partial, seed)
    with _recorded(folder / "terms.csv") as partial:
        terms = write_terms(partial)
    reporter.say(f"{documents:,} documents, {terms:,} medical terms")
    rows = [Made("text", folder / "text.jsonl", time.monotonic() - started)]
    config = _write_configs(folder)
    for number, stage in enumerate(_stages(folder, config), start=2):
        reporter.say("")
        reporter.say(f"[{number}/8] {stage.name}")
        rows.append(Made(stage.name, stage.makes, _call(stage.arguments, reporter, channel)))
    for line in ("", *_table(rows), "", "[8/8] continuations"):
        reporter.say(line)
    for prompt in PROMPTS:
        reporter.say("")
        options = ("--max-new-tokens", "80", "--temperature", TEMPERATURE)
        _call(("generate", str(folder / "hf"), "--prompt", prompt, *options), reporter, channel)
    return rows


def _prepare(folder: Path) -> None:
    """Empties the folder, but for the marker that shows whose it is; raises `DemoError` if anything is not a demo's."""
    if folder.exists() and not folder.is_dir():
        raise DemoError(f"{folder}: is a file; name a folder")
    require_apart(folder, [])
    folder.mkdir(parents=True, exist_ok=True)
    there = sorted(path.name for path in folder.iterdir())
    # A stage that was killed leaves .NAME.partial behind.
    ours = {name for name in there if name in MADE or LEFT.fullmatch(name)}
    foreign = [name for name in there if name not in ours or MARKER not in there]
    if foreign:
        named = ", ".join([*foreign[:3], "…"][: len(foreign)])
        raise DemoError(f"{folder}: holds what no demo made ({named}); name a new or an empty folder")
    for name in sorted(ours & {*MADE} - {MARKER, "run"}):
        _require_unchanged(folder, name)
    for name in sorted(ours - {*MADE}):
        if not PARTIAL.fullmatch(name):
            WorkFolder(folder / name.removeprefix(".").removesuffix(".partial")).require_free()
    require_run_folder(folder / "run", [])
    if foreign_path := next(_foreign_in_run(folder / "run"), None):
        raise DemoError(f"{foreign_path}: no demo made it; move it away, or name a new or an empty folder")
    for path in (folder / name for name in ours - {MARKER}):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    (folder / MARKER).write_text("")


def _require_unchanged(folder: Path, name: str) -> None:
    """Raises `DemoError` if something under a name of the demo's came from somebody else, or was changed since."""
    path = folder / name
    foreign = path if path.is_symlink() or path.is_dir() != (name in FOLDERS) else None
    if foreign is None and name in FOLDERS:
        manifest = own_manifest(path)
        differences = changes(path, manifest) if manifest else ()
        foreign = path if manifest is None else next((d.path for d in differences if d.kind != "missing"), None)
    elif foreign is None and name in RECORDED:
        foreign = path if sha256(path) != _written(folder).get(name) else None
    elif foreign is None and not (is_dictionary(path) if name == "dictionary" else is_page_or_picture(path)):
        foreign = path
    if foreign is not None:
        raise DemoError(f"{foreign}: no demo made it as it is; move it away, or name a new or an empty folder")


def _foreign_in_run(run: Path) -> Iterator[Path]:
    """Yields what a training did not write into its run folder."""
    for path in run.glob("*"):
        if path.name not in RUN_NAMES:
            yield path
    for path in (run / "checkpoints").glob("*"):
        yield from foreign_in(path)
    for path in files_below(run) if run.is_dir() else []:
        kind, name = path.relative_to(run).parts[0], path.name
        if (kind, name.startswith("events.out.tfevents.")) == ("tensorboard", False) or kind == "wandb":
            yield path


def _written(folder: Path) -> dict[str, str]:
    """Reads the SHA-256 of the files that the demo itself has written, by name."""
    text = (folder / MARKER).read_text(encoding="utf-8")
    return dict(line.split("  ", 1)[::-1] for line in text.splitlines())


@contextlib.contextmanager
def _recorded(path: Path) -> Iterator[Path]:
    """Yields a name to write a file of the demo's own under; notes its SHA-256, in the form of sha256sum, first."""
    with whole_file(path) as partial:
        yield partial
        with (path.parent / MARKER).open("a", encoding="utf-8") as marker:
            marker.write(f"{sha256(partial)}  {path.name}\n")


def _write_configs(folder: Path) -> dict[str, Any]:
    """Writes the configs of `ncvc preprocess` and `ncvc train` and returns the second."""
    preprocess = {
        "sources": [{"name": "corpus", "inputs": ["text.jsonl"], "text_field": "text"}],
        # Sentences made from a grammar repeat; a model as small as the demo's needs them.
        "duplicates": {"documents": True, "sentences": False},
        "tokenizer": "tokenizer",
        "output": "tokens",
        "threads": 0,
        "on_error": "quarantine",
    }
    train: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    train["run"] = str(folder / "run")
    train["data"] |= {"prefixes": [str(folder / "tokens/corpus")], "tokenizer": str(folder / "tokenizer")}
    _dump(folder / "preprocess.yaml", "Paths are relative to this file.", preprocess)
    _dump(folder / "train.yaml", "megatron_configs/demo.yaml with this folder's paths; it says more.", train)
    return train


def _dump(path: Path, comment: str, values: dict[str, Any]) -> None:
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    with _recorded(path) as partial:
        partial.write_text(f"# {comment}\n{text}", encoding="utf-8")


def _stages(folder: Path, train: dict[str, Any]) -> list[Stage]:
    def inside(name: str) -> str:
        return str(folder / name)

    checkpoint = inside(f"run/checkpoints/step_{train['schedule']['train_iters']:08}")
    vocabulary = str(train["model"]["vocab_size"])
    commands = {
        ("dictionary", "dictionary"): (
            "dictionary", "build", inside("dictionary"), "--base", "ipadic", "--terms", inside("terms.csv"),
        ),
        ("tokenizer", "tokenizer"): (
            "tokenizer", "train", inside("tokenizer"), "--dictionary", inside("dictionary"),
            "--vocab-size", vocabulary, inside("text.jsonl"),
        ),
        ("dataset", "tokens"): ("preprocess", inside("preprocess.yaml")),
        ("training", "run"): ("train", inside("train.yaml")),
        ("loss curve", "loss.png"): ("train", "plot", inside("run"), "-o", inside("loss.png")),
        ("conversion", "hf"): ("convert", checkpoint, inside("hf"), "--to", "hf"),
    }  # fmt: skip
    return [Stage(name, folder / made, arguments) for (name, made), arguments in commands.items()]


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
