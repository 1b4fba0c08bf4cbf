"""The demo's folder: what a demo made there, which alone it ever removes, and how it is told from other files."""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from ncvc.checkpoint.manifest import foreign_in
from ncvc.dictionary import is_dictionary
from ncvc.errors import DemoError
from ncvc.files import PARTIAL, WorkFolder, files_below, sha256, whole_file
from ncvc.manifest import TUNING, changes, own_manifest
from ncvc.outputs import RUN_NAMES, is_page_or_picture, require_apart, require_run_folder

MARKER = ".made-by-ncvc-demo"
MADE = (
    MARKER,
    "answers",
    "dictionary",
    "filtered",
    "hf",
    "index.html",
    "labels",
    "loss.png",
    "preprocess.yaml",
    "quality-model",
    "questions",
    "questions-test.jsonl",
    "questions-train.jsonl",
    "run",
    "scores",
    "synthesize.yaml",
    "synthesized",
    "terms.csv",
    "text",
    "text.jsonl",
    "textbook.jinja",
    "tokenizer",
    "tokens",
    "topics.jsonl",
    "train.yaml",
    "tune.yaml",
    "tuned",
    "tuning",
)
"""Files of a demo in its folder, the only ones that it ever removes."""

RECORDED = (
    "preprocess.yaml",
    "questions-test.jsonl",
    "questions-train.jsonl",
    "synthesize.yaml",
    "terms.csv",
    "text.jsonl",
    "textbook.jinja",
    "topics.jsonl",
    "train.yaml",
    "tune.yaml",
)
"""Those that the demo itself writes, and not a command of it."""
LEFT = re.compile(rf"\.({'|'.join(map(re.escape, MADE))})\.([0-9a-f]{{8}}\.)?partial")
"""Names of work folders and files that a stage leaves when it is killed."""
RUNS = ("run", "tuning")
"""Run folders, of the training and of the tuning; they have no manifest."""
FOLDERS = (
    *("filtered", "hf", "labels", "quality-model", "questions", "scores", "synthesized", "text", "tokenizer", "tokens"),
    *("tuned", *RUNS),
)
"""Those that are folders."""

ANSWERS = "answers"
"""Folder of the log of a synthesis."""
ANSWERS_HEAD = b'{"format": "ncvc-synthesis-log/1"}\n'
"""First line of that log."""

SAVING = ".tuning.partial"
"""Folder in which a tuning writes a checkpoint."""
SAVED = frozenset(
    (
        *("config.json", "generation_config.json", "manifest.json", "model.safetensors", "optimizer.pt"),
        *("rng_state.pth", "scheduler.pt", "trainer_state.json", "training_args.bin"),
        *("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "cleaning.json", "dictionary"),
    )
)
"""Names of the files of one."""


def prepare(folder: Path) -> None:
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
    if foreign_path := _foreign_in_answers(folder / ANSWERS):
        raise DemoError(f"{foreign_path}: no demo made it; move it away, or name a new or an empty folder")
    for name in sorted(ours & {*MADE} - {MARKER, ANSWERS, *RUNS}):
        _require_unchanged(folder, name)
    for name in sorted(ours - {*MADE}):
        if not PARTIAL.fullmatch(name):
            WorkFolder(folder / name.removeprefix(".").removesuffix(".partial")).require_free()
    for name in RUNS:
        require_run_folder(folder / name, [])
        if foreign_path := next(_foreign_in_run(folder / name), None):
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


def _foreign_in_answers(answers: Path) -> Path | None:
    """Returns what no synthesis wrote into its folder of answers, which has no manifest."""
    if not os.path.lexists(answers):
        return None
    if answers.is_symlink() or not answers.is_dir():
        return answers
    return next((path for path in answers.iterdir() if not _is_log(path)), None)


def _is_log(path: Path) -> bool:
    if path.name != "log.jsonl" or path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return ANSWERS_HEAD.startswith(file.readline(len(ANSWERS_HEAD)))


def _foreign_in_run(run: Path) -> Iterator[Path]:
    """Yields what a training did not write into its run folder."""
    for path in run.glob("*"):
        if path.name not in RUN_NAMES:
            yield path
    for path in (run / "checkpoints").glob("*"):
        yield from _foreign_in_checkpoint(path)
    for path in files_below(run) if run.is_dir() else []:
        kind, name = path.relative_to(run).parts[0], path.name
        if (kind, name.startswith("events.out.tfevents.")) == ("tensorboard", False) or kind == "wandb":
            yield path


def _foreign_in_checkpoint(path: Path) -> Iterator[Path]:
    """Yields what neither a training nor a tuning wrote at a path among checkpoints."""
    if path.name == SAVING and path.is_dir() and not path.is_symlink():
        yield from (file for file in files_below(path) if file.name not in SAVED)
        return
    manifest = own_manifest(path) if path.is_dir() and not path.is_symlink() else None
    if manifest and manifest.get("format") == TUNING:
        yield from (difference.path for difference in changes(path, manifest) if difference.kind != "missing")
    else:
        yield from foreign_in(path)


def _written(folder: Path) -> dict[str, str]:
    """Reads the SHA-256 of the files that the demo itself has written, by name."""
    text = (folder / MARKER).read_text(encoding="utf-8")
    return dict(line.split("  ", 1)[::-1] for line in text.splitlines())


@contextlib.contextmanager
def recorded(path: Path) -> Iterator[Path]:
    """Yields a name to write a file of the demo's own under; notes its SHA-256, in the form of sha256sum, first."""
    with whole_file(path) as partial:
        yield partial
        with (path.parent / MARKER).open("a", encoding="utf-8") as marker:
            marker.write(f"{sha256(partial)}  {path.name}\n")
