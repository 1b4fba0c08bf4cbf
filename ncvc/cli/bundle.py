"""`ncvc bundle`."""

from pathlib import Path

import click

from ncvc.cli.options import EXISTING_FILE, EXISTING_FOLDER, PATH, Command, Console, answers, force_option


@click.command(cls=Command, no_args_is_help=True)
@click.argument("model", type=EXISTING_FOLDER)
@click.argument("output", type=PATH)
@click.option(
    "--wheel",
    "wheels",
    type=EXISTING_FILE,
    multiple=True,
    help="A wheel that no index has: ncvc's own, of `make wheel`, and others that were built here.",
)
@click.option(
    "--extra",
    "extras",
    type=click.Choice(["base", "hf", "serve", "tune"]),
    multiple=True,
    default=["hf"],
    show_default=True,
    help="What the machine shall be able to do; base prepares text alone.",
)
@click.option("--find-links", type=EXISTING_FOLDER, help="Takes wheels from this folder, and asks no index.")
@click.option("--tokenizer", type=EXISTING_FOLDER, help="A tokenizer folder besides the model's own.")
@force_option
@answers
def bundle(
    model: Path,
    output: Path,
    wheels: tuple[Path, ...],
    extras: tuple[str, ...],
    find_links: Path | None,
    tokenizer: Path | None,
    force: bool,
    console: Console,
) -> None:
    """Writes the new folder OUTPUT with all that a machine without a network needs to run MODEL.

    That is the packages of this Python as wheels with hashes, the model and its tokenizer, the documentation and
    install.sh. The packages are those that are installed here, in the same versions.

    \b
    Examples:
      ncvc bundle my-model usb-stick --wheel dist/ncvc-0.1.0-cp312-abi3-manylinux_2_34_x86_64.whl
      ncvc bundle my-model usb-stick --wheel dist/*.whl --extra serve --find-links wheels
    """
    from ncvc.bundle.folder import Contents, require_wheels, write_bundle

    require_wheels(wheels)
    contents = Contents(
        model=model,
        tokenizer=tokenizer,
        extras=tuple(extra for extra in extras if extra != "base"),
        wheels=wheels,
        find_links=find_links,
    )
    count = write_bundle(output, contents, replace=force, reporter=console.reporter)
    console.close({"output": str(output), "wheels": count}, [f"{count} wheels", f"written to {output}"])
