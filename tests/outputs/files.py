"""Table of what an output file's name may already stand for; each line runs with several commands."""

import os
import subprocess
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.outputs.commands import BUILD, FILES, PLOT_HTML, PLOT_PNG, SLURM, Command
from tests.outputs.sandbox import LETTER, Sandbox, put_socket, users_folder

Prepare = Callable[[Sandbox, Command, Path], object]


@dataclass(frozen=True)
class FileCase:
    """A line of the table.

    expect: refused; done; safe (refused or done); behind (refused, or done where a link points to, and it stays)
    output: name before the command's suffix
    """

    name: str
    expect: str
    prepare: Prepare
    commands: Sequence[Command] = (BUILD, PLOT_HTML, SLURM)
    output: str = "out"


def ours(box: Sandbox, command: Command, path: Path) -> None:
    """What the same command wrote earlier."""
    box.put(command.made, path)


def put(write: Callable[[Path], object]) -> Prepare:
    return lambda box, command, path: write(path)


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("letter.txt", LETTER)


def picture(path: Path) -> None:
    """A PNG that a user drew with the library that draws ours."""
    from matplotlib.figure import Figure

    Figure((1, 1)).savefig(path)


def appended(box: Sandbox, command: Command, path: Path) -> None:
    """A user's notes at the end of what ncvc wrote."""
    ours(box, command, path)
    with path.open("a", encoding="utf-8") as file:
        file.write("\n# " + LETTER)


def beginning(box: Sandbox, command: Command, path: Path) -> None:
    """A file that begins as ours do and goes on with a user's text."""
    ours(box, command, path)
    path.write_bytes(path.read_bytes()[:64] + LETTER.encode() * 1000)


def hard_linked(box: Sandbox, command: Command, path: Path) -> None:
    """Another dictionary than the one that will be built, kept under a second name."""
    ours(box, command, path)
    os.link(path, box.work / "kept")


def link(to: str, prepare: Prepare | None = None) -> Prepare:
    def made(box: Sandbox, command: Command, path: Path) -> None:
        if prepare:
            prepare(box, command, path.parent / to)
        path.symlink_to(to)

    return made


def loop(box: Sandbox, command: Command, path: Path) -> None:
    path.symlink_to("around")
    (box.work / "around").symlink_to(path.name)


def log_of_a_run(box: Sandbox, command: Command, path: Path) -> None:
    box.bring("drawn")
    path.symlink_to("drawn/log.jsonl")


def nothing(box: Sandbox, command: Command, path: Path) -> None:
    """Nothing is there."""


def device(path: Path) -> None:
    subprocess.run(["mknod", path, "c", "1", "3"], check=True)


CASES = [
    FileCase("text", "refused", put(lambda path: path.write_text(LETTER)), FILES),
    FileCase("zip", "refused", put(zipped)),
    FileCase("empty-file", "refused", put(Path.touch)),
    FileCase("folder", "refused", put(Path.mkdir)),
    FileCase("users-folder", "refused", put(users_folder)),
    FileCase("folder-of-ours", "refused", lambda b, c, p: b.put("tokenizer", p), [BUILD, SLURM]),
    FileCase("device", "refused", put(device), [BUILD, PLOT_PNG, SLURM]),
    FileCase("fifo", "refused", put(os.mkfifo)),
    FileCase("socket", "refused", put(put_socket), [BUILD, PLOT_PNG]),
    FileCase("page-of-a-user", "refused", put(lambda path: path.write_text("<!DOCTYPE html><p>手紙")), [PLOT_HTML]),
    FileCase("picture-of-a-user", "refused", put(picture), [PLOT_PNG]),
    FileCase("script-of-a-user", "refused", put(lambda path: path.write_text("#!/bin/bash\n#SBATCH -N1\n")), [SLURM]),
    FileCase("another-kind-of-ours", "refused", lambda b, c, p: b.put("run.sbatch", p), [BUILD, PLOT_HTML, PLOT_PNG]),
    # What the same command wrote.
    FileCase("ours", "done", ours, [BUILD]),
    FileCase("ours", "safe", ours, [PLOT_PNG, PLOT_HTML, SLURM]),
    FileCase("ours-and-notes", "refused", appended, FILES),
    FileCase("beginning-of-ours", "refused", beginning),
    FileCase("ours-with-a-second-name", "safe", hard_linked),
    # Symlinks.
    FileCase("link-to-a-users-file", "refused", link("letter.txt"), FILES),
    FileCase("link-to-a-log", "refused", log_of_a_run, [PLOT_PNG, PLOT_HTML]),
    FileCase("link-to-a-users-folder", "refused", link("mine", put(users_folder)), [BUILD, SLURM]),
    FileCase("link-to-ours", "behind", link("real", ours), FILES),
    FileCase("dangling-link", "behind", link("new")),
    FileCase("dangling-link-into-no-folder", "behind", link("no/new"), [BUILD, PLOT_PNG]),
    FileCase("loop-of-links", "refused", loop),
    # Parents and names.
    FileCase("no-parent", "safe", nothing, output="deep/er/out"),
    FileCase("parent-is-a-file", "refused", nothing, output="letter.txt/out"),
    FileCase("newline-in-the-name", "safe", nothing, output="out\nput"),
    FileCase("dash-before-the-name", "safe", nothing, output="-out"),
    FileCase("longest-name", "safe", nothing, [BUILD, SLURM], "x" * 248),
    FileCase("too-long-a-name", "refused", nothing, output="x" * 255),
]
