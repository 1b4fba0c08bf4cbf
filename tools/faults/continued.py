"""Branches, settings changed on purpose and hooks at checkpoints under interruptions, as in train.py.

A third of the runs begin behind a checkpoint of another run, a third change the learning rate with `--change` once
their first launcher has ended, and a third export each checkpoint that stays. Each has a command for these too. The
last tensors must be those of the undisturbed run, of the same branch, or of a branch that changes the setting at the
step at which the run did, bit for bit; and whatever happened to the hooks, one more start must leave each of them done,
with the export of an undisturbed run.
"""

import random
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import faulty
import yaml
from disk import small_disk
from interruptions import KINDS
from running import STEPS, Run, last_tensors, make_run, write_data
from train import LAYOUTS, STEP_SECONDS, differences, interrupt

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint

TRIALS = 90
KEPT = 12  # steps between checkpoints that stay
BRANCH = 15
LR = 0.003
CHANGE = ("--change", f"optimizer.lr={LR}")
ENDS_A_LAUNCHER = ("kill -9 of the launcher", "SIGTERM")
MODES = ("hooks", "branch", "change")
COMMAND = 'sleep 0.3; test -d "$NCVC_CHECKPOINT" && echo "$NCVC_STEP"'


def trials(folder: Path, every: int) -> Iterator[tuple[str, str]]:
    """Interrupts runs `TRIALS / every` times in all; yields what was done and what was wrong, if anything."""
    write_data(folder)
    write_pieces(folder / "tokenizer")
    chance = random.Random(every)
    left = TRIALS // every
    number = 0
    while left > 0:
        mode = MODES[number % len(MODES)]
        done, wrong = interrupted(folder, number, mode, min(left, 10), chance)
        for what in done:
            yield f"run {number}, {mode}, {LAYOUTS[number % len(LAYOUTS)][0]} ranks: {what}", wrong
        left -= max(1, len(done))
        number += 1


def write_pieces(tokenizer: Path) -> None:
    """Writes the 64 pieces that an export needs into a tokenizer's folder."""
    from sentencepiece import sentencepiece_model_pb2

    from ncvc.manifest import write_manifest

    model = sentencepiece_model_pb2.ModelProto()
    kinds = {"<unk>": 2, "<|begin_of_text|>": 3, "<|end_of_text|>": 3, "\n": 4}
    pieces = [*kinds, *(chr(0x3042 + number) for number in range(60))]
    for number, piece in enumerate(pieces):
        model.pieces.add(piece=piece, score=-float(number), type=kinds.get(piece, 1))
    model.trainer_spec.model_type = 1
    shutil.rmtree(tokenizer)
    tokenizer.mkdir()
    (tokenizer / "tokenizer.model").write_bytes(model.SerializeToString())
    write_manifest(tokenizer, stage="tokenizer", vocab_size=len(pieces))


def interrupted(folder: Path, number: int, mode: str, count: int, chance: random.Random) -> tuple[list[str], str]:
    """Runs one of forked processes, interrupted `count` times; returns what was done, and what was wrong."""
    layout = LAYOUTS[number % len(LAYOUTS)]
    kind = {"staged": number // 3 % 2 == 1, "options": number % 2 == 1}
    first = BRANCH + 1 if mode == "branch" else 2
    spoiled = sorted(chance.sample(range(first, STEPS + 1), count // 5))
    names = list(KINDS)
    kinds = [names[(number * 4 + i) % len(names)] for i in range(count - len(spoiled))]
    chance.shuffle(kinds)
    if mode == "change":
        kinds = [chance.choice(ENDS_A_LAUNCHER), *kinds[1:]]
    hooks: dict[str, Any] = {"run": COMMAND, "keep_interval": KEPT} | ({"export": "hf"} if mode == "hooks" else {})

    def make(name: str, faults: faulty.Faults, **checkpoints: Any) -> Run:
        return make_run(folder / f"{name}-{number}", folder, layout, faults, checkpoints=checkpoints, **kind)

    def undisturbed(run: Run) -> Run:
        list(interrupt(run, [], chance))
        return run

    with ExitStack() as stack:
        begin: dict[str, Any] = {}
        skipping = faulty.Faults(skipped=spoiled)
        if mode == "branch":
            trunk = undisturbed(make("trunk", faulty.Faults(), keep_last=STEPS))
            begin = {"branch_from": str(checkpoint_folder(trunk.folder / "run", BRANCH))}
        every_step = {"save_interval": 1, "keep_last": STEPS} if mode == "change" else hooks
        reference = undisturbed(make("reference", skipping, **begin, **every_step))
        run = make("run", faulty.Faults(STEP_SECONDS, spoiled), **begin, **hooks)
        run.flags = CHANGE if mode == "change" else ()
        run.disk = stack.enter_context(small_disk(run.folder / "run"))
        done = [f"nan in step {step}" for step in spoiled]
        done += interrupt(run, kinds, chance)
        _start_once_more(run)
        if mode == "change":
            reference = undisturbed(_changed_likewise(reference, run, make("changed", skipping)))
        wrong = differences(reference, run) or unfinished_hooks(run, reference if mode == "hooks" else None)
        return done, wrong


def _start_once_more(run: Run) -> None:
    """Starts the finished run again, which does the hooks that failed; records what is wrong."""
    before = last_tensors(run)
    run.start()
    assert run.launcher
    if status := run.launcher.wait():
        run.wrong.append(f"the start of the finished run ended with {status}")
    after = last_tensors(run)
    if before.keys() != after.keys() or any((after[name] != tensor).any() for name, tensor in before.items()):
        run.wrong.append("the start of the finished run changed its checkpoint")


def _changed_likewise(plain: Run, run: Run, changed: Run) -> Run:
    """Makes `changed` a branch of the undisturbed run that changes what `run` changed, where it did."""
    changes = Checkpoint.open(checkpoint_folder(run.folder / "run", STEPS)).manifest.changes
    config = yaml.safe_load(changed.config.read_text())
    config["optimizer"]["lr"] = LR
    if changes:  # none where the first launcher had not saved anything
        config["checkpoints"]["branch_from"] = str(checkpoint_folder(plain.folder / "run", changes[0].step))
    if [(change.key, change.now) for change in changes] not in ([], [("optimizer.lr", LR)]):
        changed.wrong.append(f"the last checkpoint names the changes {changes}")
    changed.config.write_text(yaml.safe_dump(config))
    return changed


def unfinished_hooks(run: Run, like: Run | None) -> str:
    """Names a hook that was not done, or an export with other bytes than that of `like`.

    A checkpoint that a full disk refused has no hooks; the run says that it failed.
    """
    place = run.folder / "run"
    said = "".join(path.read_text(errors="replace") for path in run.folder.glob("output-*.txt"))
    first = BRANCH if "branch_from" in run.config.read_text() else 0
    for step in sorted({*range(KEPT, STEPS, KEPT), STEPS}):
        if step <= first:
            continue
        name = f"step_{step:08}"
        checkpoint = checkpoint_folder(place, step)
        if not checkpoint.exists() and f"SAVING {checkpoint} FAILED" in said:
            continue
        log = place / "hooks" / f"{name}.run.log"
        if not log.exists() or log.read_text() != f"{step}\n":
            return f"checkpoints.run of {name} was not done"
        if like is None:
            continue
        ours, theirs = (each / "hf" / name / "model.safetensors" for each in (place, like.folder / "run"))
        if not ours.exists():
            return f"checkpoints.export of {name} was not done"
        if ours.read_bytes() != theirs.read_bytes():
            return f"checkpoints.export of {name} has other bytes"
    return ""
