"""`ncvc doctor`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ncvc.doctor import Report


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Writes the report as one JSON object.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Shows what this machine has, what training would use, and which packages each command lacks.

    Nothing is imported, changed or sent anywhere.

    \b
    Examples:
      ncvc doctor
      ncvc doctor --json | python -m json.tool
    """
    import json
    from dataclasses import asdict

    from ncvc.doctor import examine

    report = examine(sorted(_names(context.find_root().command)), Path())
    click.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2) if as_json else _text(report))


def _names(command: click.Command, path: str = "") -> Iterator[str]:
    """Yields the names of all commands, as they are typed after `ncvc`."""
    if not isinstance(command, click.Group):
        yield path
        return
    for name, inner in command.commands.items():
        yield from _names(inner, f"{path} {name}".strip())


def _text(report: "Report") -> str:
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
    blocks = [
        "\n".join([title, *(f"  {name:<{width}}  {value}" for name, value in rows.items())])
        for title, rows in sections.items()
    ]
    return "\n\n".join(blocks)
