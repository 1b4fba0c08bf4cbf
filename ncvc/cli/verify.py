"""`ncvc verify`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ncvc.cli.options import EXISTING_PATH, Command, Console, answers, warn

if TYPE_CHECKING:
    from ncvc.manifest import Difference

NAMED = 3
"""Number of files that the closing sentence names."""


@click.command(cls=Command)
@click.argument("folders", nargs=-1, required=True, type=EXISTING_PATH)
@answers
def verify(folders: tuple[Path, ...], console: Console) -> None:
    """Compares FOLDERS that ncvc wrote, bit by bit, with their manifests: datasets, tokenizers, checkpoints, models.

    A dictionary is one file, which holds its checksum. Of the run folder of a training or tuning every checkpoint is
    compared. Exit status 1 if a file is missing or damaged, or was added since, or ncvc did not write a folder. Inputs
    that the pass could not read, and so set aside, are named.

    \b
    Examples:
      ncvc verify tokens
      ncvc verify hospital.dic tokenizer runs/ncvc-slm-1/checkpoints/step_00024000 my-model
    """
    from ncvc.dictionary import verify_dictionary
    from ncvc.errors import NcvcError
    from ncvc.manifest import unread_inputs
    from ncvc.manifest import verify as compare

    found: dict[Path, list[Difference]] = {}
    refused: dict[Path, str] = {}
    for folder in (each for given in folders for each in _verifiable(given)):
        found[folder] = []
        try:
            for difference in verify_dictionary(folder) if folder.is_file() else compare(folder):
                warn(str(difference))
                found[folder].append(difference)
        except NcvcError as error:
            refused[folder] = str(error)
            del found[folder]
    unread = {folder: unread_inputs(folder) for folder in found}
    for folder, inputs in unread.items():
        if inputs:
            files = "1 input" if len(inputs) == 1 else f"{len(inputs)} inputs"
            warn(f"{folder}: lacks {files} that could not be read: {_named(inputs)}")
    console.close(
        {
            "folders": [_summary(folder, differences, unread[folder]) for folder, differences in found.items()],
            "refused": [{"folder": str(folder), "problem": problem} for folder, problem in refused.items()],
        },
        [f"{folder}: whole" for folder, differences in found.items() if not differences],
    )
    paths = [str(difference.path) for differences in found.values() for difference in differences]
    problems = list(refused.values())
    for problem in problems if paths else problems[:-1]:
        warn(problem)
    if paths:
        verb = "file differs" if len(paths) == 1 else "files differ"
        raise NcvcError(f"{len(paths)} {verb} from the manifest: {_named(paths)}")
    if problems:
        raise NcvcError(problems[-1])


def _verifiable(given: Path) -> list[Path]:
    """Lists the checkpoints of a run folder, which has no manifest of its own; anything else stands for itself."""
    from ncvc.files import listed
    from ncvc.manifest import MANIFEST

    checkpoints = given / "checkpoints"
    if (given / MANIFEST).exists() or not checkpoints.is_dir():
        return [given]
    return listed(checkpoints, "step_*") or [given]


def _named(paths: list[str]) -> str:
    return ", ".join([*paths[:NAMED], "…"][: len(paths)])


def _summary(folder: Path, differences: "list[Difference]", unread: list[str]) -> dict[str, Any]:
    base = folder if folder.is_dir() else folder.parent
    return {
        "folder": str(folder),
        "whole": not differences,
        "unread_inputs": unread,
        "differences": [
            {"file": os.path.relpath(each.path, base), "kind": each.kind, "detail": each.detail} for each in differences
        ],
    }
