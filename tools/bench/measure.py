"""Runs one program as a process of its own, and says what it used."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prepare import Files
from programs import NOT_INSTALLED


class NotInstalledError(Exception):
    """There is no such program here."""


@dataclass(frozen=True)
class Measured:
    """What a program used."""

    cpu: float
    """CPU seconds."""
    wall: float
    """Seconds."""
    memory: int
    """Bytes at the most."""
    encoded: dict[str, Any] | None = None
    """What an encoder says of itself: CPU seconds, and a hash of its ids."""


@dataclass(frozen=True)
class Peers:
    """Runs programs, those of `paths` with what is installed in a folder."""

    files: Files
    paths: dict[str, str]

    def run(self, program: str, source: Path, threads: int = 1) -> Measured:
        """Runs a program on an input; raises `NotInstalledError`."""
        script = Path(__file__).with_name("programs.py")
        command = [sys.executable, script, program, source, self.files.folder, threads]
        folders = [self.paths.get(program), os.environ.get("PYTHONPATH")]
        path = os.pathsep.join(str(Path(folder).absolute()) for folder in folders if folder)
        one_thread = {"RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
        environment = {**os.environ, **one_thread, "PYTHONPATH": path}
        started = time.monotonic()
        process = subprocess.Popen([str(part) for part in command], cwd=self.files.folder, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        if os.waitstatus_to_exitcode(status) == NOT_INSTALLED:
            raise NotInstalledError(program)
        if status:
            raise SystemExit(f"{program} failed")
        encoded = self.files.folder / "encoded.json"
        said = json.loads(encoded.read_text(encoding="utf-8")) if encoded.exists() else None
        encoded.unlink(missing_ok=True)
        return Measured(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024, said)
