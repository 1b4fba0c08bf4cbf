"""Lock of a run folder: one launcher at a time."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ncvc.errors import NcvcError
from ncvc.files import lock
from ncvc.outputs import require_run_folder
from ncvc.train.config import TrainConfig


@contextlib.contextmanager
def held(folder: Path, busy: str) -> Iterator[None]:
    """Makes a run folder and locks it; raises `NcvcError` with the sentence `busy` if another process has it."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = lock(folder)
    except BlockingIOError:
        raise NcvcError(busy) from None
    try:
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(config: TrainConfig) -> Iterator[None]:
    """Locks the run folder; raises `NcvcError` if another process has it."""
    require_run_folder(config.folder, [Path(config.data.tokenizer)])
    busy = (
        f"{config.run}: another ncvc train is running there; `ncvc train status {config.run}` says how it is,"
        " and --set run=… begins another run"
    )
    with held(config.folder, busy):
        yield
