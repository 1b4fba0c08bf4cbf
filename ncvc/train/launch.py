"""Starts this machine's ranks of a run with torchrun and says how they ended."""

import logging
import os
import signal
import sys
import tempfile

import torch
from torch.distributed import DistError
from torch.distributed.elastic.multiprocessing.api import DefaultLogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.elastic.rendezvous import RendezvousError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from ncvc import NcvcError
from ncvc.config import ConfigError
from ncvc.train.config import TrainConfig
from ncvc.train.log import last_event
from ncvc.train.nodes import Nodes
from ncvc.train.resolved import resolved

ONE_MACHINE = Nodes()
SAVING_TIME = 1800  # seconds that the ranks have for their last checkpoint after a request to stop


def launch(config: TrainConfig, nodes: Nodes = ONE_MACHINE) -> bool:
    """Runs the training to its end; returns whether it finished, False if it was asked to stop.

    With several machines each of them calls it. Raises `ConfigError` if the ranks do not fit the config, and
    `NcvcError` with the first failing rank's sentence if the training failed, or if the machines did not meet.
    """
    nodes.check()
    ranks = processes(config, nodes.nnodes)
    nodes.choose_network()
    os.environ["OMP_NUM_THREADS"] = str(config.compute.threads)
    settings = LaunchConfig(
        **nodes.launch_settings(config.run),
        nproc_per_node=ranks,
        max_restarts=0,
        shutdown_timeout=SAVING_TIME,
        logs_specs=DefaultLogsSpecs(),
    )
    logging.disable()  # torchrun's own account of a failure; `_explain` gives it in one sentence
    try:
        # Not in the run folder: there it gets its place when the run has begun with it.
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".yaml") as file:
            file.write(resolved(config))
            file.flush()
            elastic_launch(settings, sys.executable)("-m", "ncvc.train.worker", file.name)
    except SignalException:
        pass  # torchrun passed the signal on and waited for the ranks
    except ChildFailedError as error:
        raise NcvcError(_explain(error)) from None
    except (RendezvousError, DistError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise NcvcError(
            f"the {nodes.nnodes} machines did not meet at {nodes.rdzv_endpoint}: {reason}; see that the first one"
            " runs, that the port is open and that all are given the same --rdzv-… options"
        ) from None
    finally:
        logging.disable(logging.NOTSET)
    match last_event(config.folder):
        case "finished":
            return True
        case "stopped":
            return False
        case _:
            raise NcvcError(f"{config.run}: the training ended without being finished; start it again to go on")


def processes(config: TrainConfig, nnodes: int = 1) -> int:
    """Ranks to start on this machine; raises `ConfigError` if the machines or the batch do not allow them."""
    gpus = torch.cuda.device_count()
    ranks = config.parallel.nproc_per_node or gpus or 1
    if 0 < gpus < ranks:
        raise ConfigError(f"parallel.nproc_per_node is {ranks}, but there are {gpus} GPUs; lower it")
    try:
        config.data_parallel_size(ranks * nnodes)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    return ranks


def _explain(error: ChildFailedError) -> str:
    """The reason of a failure in one sentence: a rank's own words, else how the first one ended."""
    failures: dict[int, ProcessFailure] = error.failures
    for failure in failures.values():
        message = failure.error_file_data["message"]
        if isinstance(message, dict):
            return str(message["message"]).partition(": ")[2]
    # The ranks that torchrun then ended by SIGTERM are not the reason.
    rank, failure = min(failures.items(), key=lambda item: (item[1].exitcode == -signal.SIGTERM, item[1].timestamp))
    if failure.exitcode == -signal.SIGKILL:
        return f"rank {rank} was killed (SIGKILL); the machine's memory running out is the usual reason"
    if failure.exitcode < 0:
        return f"rank {rank} ended by {failure.signal_name()}; see above, and start again to go on"
    return f"rank {rank} failed; see above, and start again to go on from the newest checkpoint"
