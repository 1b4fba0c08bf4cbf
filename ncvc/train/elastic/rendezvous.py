"""Rendezvous of a run's machines by torch's elastic launcher, and the ranks' part in starting and ending together."""

import math
import os
import re
import signal
import socket
import uuid
from dataclasses import dataclass
from typing import Any

import psutil

from ncvc.errors import ConfigError
from ncvc.train.config import TrainConfig

JOIN_TIMEOUT = 900  # seconds for which a machine waits for the others
EXIT_LOST_PEER = 69  # exit status of a rank that lost its connection to another: EX_UNAVAILABLE of sysexits.h


@dataclass(frozen=True)
class Rendezvous:
    """Options of the rendezvous; names and meanings are torchrun's."""

    nnodes: int = 1
    """Number of machines."""
    node_rank: int | None = None
    """Number of this machine, from 0; with the backend c10d the first one hosts the rendezvous."""
    rdzv_backend: str = "c10d"
    """c10d or static."""
    rdzv_endpoint: str | None = None
    """HOST:PORT of the first machine."""
    rdzv_id: str | None = None
    """Identifier that only the machines of one run share; by default the run folder's name."""
    local_addr: str | None = None
    """Address of this machine for the others, if its host name does not lead to it."""

    @property
    def is_first(self) -> bool:
        """True on the machine that holds the run's lock."""
        return self.nnodes == 1 or self.node_rank == 0

    def check(self, max_restarts: int = 0) -> None:
        """Raises `ConfigError` if the options allow no rendezvous, or none after a restart."""
        if self.nnodes == 1:
            return
        if not re.fullmatch(r".+:\d+", self.rdzv_endpoint or ""):
            raise ConfigError(f"--nnodes {self.nnodes} needs --rdzv-endpoint HOST:PORT, the same on every machine")
        if self.node_rank is not None and self.node_rank >= self.nnodes:
            raise ConfigError(f"--node-rank {self.node_rank} is not a number from 0 to {self.nnodes - 1}")
        if self.rdzv_backend == "static" and self.node_rank is None:
            raise ConfigError("--rdzv-backend static needs --node-rank, from 0 on the machine of --rdzv-endpoint")
        if self.rdzv_backend == "static" and max_restarts:
            raise ConfigError(
                "--max-restarts on several machines needs --rdzv-backend c10d; with static they meet once"
            )

    def launch_settings(self, run: str, silence: float) -> dict[str, Any]:
        """Arguments of torch's `LaunchConfig` for this rendezvous.

        `silence`: seconds without keep-alive after which a machine counts as lost.
        """
        settings = {"min_nodes": self.nnodes, "max_nodes": self.nnodes, "rdzv_backend": self.rdzv_backend}
        if self.nnodes == 1:
            return settings | {
                "run_id": uuid.uuid4().hex,
                "rdzv_endpoint": "localhost:0",
                "local_addr": "localhost",
            }
        found: dict[str, Any] = {"join_timeout": JOIN_TIMEOUT, "read_timeout": JOIN_TIMEOUT, "timeout": JOIN_TIMEOUT}
        if self.node_rank is not None:
            # torch would otherwise guess from host names which machine is the endpoint.
            found |= {"rank": self.node_rank, "is_host": self.node_rank == 0}
        often = max(1, int(silence) // 12)
        found |= {"keep_alive_interval": often, "keep_alive_max_attempt": math.ceil(silence / often)}
        return settings | {
            "run_id": self.rdzv_id or run,
            "rdzv_endpoint": self.rdzv_endpoint,
            "rdzv_configs": found,
            "local_addr": self.local_addr,
        }

    def did_not_meet(self, error: Exception) -> str:
        """Explains torch's `error` of a rendezvous, and the remedy, in a sentence."""
        # A timeout is an error without a message.
        reason = str(error.__cause__ or error).partition("\n")[0] or f"not all came within {JOIN_TIMEOUT // 60} minutes"
        if self.nnodes == 1:
            return f"the ranks could not be brought together: {reason}; start it again to go on"
        return (
            f"the {self.nnodes} machines did not meet at {self.rdzv_endpoint}: {reason}; see that the first one"
            " runs, that the port is open and that all are given the same --rdzv-… options"
        )

    def choose_network(self) -> None:
        """Makes gloo and nccl use the network of `local_addr`, unless the environment names one; else they guess.

        Raises `ConfigError` if the address is none of this machine.
        """
        if self.local_addr is None:
            return
        try:
            address = socket.gethostbyname(self.local_addr)
        except OSError as error:
            raise ConfigError(
                f"--local-addr {self.local_addr}: {error.strerror}; give an address of this machine"
            ) from None
        for name, addresses in psutil.net_if_addrs().items():
            if any(own.address == address for own in addresses):
                os.environ.setdefault("GLOO_SOCKET_IFNAME", name)
                os.environ.setdefault("NCCL_SOCKET_IFNAME", name)
                return
        raise ConfigError(f"--local-addr {self.local_addr}: no network of this machine has it; `ip address` lists them")


def require_fitting_ranks(config: TrainConfig) -> None:
    """Raises `ConfigError` if the ranks of all machines do not fit the config.

    Ranks call it, since a launcher knows its own machine only, and another one may have fewer GPUs.
    """
    try:
        config.data_parallel_size(int(os.environ["WORLD_SIZE"]))
    except ValueError as error:
        raise ConfigError(str(error)) from None


def pass_on_to_launcher() -> None:
    """Forwards another machine's request to stop to this rank's launcher.

    The launcher would otherwise wait 5 minutes at torchrun's exit barrier for the one that got the request.
    """
    if int(os.environ["GROUP_WORLD_SIZE"]) > 1 and os.environ["LOCAL_RANK"] == "0":
        os.kill(os.getppid(), signal.SIGTERM)


def end_quietly() -> None:
    """Ignores requests to stop once all is saved.

    A signal would kill Python while it shuts down, and the launcher would take that for a failure.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
