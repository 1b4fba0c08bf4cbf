"""The commands that write, each with the output still to be named."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SLOW
from tests.outputs.conftest import TRAIN, VOCABULARY
from tests.outputs.sandbox import Sandbox

Words = list[str | bytes | Path]


@dataclass(frozen=True)
class Command:
    """A command that writes.

    needs: materials that it reads
    made: material that it could have made
    line: box, output as it is typed, other settings → words after `ncvc`; writes the config where there is one
    force: whether it takes --force
    torch: whether it needs torch; a refusal must come before torch is imported
    suffix: of what it writes, after the output's name
    """

    name: str
    needs: tuple[str, ...]
    made: str
    line: Callable[..., Words]
    force: bool = True
    torch: bool = False
    suffix: str = ""

    def words(self, box: Sandbox, output: str | bytes, *, force: bool = False, **settings: Any) -> Words:
        """The command line, after what it reads is brought into the sandbox."""
        box.bring(*self.needs)
        words = self.line(box, output, **settings)
        at = 2 if words[0] == "tokenizer" else 1
        return [*words[:at], "--force", *words[at:]] if force else words


def tokenizer(box: Sandbox, output: str, inputs: Sequence[str] = ("raw",), dictionary: str = "dictionary.dic") -> Words:
    options = ["--dictionary", dictionary, "--vocab-size", str(VOCABULARY)]
    return ["tokenizer", "train", *options, "--", output, *inputs]


def preprocess(
    box: Sandbox,
    output: str,
    inputs: Sequence[str] = ("raw",),
    tokenizer: str = "tokenizer",
    options: Sequence[str] = (),
    config: str | Path = "preprocess.yaml",
) -> Words:
    """config: where the config is written, from `work`"""
    values: dict[str, Any] = {"sources": [{"name": "corpus", "inputs": list(inputs)}]}
    values |= {"tokenizer": tokenizer, "output": output, "duplicates": {"documents": False, "sentences": False}}
    (box.work / config).write_text(json.dumps(values))
    return ["preprocess", *options, box.work / config]


def to_text(box: Sandbox, output: str, **settings: Any) -> Words:
    return preprocess(box, output, options=["--to", "text"], **settings)


def sample(box: Sandbox, output: str, **settings: Any) -> Words:
    return preprocess(box, output, options=["--sample", "2"], **settings)


def to_hf(box: Sandbox, output: str, source: str = "checkpoint", tokenizer: str | None = "tokenizer") -> Words:
    options = ["--to", "hf", *(["--tokenizer", tokenizer] if tokenizer else [])]
    return ["convert", *options, "--", source, output]


def to_megatron(box: Sandbox, output: str, source: str = "model") -> Words:
    return ["convert", "--to", "megatron", "--", source, output]


def demo(box: Sandbox, output: str) -> Words:
    return ["demo", "--", output]


def train(box: Sandbox, output: str, config: str = "train.yaml", **sections: Any) -> Words:
    (box.work / config).write_text(json.dumps({**TRAIN, "run": output, **sections}))
    return ["train", "run", config]


TOKENIZER = Command("tokenizer", ("raw", "dictionary.dic"), "tokenizer2", tokenizer)
PREPROCESS = Command("preprocess", ("raw", "tokenizer"), "tokens", preprocess)
TO_TEXT = Command("preprocess-to-text", ("raw", "tokenizer"), "text", to_text)
SAMPLE = Command("preprocess-sample", ("raw", "tokenizer"), "tokens.sample", sample, suffix=".sample")
TO_HF = Command("convert-to-hf", ("checkpoint", "tokenizer"), "model", to_hf, torch=True)
TO_MEGATRON = Command("convert-to-megatron", ("model",), "checkpoint", to_megatron, torch=True)
DEMO = Command("demo", (), "begun-demo", demo, force=False, torch=True)
TRAIN_RUN = Command("train", ("tokens", "tokenizer"), "run", train, force=False, torch=True)

REPLACING = [TOKENIZER, PREPROCESS, TO_TEXT, SAMPLE, TO_HF, TO_MEGATRON]  # take --force, and make what has a manifest
FOLDERS = [*REPLACING, DEMO, TRAIN_RUN]


def build(box: Sandbox, output: str, base: str = "base", options: Sequence[str | Path] = ()) -> Words:
    return ["dictionary", "build", "--base", base, *options, "--", output]


def plot(box: Sandbox, output: str, run: str = "drawn") -> Words:
    return ["train", "plot", run, "-o", output]


def slurm(box: Sandbox, output: str, config: str = "train.yaml") -> Words:
    if not (box.work / config).exists():
        (box.work / config).write_text(json.dumps(TRAIN))
    return ["train", "run", config, "--write-slurm", output]


BUILD = Command("dictionary-build", ("base",), "dictionary.dic", build, force=False, suffix=".dic")
PLOT_PNG = Command("plot-png", ("drawn",), "loss.png", plot, force=False, suffix=".png")
PLOT_HTML = Command("plot-html", ("drawn",), "loss.html", plot, force=False, suffix=".html")
SLURM = Command("write-slurm", (), "run.sbatch", slurm, force=False, suffix=".sbatch")
FILES = [BUILD, PLOT_PNG, PLOT_HTML, SLURM]


EVERY_COMMAND = ("users-folder", "link-to-a-users-folder", "text", "link-to-a-users-file", "ours")
"""Cases that each of their commands always runs; of the others the first command does, and all with NCVC_SLOW=1."""


def one_always(commands: Sequence[Command], case: str) -> Iterator[tuple[Command, list[pytest.MarkDecorator]]]:
    """Yields the commands of a case with their marks."""
    for place, command in enumerate(commands):
        yield command, [] if place == 0 or case in EVERY_COMMAND else [SLOW]
