"""A checkpoint folder from many processes that meet in it, without a word between them.

    .step_00000100.partial/
      rank_00000.safetensors      empty at first; gone if its rank failed and could not say why
      rank_00000.json             the rank's record: its file is on disk, and reads as it was written
      rank_00001.error            or its error, a sentence

The first rank makes the folder, waits until every rank has left one or the other, writes the manifest and gives
the folder its name. A folder with a hidden name is never read, and removed at the next occasion.
"""

import os
import re
import shutil
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from ncvc.checkpoint.format import Facts, Manifest, Owned, shard_file, shard_record, write_manifest, write_shard
from ncvc.errors import CheckpointError
from ncvc.files import move_folder, sync, whole_file

STRAY = re.compile(r"\.step_\d{8}\.(partial|old|removed)")
WRITTEN = re.compile(r"rank_\d{5}\.(safetensors|json|error)|manifest\.json|\.rank_\d{5}\.\w+\.\w+\.partial")
"""What ranks leave in the folder."""
POLL = 0.02  # seconds between looks for the other ranks' records
GRACE = 10.0  # seconds that the others have when this process is about to end


def prepare(final: Path, ranks: int) -> Path:
    """Makes the folder in which `ranks` ranks write the checkpoint that is to be `final`. Raises `OSError`."""
    clean(final.parent)
    partial = final.with_name(f".{final.name}.partial")
    partial.mkdir(parents=True)
    try:
        for rank in range(ranks):
            (partial / shard_file(rank)).touch()
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return partial


def clean(checkpoints: Path) -> None:
    """Removes what a crash left under hidden names; no save may be under way. Raises `OSError`."""
    for stray in sorted(checkpoints.glob(".step_*")):
        _require_ours(stray)
        final = checkpoints / stray.name.removeprefix(".").partition(".")[0]
        if stray.suffix == ".old" and not final.exists():
            stray.rename(final)  # the crash came before the new one had its name
        else:
            shutil.rmtree(stray)


def _require_ours(stray: Path) -> None:
    ours = not stray.is_symlink() and stray.is_dir() and STRAY.fullmatch(stray.name)
    foreign = [stray] if not ours else [path for path in stray.iterdir() if not WRITTEN.fullmatch(path.name)]
    if foreign:
        raise CheckpointError(f"{foreign[0]}: is in the way of a checkpoint and not ncvc's; move it away")


def remove(folder: Path) -> None:
    """Removes a checkpoint, which is whole or gone under its name at any moment. Raises `OSError`."""
    hidden = folder.with_name(f".{folder.name}.removed")
    folder.rename(hidden)
    sync(folder.parent)
    shutil.rmtree(hidden)


def leave_shard(partial: Path, rank: int, tensors: Iterable[Owned]) -> None:
    """Writes one rank's pieces as `write_part` does; an error is left for the first rank."""
    try:
        write_shard(partial, rank, tensors)
    except Exception as error:
        _leave_error(partial, rank, sentence(error, partial))


def sentence(error: Exception, path: Path) -> str:
    """An error as people read it; `path` is what it is about, if it does not say."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or path}: {error.strerror}"
    return str(error) if isinstance(error, CheckpointError) else f"{path}: {error!r}"


def _leave_error(partial: Path, rank: int, text: str) -> None:
    own = partial / shard_file(rank)
    try:
        if own.exists():
            os.truncate(own, 0)  # on a full disk, this makes room for the sentence
        with whole_file(_error(partial, rank)) as path:
            path.write_text(text, encoding="utf-8")
    except OSError:
        own.unlink(missing_ok=True)  # a full disk allows that


def join(partial: Path, ranks: int, facts: Facts) -> Manifest:
    """Waits for all ranks and writes the manifest.

    Raises `CheckpointError` if a rank failed, or `OSError`; the folder is then removed.
    """
    try:
        errors = _wait(partial, ranks)
        if errors:
            more = f" (and {len(errors) - 1} more ranks failed)" if len(errors) > 1 else ""
            raise CheckpointError(errors[0] + more)
        return write_manifest(partial, ranks, facts)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def commit(partial: Path, final: Path) -> None:
    """Gives a joined folder its name. Raises `OSError`; the folder is then removed, unless it has its name."""
    try:
        move_folder(partial, final, final.with_name(f".{final.name}.old"))
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _wait(partial: Path, ranks: int) -> list[str]:
    """Returns when every rank has left its record or its error; returns the errors."""
    errors = []
    waiting = set(range(ranks))
    deadline = None
    while True:
        # Listed and not asked for one by one: a network file system remembers for long what was not there.
        there = {path.name for path in partial.iterdir()}
        for rank in sorted(waiting):
            if _error(partial, rank).name in there:
                errors.append(_error(partial, rank).read_text(encoding="utf-8"))
            elif shard_file(rank) not in there:
                errors.append(f"{partial / shard_file(rank)}: rank {rank} could not write it, nor say why")
            elif shard_record(partial, rank).name not in there:
                continue
            waiting.remove(rank)
        if not waiting:
            return errors
        if deadline is None and not threading.main_thread().is_alive():
            # The process has failed, so others may be gone.
            deadline = time.monotonic() + GRACE
        if deadline is not None and time.monotonic() > deadline:
            raise CheckpointError(f"{partial}: the training failed before ranks {sorted(waiting)} had written")
        time.sleep(POLL)


def _error(partial: Path, rank: int) -> Path:
    return partial / f"rank_{rank:05}.error"
