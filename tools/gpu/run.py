"""Measures this machine's GPU in stages, and writes one dated table: python tools/gpu/run.py OUT.md [--small].

Standard library only: each stage is a process of its own with a time limit, and the table is written anew after
every row, so that nothing measured is lost, whatever happens to the machine.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LIMITS = {
    "gemm": 60,
    "correct": 120,
    "speed": 100,
    "peer": 150,
    "profile": 60,
    "parts": 180,
    "save": 150,
    "learn": 90,
}
"""Seconds of each stage, in their order: what matters most comes first, if the machine is taken away."""
TITLES = {
    "machine": "Machine",
    "gemm": "Matrix products in bfloat16: the ceiling",
    "correct": "Against float32 on the CPU",
    "dropout": "Attention weights dropped",
    "speed": "Tokens/s of the papers' step on one device",
    "kinds": "Where the time goes (three micro-batches and one step of AdamW)",
    "kernels": "The kernels that take longest",
    "peer": "transformers' ArceeForCausalLM, the same model and batch",
    "learn": "`ncvc train` on made-up data",
    "save": "A checkpoint of the whole model",
}


@dataclass
class Report:
    """The rows so far, and the file that shows them."""

    path: Path
    command: str
    small: bool
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, table: str, row: dict[str, Any]) -> None:
        """One row more."""
        self.tables.setdefault(table, []).append(row)
        self.write()

    def note(self, text: str) -> None:
        """A sentence about what was not measured."""
        self.notes.append(text)
        self.write()

    def write(self) -> None:
        """The whole file, under another name first."""
        partial = self.path.with_name(self.path.name + ".partial")
        partial.write_text(self.text(), encoding="utf-8")
        partial.replace(self.path)

    def text(self) -> str:
        """Markdown."""
        small = " Sizes are small (--small): the figures say only that it runs." if self.small else ""
        lines = [f"## GPU, {datetime.now(UTC):%Y-%m-%d}", "", f"`{self.command}`.{small}", ""]
        for name in sorted(self.tables, key=list(TITLES).index):
            lines += [f"### {TITLES[name]}", "", *_table(self.tables[name]), ""]
        lines += self._ratios()
        if self.notes:
            lines += ["### Not measured", "", *(f"- {note}" for note in self.notes), ""]
        return "\n".join(lines)

    def _ratios(self) -> list[str]:
        """What the goals are about."""
        ceiling = max((row["TFLOP/s"] for row in self.tables.get("gemm", [])), default=None)
        measured = [row for row in self.tables.get("speed", []) if "tokens/s" in row]
        dropping = [row for row in measured if "dropout 0" not in row["variant"]]
        peers = [row for row in self.tables.get("peer", []) if "tokens/s" in row]
        if not dropping or ceiling is None:
            return []
        best = max(dropping, key=lambda row: row["tokens/s"])
        which = f"{best['variant']}, micro-batch {best['micro-batch']}"
        lines = ["### Ratios", "", f"- best with dropout: {which}, {best['tokens/s']:,.0f} tokens/s"]
        lines += [f"- of the best matrix product: {best['TFLOP/s'] / ceiling:.1%}"]
        for compiled in dict.fromkeys(row["compiled"] for row in peers):
            other = max(row["tokens/s"] for row in peers if row["compiled"] == compiled)
            lines += [f"- over transformers, {compiled}: {best['tokens/s'] / other:.2f}"]
        return [*lines, ""]


def _table(rows: list[dict[str, Any]]) -> list[str]:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    body = (" | ".join(_cell(row.get(name, "")) for name in columns) for row in rows)
    return [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}", *(f"| {line} |" for line in body)]


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value).replace("|", "\\|")
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def run_stage(report: Report, name: str, limit: float, environment: dict[str, str]) -> None:
    """Starts a stage, takes its rows as they come, and ends it at its limit."""
    global running
    print(f"{name}: up to {limit:.0f} s", flush=True)
    command = [sys.executable, str(HERE / "stage.py"), name, *(["--small"] if report.small else [])]
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=said, text=True, env=environment, start_new_session=True
        )
        late = threading.Event()

        def end() -> None:
            late.set()
            kill()

        clock = threading.Timer(limit, end)
        clock.start()
        assert running.stdout is not None
        for line in running.stdout:
            table, row = json.loads(line)
            report.add(table, row)
            print(f"  {table}: {row}", flush=True)
        status = running.wait()
        clock.cancel()
        if late.is_set():
            report.note(f"{name}: its limit of {limit:.0f} s was reached")
        elif status:
            said.seek(max(0, said.seek(0, os.SEEK_END) - 20000))
            lines = said.read().decode(errors="replace").strip().splitlines()
            ended = f"ended by {signal.Signals(-status).name}" if status < 0 else "failed"
            report.note(f"{name}: {ended}: {reason(lines)}")
            print("\n".join(lines[-20:]), file=sys.stderr, flush=True)


def reason(lines: list[str]) -> str:
    """The last error that a stage, or what it started, put into words; that a command failed is none."""
    errors = [line for line in lines if re.match(r"(?!subprocess\.)[\w.]*(Error|Exception): ", line)]
    return (errors or lines or ["no word"])[-1]


running: subprocess.Popen[str] | None = None


def kill() -> None:
    """Ends the stage that runs: gently, since `ncvc train` ends its ranks then, and after ten seconds by force."""
    if running is None or running.poll() is not None:
        return
    os.killpg(running.pid, signal.SIGTERM)
    try:
        running.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)


def unpacked(folder: Path) -> list[str]:
    """The kit's wheels, unpacked, for PYTHONPATH; nothing in a checkout, where all is installed."""
    wheels = sorted((HERE.parent / "wheels").glob("*.whl"))
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return [str(folder)] if wheels else [str(HERE.parents[1])]


