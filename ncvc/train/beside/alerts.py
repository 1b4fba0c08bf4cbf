"""Runs the user's command at what somebody should know of: skipped steps, rollbacks, restarts, failures, the end."""

import json
import os
import threading
from pathlib import Path
from typing import Any

from ncvc.progress import Reporter
from ncvc.train.beside.commands import run
from ncvc.train.config import TrainConfig
from ncvc.train.metrics.log import LOG

EVENTS = frozenset(
    ("skipped", "rolled_back", "restarted", "hang", "save_failed", "failed", "stopped", "finished"),
)
POLL = 1.0
"""Seconds between two looks at the log."""
TIMEOUT = 60.0
"""Seconds after which a command is ended."""


class Alerts:
    """Follows the log of a run in a thread; use it as a context. Several events at once are one command."""

    def __init__(self, config: TrainConfig, reporter: Reporter) -> None:
        self.config = config
        self.reporter = reporter
        self._log = config.folder / LOG
        self._seen = self._log.stat().st_size if self._log.exists() else 0
        self._told = False
        self._end = threading.Event()
        self._never = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="alerts", daemon=True)

    def __enter__(self) -> "Alerts":
        """Begins with events that come from now on."""
        if self.config.alerts.command is not None:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Tells the last events, and a failure of the launcher itself."""
        if not self._thread.is_alive():
            return
        self._end.set()
        self._thread.join()
        if isinstance(error, Exception):
            self._tell([{"event": "failed", "reason": str(error)}])

    def _follow(self) -> None:
        while True:
            last = self._end.wait(POLL)
            if found := [record for record in self._new_records() if record.get("event") in EVENTS]:
                self._tell(found)
            if last:
                return

    def _new_records(self) -> list[dict[str, Any]]:
        """Reads the whole lines that were appended since the last look."""
        if not self._log.exists():
            return []
        with self._log.open("rb") as file:
            file.seek(self._seen)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._seen += len(whole)
        found = []
        for line in whole.splitlines():
            try:
                record = json.loads(line)
            except ValueError:  # torn by a crash
                continue
            if isinstance(record, dict):
                found.append(record)
        return found

    def _tell(self, found: list[dict[str, Any]]) -> None:
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in found)
        variables = {
            "NCVC_RUN": str(self.config.folder),
            "NCVC_EVENTS": " ".join(str(record["event"]) for record in found),
        }
        command = ["/bin/sh", "-c", self.config.alerts.command or ""]
        output = Path(os.devnull)
        problem = run(command, output, self._never, variables=variables, text=text.encode(), timeout=TIMEOUT)
        if problem and not self._told:
            self._told = True
            self.reporter.say(f"alerts.command FAILED: {problem}; the training goes on")
