"""Averages the weights of a run's checkpoints into one that has weights only.

Sums are taken in float64, step by step from the first, so that the bytes do not depend on the order in which steps are
named. One tensor of one checkpoint and one shard of the result are in memory at a time.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from ncvc.checkpoint.format import write_weights
from ncvc.checkpoint.manifest import AveragedCheckpoint, checkpoint_folder, checkpoint_folders
from ncvc.checkpoint.reader import Checkpoint, open_at_its_place
from ncvc.errors import CheckpointError
from ncvc.manifest import CHECKPOINT
from ncvc.outputs import require_output


def average(
    run: Path,
    out: Path,
    *,
    last: int | None = None,
    steps: Sequence[int] = (),
    ema: bool = False,
    replace: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> list[int]:
    """Writes the mean of the weights of a run's checkpoints as the checkpoint `out`; returns their steps.

    With `ema` it writes the moving average that the run kept, of the newest checkpoint or the one of `steps`.
    Takes the newest `last` of them, or those of `steps`; `say` hears what is done. The mean is rounded to the type that
    the weights have, float32 where the optimizer kept them. Raises `CheckpointError` if a checkpoint is missing,
    damaged, or of another model or tokenizer than the rest, `NcvcError` if `out` may not be written.
    """
    require_output(out, CHECKPOINT, reads=[run], replace=replace)
    sources = _of_steps(run, steps) if steps else _newest(run, last or 1)
    for source in sources:
        say(f"checking the SHA-256 of {source.folder.name}")
        source.verify()
    newest = sources[-1]
    for source in sources[:-1]:
        _require_same_model(source, newest)
    say(f"averaging {len(newest.parameters())} weights")
    facts = newest.manifest
    decay = _decay(newest) if ema else None
    write_weights(
        out,
        facts.model,
        _means(sources) if decay is None else _moving_averages(newest),
        replace=replace,
        step=facts.step,
        tokens_seen=facts.tokens_seen,
        config=facts.config,
        tokenizer=facts.tokenizer,
        begin_of_text=facts.begin_of_text,
        data=facts.data,
        changes=facts.changes,
        average_of=tuple(
            AveragedCheckpoint(step=source.manifest.step, manifest_sha256=source.manifest.manifest_sha256)
            for source in sources
        ),
        ema=decay,
    )
    return [source.manifest.step for source in sources]


def _newest(run: Path, count: int) -> list[Checkpoint]:
    """Opens the newest checkpoints of a run, oldest first; those that a rollback left behind do not count."""
    sources: list[Checkpoint] = []
    left = _folders(run)
    for folder in left:
        source = open_at_its_place(folder)
        if not sources or not _was_left_out(source.manifest.step, sources[0]):
            sources.append(source)
        if len(sources) == count:
            return sources[::-1]
    raise CheckpointError(f"{run}: has {len(sources)} checkpoints, and --last asks for {count}; lower it")


def _of_steps(run: Path, steps: Sequence[int]) -> list[Checkpoint]:
    """Opens the checkpoints of the named steps, oldest first."""
    there = _folders(run)
    for step in steps:
        if steps.count(step) > 1:
            raise CheckpointError(f"step {step} is named twice; name each once")
        if checkpoint_folder(run, step) not in there:
            known = ", ".join(f"{int(folder.name.removeprefix('step_')):,}" for folder in reversed(there))
            raise CheckpointError(f"{run}: has no checkpoint of step {step:,}; there are {known}")
    sources = [open_at_its_place(checkpoint_folder(run, step)) for step in sorted(steps)]
    newest = _newest_readable(there) or sources[-1]
    for source in sources:
        if _was_left_out(source.manifest.step, newest):
            raise CheckpointError(
                f"{source.folder}: a rollback left it behind, and the run's weights do not come from it; leave it out"
            )
    return sources


def _newest_readable(folders: Sequence[Path]) -> Checkpoint | None:
    """Opens the newest checkpoint whose manifest can be read, which knows what was left out."""
    for folder in folders:
        with contextlib.suppress(CheckpointError):
            return open_at_its_place(folder)
    return None


def _folders(run: Path) -> list[Path]:
    try:
        folders = checkpoint_folders(run)
    except OSError as error:
        raise CheckpointError(f"{run}: {error.strerror}") from None
    if not folders:
        raise CheckpointError(f"{run}: has no checkpoints; name the folder of a run, which has them in checkpoints/")
    return folders


def _was_left_out(step: int, newest: Checkpoint) -> bool:
    left_out = newest.manifest.guard.left_out
    return step != newest.manifest.step and any(first <= step <= last for first, last in left_out)


def _require_same_model(source: Checkpoint, newest: Checkpoint) -> None:
    """Raises `CheckpointError` unless both have the same model, weights and tokenizer."""
    ours, theirs = newest.model.model_dump(), source.model.model_dump()
    other = next((name for name in ours if ours[name] != theirs[name]), None)
    if other:
        raise CheckpointError(
            f"{source.folder}: is of another model than {newest.folder.name}: model.{other} is {theirs[other]}, not"
            f" {ours[other]}; leave it out"
        )
    if source.manifest.tokenizer != newest.manifest.tokenizer:
        raise CheckpointError(
            f"{source.folder}: was trained with another tokenizer than {newest.folder.name}; leave it out"
        )
    if _weights(source) != _weights(newest):
        raise CheckpointError(f"{source.folder}: has other weights than {newest.folder.name}; leave it out")


def _weights(checkpoint: Checkpoint) -> dict[str, tuple[int, ...]]:
    return {name: checkpoint.manifest.tensors[f"model.{name}"].shape for name in checkpoint.parameters()}


def _decay(source: Checkpoint) -> float:
    """Returns the decay of the moving average in a checkpoint; raises `CheckpointError` if it has none."""
    if not all(f"optimizer.ema.{name}" in source.manifest.tensors for name in source.parameters()):
        raise CheckpointError(f"{source.folder}: has no moving average; set optimizer.ema in the run, or give --last")
    return float((source.manifest.config or {})["optimizer"]["ema"])


def _moving_averages(source: Checkpoint) -> Iterator[tuple[str, torch.Tensor]]:
    """Yields each weight's name and the moving average of it that the run kept."""
    for name in source.parameters():
        yield name, source.tensor(f"optimizer.ema.{name}")


def _means(sources: Sequence[Checkpoint]) -> Iterator[tuple[str, torch.Tensor]]:
    """Yields each weight's name and its mean over the checkpoints."""
    for name in sources[-1].parameters():
        last = sources[-1].weight(name)
        total = torch.zeros(last.shape, dtype=torch.float64)
        for source in sources[:-1]:
            total += source.weight(name)
        total += last
        yield name, (total / len(sources)).to(last.dtype)
