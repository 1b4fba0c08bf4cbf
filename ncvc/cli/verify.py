"""`ncvc verify`."""

from pathlib import Path

import click


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
def verify(folders: tuple[Path, ...]) -> None:
    """Says whether every bit of FOLDERS is as ncvc wrote it: datasets, tokenizers, checkpoints, models.

    Exit status 1 if anything is missing, damaged or was put there since.

    \b
    Examples:
      ncvc verify tokens
      ncvc verify tokenizer runs/ncvc-slm-1/checkpoints/step_00024000 my-model
    """
    from ncvc.errors import NcvcError
    from ncvc.manifest import verify as problems

    wrong = 0
    for folder in folders:
        before = wrong
        for problem in problems(folder):
            wrong += 1
            click.echo(f"ncvc: {problem}", err=True)
        if wrong == before:
            click.echo(f"{folder}: whole")
    if wrong:
        raise NcvcError(f"{wrong} found that {'is' if wrong == 1 else 'are'} not as written")
