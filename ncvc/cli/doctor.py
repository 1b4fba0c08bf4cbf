"""`ncvc doctor`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ncvc.cli.options import Command, Console, json_option

if TYPE_CHECKING:
    from ncvc.doctor import Report


@click.command(cls=Command)
@json_option
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Shows what this machine has, what training would use, and which packages each command lacks.

    Nothing is imported, changed or sent anywhere.

    \b
    Examples:
      ncvc doctor
      ncvc doctor --json | python -m json.tool
    """
    from dataclasses import asdict

    from ncvc.doctor import examine

    report = examine(sorted(_names(context.find_root().command)), Path())
    Console(as_json=as_json).close(asdict(report), _lines(report))


def _names(command: click.Command, path: str = "") -> Iterator[str]:
    """Yields the names of all commands, as they are typed after `ncvc`."""
    if not isinstance(command, click.Group):
        yield path
        return
    for name, inner in command.commands.items():
        yield from _names(inner, f"{path} {name}".strip())


def _lines(report: "Report") -> Iterator[str]:
    """Formats the report for people."""
    machine = report.machine
    gpus = [
        f"{gpu.name}{f', {gpu.memory_mib / 1024:.0f} GiB' if gpu.memory_mib else ''}, driver {gpu.driver}"
        for gpu in machine.gpus
    ]
    commands = {
        command.name: f"needs {', '.join(command.missing)}: {command.install}" if command.missing else "ready"
        for command in report.commands
    }
    sections = {
        f"ncvc {report.ncvc} on {machine.system}": {
            "Python": machine.python,
            "bytecode": report.bytecode,
            "cores": str(machine.cores),
            "memory": f"{machine.memory / 2**30:.1f} GiB",
            "free disk": f"{machine.disk_free / 2**30:.1f} GiB here",
            "GPU": "; ".join(gpus) or "none that nvidia-smi knows of",
        },
        "Packages": {
            package.name: f"{package.version or '—':<12} {package.purpose}"
            + (f"\n    REFUSED: {package.problem}" if package.problem else "")
            for package in report.packages
        },
        "Training would use": report.would_use,
        "Commands": commands,
    }
    width = max(len(name) for rows in sections.values() for name in rows)
    for number, (title, rows) in enumerate(sections.items()):
        yield from [""] * bool(number)
        yield title
        for name, value in rows.items():
            first, *more = value.splitlines()
            yield f"  {name:<{width}}  {first}"
            yield from more
