"""Choice of the checkpoint from which a run resumes."""

from pathlib import Path

import torch.distributed as dist

from ncvc.checkpoint.commit import clean, sentence
from ncvc.checkpoint.manifest import checkpoint_folders, require_checkpoints
from ncvc.checkpoint.reader import Checkpoint, open_at_its_place
from ncvc.errors import CheckpointError
from ncvc.model.parallel import Ranks
from ncvc.train.elastic.heartbeat import IO_ALLOWANCE, announce_wait, send_heartbeat
from ncvc.train.same_run import require_none_lost


def newest_whole(run: Path, ranks: Ranks) -> tuple[Checkpoint | None, list[str]]:
    """Finds the newest whole checkpoint, None for a new run, and lists the damages of newer ones.

    All ranks call it, and each reads its share of the files. Raises `CheckpointError` if the run has saved before and
    no checkpoint is whole: it would begin anew with random weights.
    """
    listing: list[list[Path]] = [[]]
    announce_wait()
    if ranks.is_first:
        send_heartbeat("loading", allowance=IO_ALLOWANCE)
        try:
            clean(run / "checkpoints")
            require_checkpoints(run)
            listing = [checkpoint_folders(run)]
        except OSError as error:
            raise CheckpointError(sentence(error, run)) from None
    dist.broadcast_object_list(listing)
    damaged: list[str] = []
    for folder in listing[0]:
        checkpoint, problems = _read(folder, ranks)
        if not problems:
            return checkpoint, damaged
        damaged += problems
    if damaged:
        raise CheckpointError(
            f"{run}: no checkpoint is whole ({'; '.join(damaged)}); copy one back from elsewhere, or name another"
            " folder as `run` to begin anew"
        )
    require_none_lost(run)
    return None, []


def _read(folder: Path, ranks: Ranks) -> tuple[Checkpoint | None, list[str]]:
    """Opens a checkpoint and gathers its damages from all ranks, at most one sentence of each."""
    checkpoint = None
    send_heartbeat("loading", allowance=IO_ALLOWANCE)
    try:
        checkpoint = open_at_its_place(folder)
        own = checkpoint.damages(slice(ranks.rank, None, ranks.world_size))[:1]
    except CheckpointError as error:
        own = [str(error)]
    gathered: list[list[str]] = [[]] * ranks.world_size
    announce_wait()
    dist.all_gather_object(gathered, own)
    # Every rank names a damaged manifest.
    return checkpoint, list(dict.fromkeys(sentence for sentences in gathered for sentence in sentences))
