"""Starts a run's ranks with torchrun and says how they ended."""

import logging
import os
import sys
import uuid

import torch
import yaml
from torch.distributed.elastic.multiprocessing.api import DefaultLogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.elastic.rendezvous.api import RendezvousError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from ncvc import NcvcError
from ncvc.config import ConfigError
from ncvc.train.agent import watched
from ncvc.train.beat import LONG
from ncvc.train.config import TrainConfig
from ncvc.train.log import events

WORKER = ("-m", "ncvc.train.worker")  # what every rank runs, with the config's path
SAVING_TIME = int(LONG)  # seconds that the ranks have for their last checkpoint after a request to stop


def launch(config: TrainConfig, max_restarts: int = 0) -> bool:
    """Runs the training to its end; returns whether it finished, False if it was asked to stop.

    After a crash or a hang the ranks are started again, `max_restarts` times at most.

    Raises `ConfigError` if the ranks do not fit the config, and `NcvcError` with the first failing rank's sentence
    if the training failed.
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
        max_restarts=max_restarts,
        shutdown_timeout=SAVING_TIME,
        logs_specs=DefaultLogsSpecs(),
    )
    command = (*WORKER, str(config.folder / "config.yaml"))
    before = len(events(config.folder))
    logging.disable()  # torchrun's own account of a failure; the agent gives it in one sentence
    try:
        with watched(config) as agents:
            elastic_launch(settings, sys.executable)(*command)
    except SignalException:
        if agents[0].at_once:
            raise NcvcError(
                "ended at once by a second signal; start it again to go on from the newest checkpoint"
            ) from None
        if any(agents[0].exit_codes):
            if not events(config.folder)[before:]:
                return False  # the ranks had not begun: there is nothing to save
            raise NcvcError(agents[0].reason) from None
    except ChildFailedError:
        raise NcvcError(agents[0].reason) from None
    except RendezvousError as error:
        raise NcvcError(f"the ranks could not be brought together: {error}; start it again to go on") from None
    finally:
        logging.disable(logging.NOTSET)
    # Whether all steps are done is for the ranks to say, and only those of this start.
    match events(config.folder)[before:]:
        case [*_, "finished"]:
            return True
        case [*_, "stopped"]:
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
