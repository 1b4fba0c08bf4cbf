"""State of a run's other machines, as one machine's launcher sees it.

The rendezvous backend keeps alive which machines take part; their launchers write the reasons for which their ranks
ended into the run's log, which all machines share.
"""

import socket
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from torch.distributed.elastic.rendezvous import RendezvousHandler
from torch.distributed.elastic.rendezvous.api import RendezvousClosedError, RendezvousConnectionError
from torch.distributed.elastic.rendezvous.dynamic_rendezvous import DynamicRendezvousHandler

from ncvc.train.metrics.log import event_records

REASONS = ("restarted", "failed")  # events in which a launcher states why its ranks ended
ENDED = "another machine has ended the run; see there"
NO_ANSWER = "the machine where all meet does not answer; see there, and start the same command on all again"
REASON_TIMEOUT = 10.0  # seconds within which another machine's launcher logs why its ranks ended


class Peers:
    """Watches the other machines of a run of `machines` in all.

    `silence`: seconds without an answer after which the rendezvous host counts as lost.
    """

    def __init__(
        self, folder: Path, rendezvous: RendezvousHandler, local_addr: str | None, machines: int, silence: float
    ) -> None:
        self.folder = folder
        self.name = local_addr if local_addr and machines > 1 else socket.gethostname()
        """Name of this machine in the log."""
        self.machines = machines
        self.silence = silence
        self.over = False
        """True if no other rendezvous is possible in this start."""
        self._rendezvous: Any = None  # torch's handler; the static one has no keep-alive
        if machines > 1 and isinstance(rendezvous, DynamicRendezvousHandler):
            self._rendezvous = rendezvous
            # torch would restart the ranks, uncounted and without a reason, whenever a machine waits to join.
            self._rendezvous.num_nodes_waiting = lambda: 0
        self._seen = len(event_records(folder)) if machines > 1 else 0
        self._present: set[Any] = set()

    def reset(self) -> None:
        """Takes the present state as that of a start; call it after the rendezvous, before the ranks start."""
        if self.machines > 1:  # the log of a long run takes a while to read
            self._seen = len(event_records(self.folder))
        if self._rendezvous:
            self._present = set(self._rendezvous._state_holder.state.participants)

    def gone(self) -> str:
        """Reports a machine that has left, in a sentence; empty if all take part."""
        if not self._rendezvous:
            return ""
        # The keep-alive thread's last reading. A request from here could wait for ever: a rendezvous host without power
        # closes no connection.
        holder = self._rendezvous._state_holder
        if time.monotonic() - holder._last_sync_time > self.silence:
            self.over = True
            self._rendezvous.shutdown = lambda: True  # it would wait for the keep-alive thread
            return NO_ANSWER
        if holder.state.closed:
            self.over = True
            return ENDED
        missing = self._present - set(holder.state.participants)
        if self._rendezvous._this_node in missing:
            return "the others had no sign of life from this machine; see how its network is"
        if missing:
            names = ", ".join(sorted({node.addr for node in missing}))
            return f"no sign of life from {names}; see there, and start the same command again if it has ended"
        return ""

    def reason(self, timeout: float = 0.0, events: Collection[str] = REASONS) -> dict[str, Any] | None:
        """Finds the first event since this start in which another launcher states why its ranks ended.

        Waits for it for `timeout` seconds; returns None if there is none.
        """
        deadline = time.monotonic() + timeout
        while True:
            for event in event_records(self.folder)[self._seen :]:
                if event["event"] in events and event.get("machine", self.name) != self.name:
                    return event
            if time.monotonic() > deadline:
                return None
            time.sleep(0.2)

    def why_not_again(self, error: Exception) -> str:
        """Explains a failed rendezvous in a sentence; empty if torch's `error` has another cause."""
        if self.machines == 1:
            return ""
        if event := self.reason(events=("failed",)):
            return quoted(event)
        if isinstance(error, RendezvousClosedError):
            return ENDED
        return NO_ANSWER if isinstance(error, RendezvousConnectionError) else ""


def quoted(event: dict[str, Any]) -> str:
    """Quotes the reason that another machine's launcher logged."""
    return f"{event['machine']} says: {event['reason']}"
