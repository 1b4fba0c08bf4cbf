"""Table of outputs that are, hold or lie in what the command itself needs; all are refused.

Most are folders that ncvc made and nobody touched, so that only what they are needed for keeps them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.outputs.commands import (
    BUILD,
    DEMO,
    FOLDERS,
    PREPROCESS,
    SAMPLE,
    SLURM,
    TO_HF,
    TO_MEGATRON,
    TOKENIZER,
    TRAIN_RUN,
    Command,
)
from tests.outputs.sandbox import Sandbox, users_folder


@dataclass(frozen=True)
class Needed:
    """A line of the table.

    output: as it is typed; {work} and {home} stand for those folders
    has: materials that are there besides those the command needs
    cwd: the current folder, from `work`
    says: words of which the refusal has one at least
    """

    name: str
    command: Command
    output: str
    has: tuple[str, ...] = ()
    prepare: Callable[[Sandbox], object] = lambda box: None
    cwd: str = "."
    settings: dict[str, Any] = field(default_factory=dict)
    says: tuple[str, ...] = ()


def link(name: str, to: str) -> Callable[[Sandbox], object]:
    def prepare(box: Sandbox) -> None:
        (box.work / name).parent.mkdir(exist_ok=True)
        (box.work / name).symlink_to(to)

    return prepare


def both(*steps: Callable[[Sandbox], object]) -> Callable[[Sandbox], object]:
    return lambda box: [step(box) for step in steps]


def nested_input(box: Sandbox) -> None:
    users_folder(box.work / "data/clean")


def copied(name: str, to: str) -> Callable[[Sandbox], object]:
    def prepare(box: Sandbox) -> None:
        (box.work / to).parent.mkdir(exist_ok=True)
        box.put(name, box.work / to)

    return prepare


def inputs(*names: str, **more: Any) -> dict[str, Any]:
    return {"inputs": names, **more}


CLEAN = "text/corpus.jsonl.zst"  # a pass's output, which another pass reads
INSIDE = "model/ncvc/tokenizer"  # the tokenizer in a converted model

# Wherever a command is started: the folder that one is in, and those above it.
PLACES = [
    Needed(f"{name}", command, output, says=says)
    for command in FOLDERS
    for name, output, says in [
        ("current-folder", ".", ()),
        ("no-name", "", ()),
        ("folder-above", "..", ()),
        ("home-folder", "{home}", ("home",)),
        ("current-folder-in-full", "{work}", ("work",)),
        ("current-folder-in-other-words", "../work/.", ("work",)),
    ]
    if command in (TOKENIZER, PREPROCESS) or name in ("current-folder", "no-name")
]

INPUTS = [
    Needed(f"{name}", command, output, has, prepare, settings=settings, says=says)
    for command in (TOKENIZER, PREPROCESS)
    for name, output, has, prepare, settings, says in [
        ("input-folder", "raw", (), lambda b: None, {}, ("raw",)),
        ("input-folder-by-slashes", "raw//", (), lambda b: None, {}, ("raw",)),
        ("input-folder-by-way-of-another", "tokenizer/../raw/.", ("tokenizer",), lambda b: None, {}, ("raw",)),
        ("input-folder-by-link", "alias", (), link("alias", "raw"), {}, ("raw", "alias")),
        ("input-folder-in-full", "{work}/raw", (), lambda b: None, {}, ("raw",)),
        ("parent-of-input", "data", (), nested_input, inputs("data/clean"), ("data",)),
        ("parent-of-pattern", "data", (), nested_input, inputs("data/*/*.jsonl"), ("data",)),
        ("folder-in-input", "raw/sub", (), lambda b: None, {}, ("raw",)),
        ("new-folder-in-input", "raw/new", (), lambda b: None, {}, ("raw",)),
        ("new-folder-in-linked-input", "alias/new", (), link("alias", "raw"), {}, ("raw", "alias")),
        ("new-folder-in-input-by-link", "raw/new", (), link("alias", "raw"), inputs("alias"), ("raw", "alias")),
        ("ours-as-input", "text", ("text",), lambda b: None, inputs("text"), ("text",)),
        ("ours-with-input-file", "text", ("text",), lambda b: None, inputs(CLEAN), ("text",)),
        ("ours-with-pattern", "text", ("text",), lambda b: None, inputs("text/*.zst"), ("text",)),
        ("ours-with-pattern-above", "text", ("text",), lambda b: None, inputs("*/*.zst"), ("text",)),
        ("ours-with-one-of-several", "text", ("text",), lambda b: None, inputs("raw", CLEAN), ("text",)),
        ("ours-with-input-by-link", "text", ("text",), link("alias", "text"), inputs("alias"), ("text", "alias")),
        (
            "ours-with-pattern-by-link",
            "text",
            ("text",),
            link("alias", "text"),
            inputs("alias/*.zst"),
            ("text", "alias"),
        ),
        ("ours-with-linked-file", "text", ("text",), link("in/a.jsonl.zst", f"../{CLEAN}"), inputs("in"), ("text",)),
        (
            "ours-by-link-with-input-by-link",
            "one",
            ("text",),
            both(link("one", "text"), link("two", "text")),
            inputs("two"),
            ("text", "one", "two"),
        ),
    ]
    # How a path is read is asked of one of them; both are asked which inputs they have.
    if command is PREPROCESS or name in ("input-folder", "parent-of-input", "new-folder-in-input") or "ours" in name
]

NEEDED = [
    # The dictionary.
    Needed("dictionary", TOKENIZER, "tokenizer2", ("tokenizer2",), settings={"dictionary": "tokenizer2/dictionary"}),
    Needed(
        "dictionary-by-link",
        TOKENIZER,
        "tokenizer2",
        ("tokenizer2",),
        link("a.dic", "tokenizer2/dictionary"),
        settings={"dictionary": "a.dic"},
    ),
    Needed("dictionary-deep-below", TOKENIZER, "model", ("model",), settings={"dictionary": f"{INSIDE}/dictionary"}),
    Needed("dictionary-itself", TOKENIZER, "dictionary.dic", says=("dictionary.dic",)),
    # The tokenizer.
    *[
        Needed(name, command, output, has, prepare, settings=settings, says=("tokenizer",))
        for command in (PREPROCESS, TO_HF)
        for name, output, has, prepare, settings in [
            ("tokenizer", "tokenizer", (), lambda b: None, {}),
            ("new-folder-in-tokenizer", "tokenizer/new", (), lambda b: None, {}),
            ("tokenizer-by-link", "tokenizer", (), link("alias", "tokenizer"), {"tokenizer": "alias"}),
            ("link-to-tokenizer", "alias", (), link("alias", "tokenizer"), {}),
            ("tokenizer-deep-below", "model", ("model",), lambda b: None, {"tokenizer": INSIDE}),
        ]
    ],
    Needed("tokenizer", TRAIN_RUN, "tokenizer", says=("tokenizer",)),
    Needed("new-folder-in-tokenizer", TRAIN_RUN, "tokenizer/run", says=("tokenizer",)),
    # Its name in the config of the run that the checkpoint is from.
    Needed(
        "tokenizer-that-the-checkpoint-names",
        TO_HF,
        "tokenizer",
        ("run",),
        settings={"source": "run/checkpoints/step_00000002", "tokenizer": None},
        says=("tokenizer",),
    ),
    # The config.
    Needed(
        "config-in-output",
        PREPROCESS,
        ".",
        ("tokens",),
        settings={"config": "tokens/p.yaml", "tokenizer": "../tokenizer", "inputs": ["../raw"]},
    ),
    Needed("config-itself", PREPROCESS, "preprocess.yaml", says=("preprocess.yaml",)),
    Needed("config-itself", TRAIN_RUN, "train.yaml", says=("train.yaml",)),
    Needed("config-in-output", TRAIN_RUN, ".", settings={"config": "config.yaml"}),
    Needed("config-overwritten-by-script", SLURM, "train.yaml", says=("train.yaml",)),
    # What is converted.
    *[
        Needed(name, command, output.format(source), ("tokenizer",), prepare, settings=settings, says=(source, "alias"))
        for command, source in ((TO_HF, "checkpoint"), (TO_MEGATRON, "model"))
        for name, output, prepare, settings in [
            ("source", "{}", lambda b: None, {}),
            ("source-by-slash", "{}/", lambda b: None, {}),
            ("source-by-link", "alias", link("alias", source), {}),
            ("link-as-source", "{}", link("alias", source), {"source": "alias"}),
            ("new-folder-in-source", "{}/new", lambda b: None, {}),
        ]
    ],
    Needed("folder-in-source", TO_MEGATRON, INSIDE, says=("model",)),
    Needed(
        "parent-of-source", TO_HF, "run", ("run",), settings={"source": "run/checkpoints/step_00000002"}, says=("run",)
    ),
    # What a run reads.
    Needed("data", TRAIN_RUN, "tokens", says=("tokens",)),
    Needed("new-folder-in-data", TRAIN_RUN, "tokens/run", says=("tokens",)),
    Needed(
        "model-to-start-from",
        TRAIN_RUN,
        "checkpoint",
        ("checkpoint",),
        settings={"checkpoints": {"init_from": "checkpoint"}},
        says=("checkpoint",),
    ),
    # A sample's own output.
    Needed(
        "input-of-sample",
        SAMPLE,
        "text",
        (),
        copied("text", "text.sample"),
        settings=inputs("text.sample"),
        says=("text",),
    ),
    # The current folder, which ncvc made.
    *[
        Needed(f"{name}", PREPROCESS, output, ("tokens",), cwd=cwd, settings=settings, says=("tokens", "folder"))
        for name, output, cwd, settings in [
            ("made-current-folder", "tokens", "tokens", {}),
            ("made-folder-above", "tokens", "tokens/dropped", {}),
            ("made-current-folder-in-full", "{work}/tokens", "tokens", {}),
        ]
    ],
    *[
        Needed(f"{name}", TOKENIZER, output, ("tokens",), cwd=cwd, settings=settings, says=("folder", "tokens"))
        for name, output, cwd, settings in [
            ("made-current-folder", ".", "tokens", inputs("../raw", dictionary="../dictionary.dic")),
            ("made-current-folder-by-name", "../tokens", "tokens", inputs("../raw", dictionary="../dictionary.dic")),
            ("made-folder-above", "..", "tokens/dropped", inputs("../../raw", dictionary="../../dictionary.dic")),
        ]
    ],
    Needed("made-current-folder", DEMO, ".", ("begun-demo",), cwd="begun-demo"),
    # What a dictionary is built from, and one that a tokenizer lives from.
    Needed("base", BUILD, "base", says=("base",)),
    Needed("file-of-base", BUILD, "base/lex.csv", says=("lex.csv",)),
    Needed(
        "terms",
        BUILD,
        "terms.csv",
        (),
        lambda b: (b.work / "terms.csv").write_text("肺炎\n"),
        settings={"options": ["--terms", "terms.csv"]},
    ),
    Needed(
        "licence",
        BUILD,
        "licence.txt",
        (),
        lambda b: (b.work / "licence.txt").write_text("CC BY\n"),
        settings={"options": ["--licence", "licence.txt"]},
    ),
    Needed("dictionary-of-a-tokenizer", BUILD, "tokenizer/dictionary", ("tokenizer",), says=("tokenizer",)),
]

CASES = [*PLACES, *INPUTS, *NEEDED]
