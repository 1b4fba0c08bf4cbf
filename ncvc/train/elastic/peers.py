"""What the launcher of one machine knows of a run's other machines.

Whether they are there it learns from the rendezvous, where every launcher gives signs of life; why their ranks
ended, from the events that their launchers write into the run's log, which all machines share.
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

WORDS = ("restarted", "failed")  # the events in which a launcher says why its ranks ended
ENDED = "another machine has ended the run; see there"
NO_ANSWER = "the machine where all meet does not answer; see there, and start the same command on all again"
REASON_TIMEOUT = 10.0  # seconds in which another machine's launcher has seen why its ranks ended, and written it


class Peers:
    """The other machines of a run; `machines` of them in all, and none to watch if that is 1.

    `silence`: seconds without an answer after which the machine where all meet is lost.
    """

    def __init__(
        self, folder: Path, rendezvous: RendezvousHandler, local_addr: str | None, machines: int, silence: float
    ) -> None:
        self.folder = folder
        self.name = local_addr if local_addr and machines > 1 else socket.gethostname()
        """This machine's."""
        self.machines = machines
        self.silence = silence
        self.over = False
        """Whether the machines cannot meet again in this start."""
        self._rendezvous: Any = None  # of torch's own; the one called static has no signs of life
        if machines > 1 and isinstance(rendezvous, DynamicRendezvousHandler):
            self._rendezvous = rendezvous
            # To torch a machine that waits to join is a reason to restart that counts for nothing, and has no words.
            self._rendezvous.num_nodes_waiting = lambda: 0
        self._seen = len(event_records(folder)) if machines > 1 else 0
        self._present: set[Any] = set()

    def reset(self) -> None:
        """All machines have met, and their ranks are about to start."""
        if self.machines > 1:  # the log of a long run takes a while, and one machine asks nobody
            self._seen = len(event_records(self.folder))
        if self._rendezvous:
            self._present = set(self._rendezvous._state_holder.state.participants)

    def gone(self) -> str:
        """Which machine takes no part any more, in words; empty if all do."""
        if not self._rendezvous:
            return ""
        # What the thread of the signs of life has read with its last one: to ask now would be to wait, for ever if the
        # machine where all meet has no power, for that closes no connection.
        holder = self._rendezvous._state_holder
        if time.monotonic() - holder._last_sync_time > self.silence:
            self.over = True
            self._rendezvous.shutdown = lambda: True  # which would wait for that thread
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

    def word(self, patience: float = 0.0, events: Collection[str] = WORDS) -> dict[str, Any] | None:
        """The first of these events in which another machine's launcher said why its ranks ended, since ours began.

        Waits for it so many seconds. None if there is none.
        """
        deadline = time.monotonic() + patience
        while True:
            for event in event_records(self.folder)[self._seen :]:
                if event["event"] in events and event.get("machine", self.name) != self.name:
                    return event
            if time.monotonic() > deadline:
                return None
            time.sleep(0.2)

    def why_not_again(self, error: Exception) -> str:
        """Why the machines could not meet again, in words; empty if torch's `error` is about something else."""
        if self.machines == 1:
            return ""
        if word := self.word(events=("failed",)):
            return quoted(word)
        if isinstance(error, RendezvousClosedError):
            return ENDED
        return NO_ANSWER if isinstance(error, RendezvousConnectionError) else ""


def quoted(word: dict[str, Any]) -> str:
    """What another machine's launcher said, in a sentence of ours."""
    return f"{word['machine']} says: {word['reason']}"
