"""Commits a checkpoint that many processes write, without collectives: they meet in its hidden folder.

    .step_00000100.partial/
      rank_00000.safetensors      a shard; empty at first, deleted if its rank failed and could not leave a reason
      rank_00000.json             record of a finished shard: it is on disk, and reads as it was written
      rank_00001.error            or the error of a failed one, a sentence

The first rank makes the folder, waits for a record or an error of every rank, writes the manifest and renames the
folder. A folder with a hidden name is never read, and deleted by the next save or start.
"""

import os
import shutil
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from ncvc.checkpoint.format import Owned, shard_file, shard_record, write_manifest, write_shard
from ncvc.checkpoint.manifest import Facts, Manifest, require_ours
from ncvc.errors import CheckpointError
from ncvc.files import move_folder, sync, whole_file

POLL = 0.02  # seconds between looks for the other ranks' records
GRACE = 10.0  # seconds for the other ranks when this process is about to end


def prepare(final: Path, ranks: int) -> Path:
    """Makes the hidden folder in which `ranks` ranks write the checkpoint `final`. Raises `OSError`."""
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
    """Deletes hidden folders that a crash left; no save may be under way.

    Raises `OSError`, or `CheckpointError` for a folder that ncvc did not write.
    """
    for stray in sorted(checkpoints.glob(".step_*")):
        require_ours(stray)
        final = checkpoints / stray.name.removeprefix(".").partition(".")[0]
        if stray.suffix == ".old" and not final.exists():
            stray.rename(final)  # the crash came before the new folder had its name
        else:
            shutil.rmtree(stray)


def remove(folder: Path) -> None:
    """Deletes a checkpoint; under its name it is whole or gone at any moment. Raises `OSError`."""
    hidden = folder.with_name(f".{folder.name}.removed")
    folder.rename(hidden)
    sync(folder.parent)
    shutil.rmtree(hidden)


def leave_shard(partial: Path, rank: int, tensors: Iterable[Owned]) -> None:
    """Writes one rank's shard by `write_shard`; leaves an error in the folder, for the first rank."""
    try:
        write_shard(partial, rank, tensors)
    except Exception as error:
        _leave_error(partial, rank, sentence(error, partial))


def sentence(error: Exception, path: Path) -> str:
    """Puts an error into a sentence; `path` stands in if it names no file."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or path}: {error.strerror}"
    return str(error) if isinstance(error, CheckpointError) else f"{path}: {error!r}"


def _leave_error(partial: Path, rank: int, text: str) -> None:
    own = partial / shard_file(rank)
    try:
        if own.exists():
            os.truncate(own, 0)  # makes room for the sentence on a full disk
        with whole_file(_error(partial, rank)) as path:
            path.write_text(text, encoding="utf-8")
    except OSError:
        own.unlink(missing_ok=True)  # possible on a full disk too


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
    """Renames a joined folder to `final`, and replaces a damaged checkpoint of that name.

    Raises `OSError`, or `CheckpointError` if something else has the name; the folder is then removed, unless it was
    renamed.
    """
    try:
        require_ours(final)
        move_folder(partial, final, final.with_name(f".{final.name}.old"))
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _wait(partial: Path, ranks: int) -> list[str]:
    """Waits until every rank has left its record or its error; returns the errors."""
    errors = []
    waiting = set(range(ranks))
    deadline = None
    while True:
        # One listing instead of a look at each name: network file systems cache for long that a file does not exist.
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
            # This process has failed, so other ranks may have ended.
            deadline = time.monotonic() + GRACE
        if deadline is not None and time.monotonic() > deadline:
            raise CheckpointError(f"{partial}: the training failed before ranks {sorted(waiting)} had written")
        time.sleep(POLL)


def _error(partial: Path, rank: int) -> Path:
    return partial / f"rank_{rank:05}.error"
