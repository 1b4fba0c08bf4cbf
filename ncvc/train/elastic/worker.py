"""One rank of a training, as torchrun starts it: `python -m ncvc.train.elastic.worker CONFIG`."""

import multiprocessing
import os
import resource
import sys
import threading
from pathlib import Path
from typing import NoReturn, cast

from ncvc.machine import memory_limit
from ncvc.progress import Channel, ConsoleReporter, reporter_on
from ncvc.train.config import TrainConfig
from ncvc.train.elastic import heartbeat
from ncvc.train.elastic.rendezvous import EXIT_LOST_PEER, end_quietly, pass_on_to_launcher, require_fitting_ranks
from ncvc.train.elastic.stop_signal import StopRequest
from ncvc.train.preflight.out_of_memory import micro_batch_advice


def main(path: str, channel: Channel, *changed: str) -> None:
    """Trains by the config at `path`, of which the keys in `changed` may differ from the run's.

    Lines go to `channel`, a user's mistake goes to the launcher as one sentence.
    """
    # Before the slow imports, so that no request to stop is lost.
    stop = StopRequest()
    stop.listen()
    heartbeat.connect()
    threading.excepthook = in_one_sentence

    import ncvc.model.lazy_dynamo  # noqa: F401  # isort: skip

    import torch
    from torch.distributed import DistError

    from ncvc.errors import NcvcError
    from ncvc.model.deterministic import add_in_order
    from ncvc.model.parallel import started_by_torchrun
    from ncvc.train.loop import train
    from ncvc.train.resolved_config import require_one_run

    try:
        config = TrainConfig.load(path)
        torch.set_num_threads(config.compute.threads)
        if config.compute.deterministic_mode:
            add_in_order()
        require_fitting_ranks(config)
        heartbeat.announce_wait(config.watch.startup_time)
        with started_by_torchrun(config.parallel, config.seed) as ranks:
            require_one_run(config, changed)
            finished = train(config, ranks, stop, reporter_on(channel), frozenset(changed))
        end_quietly()
        if not finished and not stop.made:
            pass_on_to_launcher()
    except (NcvcError, OSError) as error:
        if isinstance(error, OSError):
            advice = "make room on the disk, and start again to go on"
            error = OSError(f"{config.folder}: a file was refused: {error}; {advice}")
        _give_reason(error)
    except (MemoryError, RuntimeError) as error:
        if is_lack_of_memory(error):
            _give_reason(NcvcError(lack_of_memory(config)))
        if not isinstance(error, DistError) and "gloo/transport" not in str(error):
            raise
        sys.exit(EXIT_LOST_PEER)  # another rank ended; the launcher reports it


def _give_reason(error: Exception) -> NoReturn:
    """Leaves an error's sentence to the launcher, and ends."""
    from torch.distributed.elastic.multiprocessing.errors.error_handler import ErrorHandler

    try:
        ErrorHandler().record_exception(error)
    except OSError:  # the disk takes no reason either, and torch's agent would fail at an empty file
        Path(os.environ["TORCHELASTIC_ERROR_FILE"]).unlink(missing_ok=True)
        ConsoleReporter().say(str(error))
    sys.exit(1)


def is_lack_of_memory(error: BaseException) -> bool:
    """Tells whether an error says that no memory is left, of a GPU or of the machine."""
    import torch

    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def lack_of_memory(config: TrainConfig) -> str:
    """Sentence about a rank that found no memory."""
    import torch

    rank, world_size = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE"))
    if torch.cuda.is_available():
        where, capacity = "its GPU", torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory
    else:
        where, capacity = "the machine", memory_of_a_rank(int(os.environ["LOCAL_WORLD_SIZE"]))
    advice = micro_batch_advice(config, world_size, capacity)
    return f"rank {rank} found no memory left on {where}: by the memory model {advice}"


def memory_of_a_rank(ranks: int) -> int:
    """Bytes of the machine's memory for each of its ranks, by its limits."""
    own, _ = resource.getrlimit(resource.RLIMIT_AS)
    share = memory_limit() // ranks
    return share if own == resource.RLIM_INFINITY else min(share, own)


def in_one_sentence(failure: threading.ExceptHookArgs) -> None:
    """Reports an exception of a background thread in one line, such as TensorBoard's on a full disk."""
    name = failure.thread.name if failure.thread else "a thread"
    ConsoleReporter().say(f"{name} ended: {failure.exc_value!r}")


def end() -> NoReturn:
    """Ends the process without the interpreter's own end, in which a thread of gloo's may abort it."""
    for reader in multiprocessing.active_children():
        reader.terminate()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], cast(Channel, sys.argv[2]), *sys.argv[3:])
    end()
