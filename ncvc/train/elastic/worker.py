"""One rank of a training, as torchrun starts it: `python -m ncvc.train.elastic.worker CONFIG`."""

import os
import sys
import threading
from pathlib import Path
from typing import cast

from ncvc.progress import Channel, ConsoleReporter, reporter_on
from ncvc.train.config import TrainConfig
from ncvc.train.elastic import heartbeat
from ncvc.train.elastic.rendezvous import EXIT_LOST_PEER, end_quietly, pass_on_to_launcher, require_fitting_ranks
from ncvc.train.elastic.stop_signal import StopRequest


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
    from torch.distributed.elastic.multiprocessing.errors.error_handler import ErrorHandler

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
        try:
            ErrorHandler().record_exception(error)
        except OSError:  # the disk takes no reason either, and torch's agent would fail at an empty file
            Path(os.environ["TORCHELASTIC_ERROR_FILE"]).unlink(missing_ok=True)
            ConsoleReporter().say(str(error))
        sys.exit(1)
    except RuntimeError as error:
        if not isinstance(error, DistError) and "gloo/transport" not in str(error):
            raise
        sys.exit(EXIT_LOST_PEER)  # another rank ended; the launcher reports it


def in_one_sentence(failure: threading.ExceptHookArgs) -> None:
    """Reports an exception of a background thread in one line, such as TensorBoard's on a full disk."""
    name = failure.thread.name if failure.thread else "a thread"
    ConsoleReporter().say(f"{name} ended: {failure.exc_value!r}")


if __name__ == "__main__":
    main(sys.argv[1], cast(Channel, sys.argv[2]), *sys.argv[3:])
