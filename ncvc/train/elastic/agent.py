"""torch's elastic agent, which starts a machine's ranks, extended by the watchdog and by reasons for each restart.

It restarts the ranks after a crash as torchrun does, unless they would only fail again: after an error that a rank
reported itself, or after several crashes without a new checkpoint between them.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any, cast

import torch
import torch.distributed.elastic.multiprocessing.api as torch_processes
import torch.distributed.launcher.api as torch_launcher
from torch.distributed.elastic.agent.server.api import RunResult, WorkerGroup, WorkerState
from torch.distributed.elastic.agent.server.local_elastic_agent import LocalElasticAgent
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

from ncvc.machine import memory_limit
from ncvc.progress import Reporter
from ncvc.train.config import TrainConfig
from ncvc.train.elastic.heartbeat import IO_ALLOWANCE, VARIABLE
from ncvc.train.elastic.peers import REASON_TIMEOUT, Peers, quoted
from ncvc.train.elastic.rendezvous import EXIT_LOST_PEER
from ncvc.train.elastic.stop_signal import OneRequest
from ncvc.train.elastic.watchdog import Watchdog, kill, signal_all
from ncvc.train.metrics.log import append_event
from ncvc.train.preflight.out_of_memory import fits, micro_batch_advice

CRASHES = 3  # in a row without a new checkpoint, after which the ranks are not restarted
CONNECTION_LOST = "the connection to another machine's ranks was lost; see what the other machines say"
GRACE = 10.0  # seconds for the other ranks to end by themselves when one of them has died
SAVING_TIME = IO_ALLOWANCE  # seconds for the last checkpoint after a request to stop


class Agent(LocalElasticAgent):
    """Starts, watches and ends the ranks of this machine; `machines`: number of machines of the run."""

    _pcontext: Any  # torch's handle of the processes; None before they are started

    def __init__(
        self,
        config: TrainConfig,
        machines: int,
        reporter: Reporter,
        request: OneRequest,
        *arguments: Any,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._request = request
        self.config = config
        self.reporter = reporter
        spec = self._worker_group.spec
        on_cpu = torch.cuda.device_count() == 0
        self.watchdog = Watchdog(
            config.watch, config.folder, spec.local_world_size, machines > 1, reporter, on_cpu=on_cpu
        )
        os.environ[VARIABLE] = self.watchdog.table.variable
        self.peers = Peers(config.folder, spec.rdzv_handler, spec.local_addr, machines, config.watch.hang_after)
        self._gone = ""
        self.reason = "the training ended without being finished; start it again to go on"
        """Reason of a failure, a sentence."""
        self.exit_codes: list[int] = []
        """Exit codes of the ranks after a request to stop; negative for the signal that ended one."""
        self._newest = self._newest_checkpoint()
        self._crashes = 0
        self._after_a_crash = False

    @property
    def at_once(self) -> bool:
        """True if a second signal ended the run, in whatever phase it was."""
        return self._request.count > 1

    def _start_workers(self, worker_group: WorkerGroup) -> dict[int, Any]:
        self.watchdog.reset()
        self.peers.reset()
        self._gone = ""
        pids: dict[int, Any] = super()._start_workers(worker_group)
        return pids

    def _monitor_workers(self, worker_group: WorkerGroup) -> RunResult:
        result: RunResult = super()._monitor_workers(worker_group)
        if result.state == WorkerState.HEALTHY:
            self._request.repeat_if_lost()
            self._look()
            if not self._gone and (gone := self.peers.gone()):
                self._gone = gone
                kill(self._pcontext.pids().values())  # they wait for ranks that never come
        elif result.is_failed():
            self._decide(result.failures)
        return result

    def _look(self) -> None:
        self.watchdog.look(self._pcontext.pids(), self._worker_group.workers[0].global_rank)

    def _decide(self, failures: dict[int, ProcessFailure]) -> None:
        """Decides whether failed ranks are restarted, and reports the reason."""
        self.reason, worth_it, writes = self._why(failures)
        newest = self._newest_checkpoint()
        self._crashes = 1 if newest != self._newest else self._crashes + 1
        self._newest = newest
        if not worth_it:
            self._remaining_restarts = 0
        elif self._remaining_restarts and self._crashes >= CRASHES:
            self._remaining_restarts = 0
            self.reason = f"{self._crashes} crashes in a row without a new checkpoint, the last: {self.reason}"
        several = self.peers.machines > 1
        if self._remaining_restarts:
            left = self._remaining_restarts - 1
            when = " when all machines are there" if several else ""
            self.reporter.say(f"RESTARTS{when}, {left} more allowed: {self.reason}")
            if writes:
                self._write("restarted", left=left)
        elif several and (writes or worth_it):  # or the others would wait for this one
            self._write("failed")

    def _why(self, failures: dict[int, ProcessFailure]) -> tuple[str, bool, bool]:
        """Returns the reason of a failure, whether a restart may help, and whether this machine logs it."""
        reason, worth_it = explain(failures)
        reason += self._about_memory(failures)
        if self.watchdog.hang:
            return self.watchdog.hang, True, True
        if self.peers.machines == 1 or not (self._gone or lost_connection(failures)):
            return reason, worth_it, True
        if event := self.peers.reason(0.0 if self._gone else REASON_TIMEOUT):
            return quoted(event), event["event"] == "restarted", False
        # No machine reported a reason; one line in the log is enough for all.
        return self._gone or CONNECTION_LOST, not self.peers.over, self._worker_group.group_rank == 0

    def _about_memory(self, failures: dict[int, ProcessFailure]) -> str:
        """Clause about the micro-batch that fits, if the kernel killed a rank and the ranks need more than there is."""
        killed = any(failure.exitcode == -signal.SIGKILL for failure in failures.values())
        if not killed or not self.watchdog.on_cpu:
            return ""
        first = self._worker_group.workers[0]
        capacity = memory_limit() // len(self._worker_group.workers)
        if fits(self.config, first.world_size, capacity):
            return ""
        return f": by the memory model {micro_batch_advice(self.config, first.world_size, capacity)}"

    def _write(self, event: str, **facts: Any) -> None:
        with contextlib.suppress(OSError):  # a full disk must not prevent the restart
            append_event(self.config.folder, event, reason=self.reason, machine=self.peers.name, **facts)

    def _newest_checkpoint(self) -> str:
        return max((path.name for path in (self.config.folder / "checkpoints").glob("step_*")), default="")

    def _stop_workers(self, worker_group: WorkerGroup) -> None:
        self._after_a_crash = True
        try:
            super()._stop_workers(worker_group)
        finally:
            self._after_a_crash = False

    def _shutdown(self, *_: Any, **__: Any) -> None:
        """Ends the ranks; after a request to stop they have `SAVING_TIME` to save, and are watched meanwhile.

        The arguments depend on torch's version: 2.13 added a timeout, and calls this when all have ended already.
        """
        running = [rank.proc for rank in self._pcontext.subprocess_handlers.values()] if self._pcontext else []
        asked = not self._after_a_crash and any(process.poll() is None for process in running)
        try:
            if asked:
                self._wait_for_the_last_save(running)
            super()._shutdown(signal.SIGTERM)
        except SignalException:
            kill(process.pid for process in running if process.poll() is None)
            if not asked:
                raise  # the first signal, while the ranks were ended after a crash
            super()._shutdown(signal.SIGKILL)
        if asked:
            self.exit_codes = [process.wait() for process in running]
            self.reason = self.watchdog.hang or self._explain_exit()

    def _wait_for_the_last_save(self, processes: list[subprocess.Popen[bytes]]) -> None:
        signal_all((process.pid for process in processes if process.poll() is None), signal.SIGTERM)
        end = time.monotonic() + SAVING_TIME
        while any(process.poll() is None for process in processes):
            if any(process.poll() for process in processes):  # one failed, so the others cannot save
                end = min(end, time.monotonic() + GRACE)
            if time.monotonic() > end:
                kill(process.pid for process in processes if process.poll() is None)
            self._look()
            time.sleep(0.05)

    def _explain_exit(self) -> str:
        failed = [rank for rank, code in enumerate(self.exit_codes) if code]
        failures = {
            self._worker_group.workers[rank].global_rank: ProcessFailure(
                rank, self._pcontext.pids()[rank], self.exit_codes[rank], self._pcontext.error_files[rank]
            )
            for rank in failed
        }
        return explain(failures)[0] if failures else ""


def explain(failures: dict[int, ProcessFailure]) -> tuple[str, bool]:
    """Returns the reason of a failure in one sentence, and whether a restart may help."""
    for failure in failures.values():
        message = failure.error_file_data["message"]
        if isinstance(message, dict):
            kind, _, sentence = str(message["message"]).partition(": ")
            # An error that a rank reported would only happen again, unless it is about a disk.
            return sentence, kind in ("CheckpointError", "OSError")
    # Ranks that were ended by SIGTERM afterwards, or lost their connection to the one that failed, are not the reason.
    rank, failure = min(
        failures.items(),
        key=lambda item: (
            item[1].exitcode in (-signal.SIGTERM, EXIT_LOST_PEER),
            item[1].exitcode > 0,
            item[1].timestamp,
        ),
    )
    if failure.exitcode == -signal.SIGKILL:
        return f"rank {rank} was killed (SIGKILL); the machine's memory running out is the usual reason", True
    if failure.exitcode < 0:
        return f"rank {rank} ended by {failure.signal_name()}; see above, and start again to go on", True
    return f"rank {rank} failed; see above, and start again to go on from the newest checkpoint", True


def lost_connection(failures: dict[int, ProcessFailure]) -> bool:
    """Tells whether ranks ended only because others had; nccl's watchdog then aborts a rank."""
    codes = {failure.exitcode for failure in failures.values()}
    return not codes.isdisjoint({EXIT_LOST_PEER, -signal.SIGABRT}) and codes <= {
        EXIT_LOST_PEER,
        -signal.SIGABRT,
        -signal.SIGTERM,
    }


@contextlib.contextmanager
def watched(config: TrainConfig, machines: int = 1, reporter: Reporter | None = None) -> Iterator[list[Agent]]:
    """Makes torch's launcher use `Agent`, and yields the list of the agents that it makes.

    The launcher names its agent's class, and its handler of signals, itself and takes no others.
    """
    agents: list[Agent] = []

    def make(*arguments: Any, **options: Any) -> Agent:
        agents.append(Agent(config, machines, speaker, request, *arguments, **options))
        return agents[-1]

    # A store that outlives the ranks keeps the addresses of crashed ones, for which the next ones wait: pytorch issue
    # 135712, seen with torch 2.13 too. With this variable rank 0 makes a new store at each start.
    os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
    launcher, processes = cast(Any, torch_launcher), cast(Any, torch_processes)
    original, launcher.LocalElasticAgent = launcher.LocalElasticAgent, make
    handler = processes._terminate_process_handler
    speaker = reporter or Reporter()
    request = processes._terminate_process_handler = OneRequest(handler, speaker.say)
    try:
        yield agents
    finally:
        launcher.LocalElasticAgent = original
        processes._terminate_process_handler = handler
        os.environ.pop(VARIABLE, None)
