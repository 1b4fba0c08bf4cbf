"""Starts a run's ranks with torchrun and says how they ended."""

import logging
import os
import signal
import sys
import uuid

import torch
import yaml
from torch.distributed.elastic.multiprocessing.api import DefaultLogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from ncvc import NcvcError
from ncvc.config import ConfigError
from ncvc.train.config import TrainConfig
from ncvc.train.log import last_event

SAVING_TIME = 1800  # seconds that the ranks have for their last checkpoint after a request to stop


def launch(config: TrainConfig) -> bool:
    """Runs the training to its end; returns whether it finished, False if it was asked to stop.

    Raises `ConfigError` if the ranks do not fit the config, and `NcvcError` with the first failing rank's
    sentence if the training failed.
    """
    ranks = processes(config)
    write_config(config)
    os.environ["OMP_NUM_THREADS"] = str(config.compute.threads)
    settings = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=ranks,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        local_addr="localhost",
        max_restarts=0,
        shutdown_timeout=SAVING_TIME,
        logs_specs=DefaultLogsSpecs(),
    )
    command = ("-m", "ncvc.train.worker", str(config.folder / "config.yaml"))
    logging.disable()  # torchrun's own account of a failure; `_explain` gives it in one sentence
    try:
        elastic_launch(settings, sys.executable)(*command)
    except SignalException:
        pass  # torchrun passed the signal on and waited for the ranks
    except ChildFailedError as error:
        raise NcvcError(_explain(error)) from None
    finally:
        logging.disable(logging.NOTSET)
    match last_event(config.folder):
        case "finished":
            return True
        case "stopped":
            return False
        case _:
            raise NcvcError(f"{config.run}: the training ended without being finished; start it again to go on")


def processes(config: TrainConfig) -> int:
    """Ranks to start; raises `ConfigError` if the machine or the batch does not allow them."""
    gpus = torch.cuda.device_count()
    ranks = config.parallel.nproc_per_node or gpus or 1
    if 0 < gpus < ranks:
        raise ConfigError(f"parallel.nproc_per_node is {ranks}, but there are {gpus} GPUs; lower it")
    try:
        config.data_parallel_size(ranks)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    return ranks


def write_config(config: TrainConfig) -> None:
    """Writes the resolved config into the run folder."""
    config.folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    partial = config.folder / ".config.yaml.partial"
    partial.write_text(text, encoding="utf-8")
    partial.replace(config.folder / "config.yaml")


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
