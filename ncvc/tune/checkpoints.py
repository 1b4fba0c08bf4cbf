"""Checkpoints of a tuning: folders that appear whole, with a manifest; the newest whole one is gone on from.

A checkpoint is what transformers' Trainer saves (weights or adapter as safetensors, the rest as tensors that are read
with `weights_only`), under a name and with a manifest of ours.
"""

import shutil
from pathlib import Path
from typing import Any

from ncvc import __version__
from ncvc.errors import CheckpointError
from ncvc.files import files_below, listed, move_folder
from ncvc.manifest import MANIFEST, TUNING, own_manifest, verify, write_manifest

PICKLED = "training_args.bin"
"""A file that nothing of ours reads, and that would run code if somebody did."""


def checkpoint_folder(run: Path, step: int) -> Path:
    """Path of the checkpoint of a step."""
    return run / "checkpoints" / f"step_{step:08}"


def hidden_folder(run: Path) -> Path:
    """Path of the folder in which a checkpoint is written."""
    return run / "checkpoints" / ".tuning.partial"


def prepare(run: Path) -> Path:
    """Makes the hidden folder empty; what a crash left in it goes, and a name that a crash took away comes back."""
    hidden = hidden_folder(run)
    if hidden.is_dir():
        foreign = [path for path in hidden.iterdir() if not path.name.startswith("checkpoint-")]
        if foreign:
            raise CheckpointError(f"{foreign[0]}: is in the way of a checkpoint and is not ours; move it away")
        shutil.rmtree(hidden)
    hidden.mkdir(parents=True)
    for removed in listed(hidden.parent, ".step_*.removed"):
        if (own_manifest(removed) or {}).get("format") == TUNING:
            _delete(removed)
    for old in listed(hidden.parent, ".step_*.old"):
        final = hidden.parent / old.name.removeprefix(".").removesuffix(".old")
        if not final.exists():
            old.rename(final)
        elif (own_manifest(old) or {}).get("format") == TUNING:
            _delete(old)
    return hidden


def commit(written: Path, run: Path, step: int, facts: dict[str, Any]) -> Path:
    """Gives a written folder its manifest and its name."""
    (written / PICKLED).unlink(missing_ok=True)
    write_manifest(written, format=TUNING, ncvc=__version__, step=step, **facts)
    final = checkpoint_folder(run, step)
    if final.exists() and own_manifest(final) is None and any(final.iterdir()):
        raise CheckpointError(f"{final}: is in the way of a checkpoint, and is damaged or not ours; move it away")
    move_folder(written, final, final.with_name(f".{final.name}.old"))
    return final


def keep_newest(run: Path, count: int) -> None:
    """Deletes all checkpoints of ours but the newest `count`."""
    for folder in _named(run)[:-count]:
        hidden = folder.with_name(f".{folder.name}.removed")
        folder.rename(hidden)
        _delete(hidden)


def _delete(folder: Path) -> None:
    """Deletes a folder of ours, its manifest last: by that a rest is known to be ours."""
    for path in files_below(folder):
        if path != folder / MANIFEST:
            path.unlink()
    shutil.rmtree(folder)


def newest(run: Path) -> tuple[Path | None, list[str]]:
    """The newest checkpoint that is as it was written, and a sentence about each damaged one after it."""
    damaged: list[str] = []
    for folder in reversed(_named(run)):
        problem = next(iter(verify(folder)), None)
        if problem is None:
            return folder, damaged
        damaged.append(str(problem))
    return None, damaged


def newest_manifest(run: Path) -> dict[str, Any] | None:
    """The manifest of the newest checkpoint that has a whole one, without comparing its files."""
    return next((found for folder in reversed(_named(run)) if (found := own_manifest(folder))), None)


def _named(run: Path) -> list[Path]:
    """Checkpoints of ours, oldest first; a folder without our manifest is none."""
    checkpoints = run / "checkpoints"
    folders = listed(checkpoints, "step_*") if checkpoints.is_dir() else []
    found = []
    for folder in folders:
        manifest = own_manifest(folder)
        if (folder / MANIFEST).is_file() and (manifest is None or manifest.get("format") == TUNING):
            found.append(folder)
    return found
