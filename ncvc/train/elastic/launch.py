"""Starts this machine's ranks of a run with torchrun, and reports their end."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterable

import torch
from torch.distributed import DistError
from torch.distributed.elastic.multiprocessing.api import DefaultLogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.elastic.rendezvous import RendezvousError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from ncvc.errors import ConfigError, EndedAtOnceError, NcvcError
from ncvc.progress import Channel, reporter_on
from ncvc.train.beside.alerts import Alerts
from ncvc.train.beside.checkpoint_hooks import CheckpointHooks
from ncvc.train.config import TrainConfig
from ncvc.train.elastic.agent import watched
from ncvc.train.elastic.rendezvous import Rendezvous
from ncvc.train.elastic.stop_signal import launchers_requests
from ncvc.train.metrics.log import events
from ncvc.train.resolved_config import resolved
from ncvc.train.run_lock import locked

ONE_MACHINE = Rendezvous()
WORKER = ("-m", "ncvc.train.elastic.worker")
"""Python's arguments of a rank, before the config's path, the channel of its lines and the changed keys."""


def launch(
    config: TrainConfig,
    rendezvous: Rendezvous = ONE_MACHINE,
    max_restarts: int = 0,
    channel: Channel = "none",
    changed: Iterable[str] = (),
) -> bool:
    """Runs the training and its hooks to the end; returns True if they finished, False if it stopped on request.

    Every machine of the run calls it; lines for people go to `channel`; keys in `changed` may differ from the run's.
    After a crash or a hang the ranks are restarted, `max_restarts` times at most. Raises `ConfigError` if the ranks do
    not fit the config, and `NcvcError` with the first failing rank's sentence if the training failed, or if the
    rendezvous did.
    """
    rendezvous.check(max_restarts)
    ranks = processes(config, rendezvous.nnodes)
    if not rendezvous.is_first:
        return _launch(config, rendezvous, ranks, max_restarts, channel, changed)
    reporter = reporter_on(channel)
    with locked(config), Alerts(config, reporter), CheckpointHooks(config, reporter) as hooks:
        return _launch(config, rendezvous, ranks, max_restarts, channel, changed) and hooks.finish()


def _launch(
    config: TrainConfig,
    rendezvous: Rendezvous,
    ranks: int,
    max_restarts: int,
    channel: Channel,
    changed: Iterable[str],
) -> bool:
    rendezvous.choose_network()
    os.environ["OMP_NUM_THREADS"] = str(config.compute.threads)
    if config.parallel.tensor_model_parallel_size > 1:
        # Keeps megatron-core's order of kernels on the GPU: communication before the product that hides it.
        os.environ.setdefault("CUDA_DEVICE_MAX_CONNECTIONS", "1")
    settings = LaunchConfig(
        **rendezvous.launch_settings(config.run, config.watch.hang_after),
        nproc_per_node=ranks,
        max_restarts=max_restarts,
        logs_specs=DefaultLogsSpecs(),
    )
    before = len(events(config.folder))
    logging.disable()  # torchrun's own report of a failure; the agent's is one sentence
    try:
        # Not in the run folder: the first rank writes it there once the run has accepted it.
        with (
            tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".yaml") as file,
            launchers_requests() as settings.signals_to_handle,
            watched(config, rendezvous.nnodes, reporter_on(channel)) as agents,
        ):
            file.write(resolved(config))
            file.flush()
            elastic_launch(settings, sys.executable)(*WORKER, file.name, channel, *sorted(changed))
    except SignalException:
        if agents[0].at_once:
            raise EndedAtOnceError(
                "ended at once by a second signal; start it again to go on from the newest checkpoint"
            ) from None
        told = events(config.folder)[before:]
        if not told or told[-1] == "restarted":
            return False  # the ranks had not begun, so there was nothing to save
        if any(agents[0].exit_codes):
            raise NcvcError(agents[0].reason) from None
    except ChildFailedError:
        raise NcvcError(agents[0].reason) from None
    except (RendezvousError, DistError) as error:
        reason = agents[0].peers.why_not_again(error) if agents else ""
        raise NcvcError(reason or rendezvous.did_not_meet(error)) from None
    finally:
        logging.disable(logging.NOTSET)
    # The ranks log the end of the training; events of earlier starts do not count.
    match events(config.folder)[before:]:
        case [*_, "finished"]:
            return True
        case [*_, "stopped"]:
            return False
        case _:
            raise NcvcError(f"{config.run}: the training ended without being finished; start it again to go on")


def processes(config: TrainConfig, nnodes: int = 1) -> int:
    """Number of ranks to start on this machine; raises `ConfigError` if GPUs or batch do not allow them."""
    gpus = torch.cuda.device_count()
    ranks = config.parallel.nproc_per_node or gpus or 1
    if 0 < gpus < ranks:
        raise ConfigError(f"parallel.nproc_per_node is {ranks}, but there are {gpus} GPUs; lower it")
    try:
        config.data_parallel_size(ranks * nnodes)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    return ranks
