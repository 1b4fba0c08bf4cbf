"""Measures this machine's GPU in stages, and writes one dated table: python tools/gpu/run.py OUT.md [--small].

Standard library only: each stage is a process of its own with a time limit, and the table is written anew after
every row, so that nothing measured is lost, whatever happens to the machine.
"""

import argparse
import json
import os
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
VARIANTS = [
    "local spec, DotProductAttention",
    "SDPA, bias-dropout fusion, native cross entropy",
    "+ fused RoPE",
    "+ RMSNorm with its residual",
    "+ liger cross entropy",
    "+ weight gradients added in float32",
    "the same, dropout 0",
    "what auto takes",
]
LIMITS = {"gemm": 60, "correct": 120, "speed": 80, "profile": 80, "peer": 180, "learn": 90, "save": 150}
"""Seconds of each stage, in their order; of `speed` for each variant."""
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
        if peers:
            other = max(row["tokens/s"] for row in peers)
            lines += [f"- over transformers and torch.compile: {best['tokens/s'] / other:.2f}"]
        return [*lines, ""]


def _table(rows: list[dict[str, Any]]) -> list[str]:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    body = (" | ".join(_cell(row.get(name, "")) for name in columns) for row in rows)
    return [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}", *(f"| {line} |" for line in body)]


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value).replace("|", "\\|")
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def run_stage(report: Report, words: list[str], limit: float, environment: dict[str, str]) -> None:
    """Starts a stage, takes its rows as they come, and ends it at its limit."""
    global running
    name = words[0] if len(words) < 2 else f"{words[0]} ({', '.join(words[1:])})"
    print(f"{name}: up to {limit:.0f} s", flush=True)
    command = [sys.executable, str(HERE / "stage.py"), *words, *(["--small"] if report.small else [])]
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
            said.seek(max(0, said.tell() - 4000))
            tail = said.read().decode(errors="replace").strip().splitlines()
            report.note(f"{name}: failed: {tail[-1] if tail else f'status {status}'}")
            print("\n".join(tail[-20:]), file=sys.stderr, flush=True)


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


def main() -> None:
    """Runs the stages in their order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the markdown file")
    parser.add_argument("--small", action="store_true", help="small sizes, also without a GPU")
    parser.add_argument("--only", default=",".join(LIMITS), help="stages, with commas: %(default)s")
    parser.add_argument("--budget", type=float, default=480, help="seconds for all of it: %(default)s")
    options = parser.parse_args()
    report = Report(options.out, f"python tools/gpu/run.py {' '.join(sys.argv[1:])}", options.small)
    ends = time.monotonic() + options.budget

    def stop(number: int, frame: object) -> None:
        kill()
        report.note(f"stopped by {signal.Signals(number).name}")
        sys.exit(1)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with tempfile.TemporaryDirectory() as folder:
        path = [*unpacked(Path(folder)), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path), "HF_HUB_OFFLINE": "1"}
        for name in (name for name in LIMITS if name in options.only.split(",")):
            calls = [["speed", *VARIANTS]] if options.small else [["speed", variant] for variant in VARIANTS]
            for words in calls if name == "speed" else [[name]]:
                left = ends - time.monotonic()
                if left < 10:
                    report.note(f"{', '.join(words)}: no time was left")
                    continue
                run_stage(report, words, min(left, LIMITS[name]), environment)
    print(f"written to {options.out}")
    sys.exit(1 if any("failed" in note for note in report.notes) else 0)


if __name__ == "__main__":
    main()