def surroundings(folder: Path) -> dict[str, str]:
    """Environment of the stages: what they import, and caches of kernels that they share and that go with `folder`."""
    path = [*unpacked(folder / "packages"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        # One machine: the network that is always there.
        "GLOO_SOCKET_IFNAME": "lo",
        "NCCL_SOCKET_IFNAME": "lo",
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path),
        "HF_HUB_OFFLINE": "1",
        "TRITON_CACHE_DIR": str(folder / "triton"),
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "inductor"),
    }


def main() -> None:
    """Runs the stages in their order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the markdown file")
    parser.add_argument("--small", action="store_true", help="small sizes, also without a GPU")
    parser.add_argument("--only", default=",".join(LIMITS), help="stages, with commas: %(default)s")
    parser.add_argument("--budget", type=float, default=480, help="seconds for all of it: %(default)s")
    options = parser.parse_args()
    if unknown := set(options.only.split(",")) - LIMITS.keys():
        parser.error(f"--only: there is no stage {', '.join(sorted(unknown))}; there are {', '.join(LIMITS)}")
    report = Report(options.out, f"python tools/gpu/run.py {' '.join(sys.argv[1:])}", options.small)
    ends = time.monotonic() + options.budget

    def stop(number: int, frame: object) -> None:
        kill()
        report.note(f"stopped by {signal.Signals(number).name}")
        sys.exit(1)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with tempfile.TemporaryDirectory() as folder:
        environment = surroundings(Path(folder))
        for name in (name for name in LIMITS if name in options.only.split(",")):
            left = ends - time.monotonic()
            if left < 10:
                report.note(f"{name}: no time was left")
                continue
            # Small sizes run where nothing is lent by the minute: the budget alone bounds them.
            run_stage(report, name, left if options.small else min(left, LIMITS[name]), environment)
    print(f"written to {options.out}")
    sys.exit(1 if any(": failed: " in note or ": ended by " in note for note in report.notes) else 0)


if __name__ == "__main__":
    main()
