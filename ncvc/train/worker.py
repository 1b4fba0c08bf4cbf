"""One rank of a training; torchrun starts it with the run folder's config."""

import os
import signal
import sys

import ncvc.train.without_compiler  # noqa: F401  # isort: skip

import torch
from torch.distributed.elastic.multiprocessing.errors.error_handler import ErrorHandler

from ncvc import NcvcError
from ncvc.config import ConfigError
from ncvc.train.config import TrainConfig
from ncvc.train.loop import StopRequest, train
from ncvc.train.ranks import started_by_torchrun
from ncvc.train.resolved import require_one_run


def main(path: str) -> None:
    """Trains by the config at `path`; a user's mistake goes to the launcher as one sentence."""
    stop = StopRequest()
    stop.listen()
    try:
        config = TrainConfig.load(path)
        torch.set_num_threads(config.compute.threads)
        require_fitting_ranks(config)
        with started_by_torchrun(config.parallel, config.seed) as ranks:
            require_one_run(config)
            finished = train(config, ranks, stop)
        for number in (signal.SIGTERM, signal.SIGINT):
            # All is saved; Python, while it ends, would take a signal for death, and the launcher that for a failure.
            signal.signal(number, signal.SIG_IGN)
        if not finished and not stop.made:
            _pass_on_to_launcher()
    except NcvcError as error:
        ErrorHandler().record_exception(error)
        sys.exit(1)
    except RuntimeError as error:
        if "gloo/transport" not in str(error):
            raise
        sys.exit(1)  # another rank went away; the launcher says which


def require_fitting_ranks(config: TrainConfig) -> None:
    """Raises `ConfigError`; a launcher knows its own machine, and another one may have fewer GPUs."""
    try:
        config.data_parallel_size(int(os.environ["WORLD_SIZE"]))
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _pass_on_to_launcher() -> None:
    """Tells this machine's launcher of a request to stop that was made on another machine.

    Otherwise it would wait 5 minutes at torchrun's exit barrier for the launcher that got the request.
    """
    if int(os.environ["GROUP_WORLD_SIZE"]) > 1 and os.environ["LOCAL_RANK"] == "0":
        os.kill(os.getppid(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1])
