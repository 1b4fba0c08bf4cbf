"""The machines of a run, and how torch's elastic launcher brings them together."""

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

JOIN_TIMEOUT = 900  # seconds that a machine waits for the others
EXIT_LOST_PEER = 69  # EX_UNAVAILABLE of sysexits.h: exit status of a rank that lost its connection to another


@dataclass(frozen=True)
class Rendezvous:
    """Where the machines of a run meet; names and meanings are torchrun's."""

    nnodes: int = 1
    """Machines."""
    node_rank: int | None = None
    """Number of this machine, from 0; with the backend c10d the first one keeps the meeting place."""
    rdzv_backend: str = "c10d"
    """c10d or static."""
    rdzv_endpoint: str | None = None
    """HOST:PORT of the first machine."""
    rdzv_id: str | None = None
    """What the machines of one run have in common and others have not; by default the run folder's name."""
    local_addr: str | None = None
    """Address of this machine for the others, where its host name is not the right one."""

    def check(self, max_restarts: int = 0) -> None:
        """Raises `ConfigError` if the options do not say where the machines meet, or not how they meet again."""
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
        """The arguments of torch's `LaunchConfig` that say who meets where.

        `silence`: seconds without a sign of life after which a machine is lost.
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
            # Otherwise torch guesses from host names whose machine the endpoint is.
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
        """What to do about torch's `error` of bringing the ranks together, in a sentence."""
        # Not to have met in time is an error without words.
        reason = str(error.__cause__ or error).partition("\n")[0] or f"not all came within {JOIN_TIMEOUT // 60} minutes"
        if self.nnodes == 1:
            return f"the ranks could not be brought together: {reason}; start it again to go on"
        return (
            f"the {self.nnodes} machines did not meet at {self.rdzv_endpoint}: {reason}; see that the first one"
            " runs, that the port is open and that all are given the same --rdzv-… options"
        )

    def choose_network(self) -> None:
        """Lets gloo and nccl use the network of `local_addr`, unless the environment says which; else they guess."""
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
    """A rank calls it: a launcher knows its own machine, and another one may have fewer GPUs.

    Raises `ConfigError` if the ranks of all machines do not fit the config.
    """
    try:
        config.data_parallel_size(int(os.environ["WORLD_SIZE"]))
    except ValueError as error:
        raise ConfigError(str(error)) from None


def pass_on_to_launcher() -> None:
    """A rank that was not asked to stop itself tells its launcher of the request, made on another machine.

    Otherwise it would wait 5 minutes at torchrun's exit barrier for the launcher that got the request.
    """
    if int(os.environ["GROUP_WORLD_SIZE"]) > 1 and os.environ["LOCAL_RANK"] == "0":
        os.kill(os.getppid(), signal.SIGTERM)


def end_quietly() -> None:
    """A rank calls it when all is saved.

    While it ends, Python would take a request to stop for death, and the launcher that for a failure.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
