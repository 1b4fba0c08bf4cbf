"""Options and argument types that commands share, and `Console`, to which they write."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click

from ncvc.printable import printable, printable_json
from ncvc.progress import Channel, Reporter, reporter_on

FILE = click.Path(path_type=Path, dir_okay=False)
EXISTING_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
EXISTING_PATH = click.Path(path_type=Path, exists=True)
EXISTING_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
PATH = click.Path(path_type=Path)

UNFINISHED = 75  # EX_TEMPFAIL of sysexits.h: nothing is wrong, start again to go on

CONFIG_KEYS = {"--threads": "threads", "--on-error": "on_error", "--output": "output"}
"""Option of a command without a config → the key of a config that replaces it."""

set_option = click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Overrides a key of CONFIG.")
force_option = click.option("--force", is_flag=True, help="Replaces an output that ncvc made and nobody changed.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Shows what would be done and needed; writes nothing.")
gpu_option = click.option(
    "--gpu", metavar="NAME", help="With --dry-run: the card, such as H100, instead of the one here."
)
mfu_option = click.option(
    "--mfu",
    type=click.FloatRange(0, 1, min_open=True),
    help="With --dry-run: the share of its peak that is reached.  [default: 0.4]",
)
restart_option = click.option("--restart", is_flag=True, help="Discards an unfinished run of this output.")
folder_option = click.option("-o", "--output", "out", required=True, type=PATH, help="The folder to write.")
output_option = click.option("-o", "--output", required=True, type=FILE, help="The file to write, .png or .html.")
threads_option = click.option(
    "--threads", type=click.IntRange(min=0), default=0, show_default=True, help="Worker threads; 0 is one a core."
)
on_error_option = click.option(
    "--on-error",
    type=click.Choice(["stop", "quarantine"]),
    default="stop",
    show_default=True,
    help="Stops at what cannot be read, or leaves it out.",
)
text_field_option = click.option(
    "--text-field", default="text", show_default=True, help="The member of a JSON object that holds the text."
)
device_option = click.option("--device", default="cpu", show_default=True, help="cpu, cuda or cuda:N.")
dtype_option = click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="The type that the model computes in.",
)
max_new_tokens_option = click.option(
    "--max-new-tokens", type=click.IntRange(min=1), default=128, show_default=True, help="In tokens."
)
temperature_option = click.option(
    "--temperature",
    type=click.FloatRange(min=0),
    default=0.8,
    show_default=True,
    help="Higher is more varied; 0 takes the likeliest token always.",
)
top_p_option = click.option(
    "--top-p",
    type=click.FloatRange(min=0, max=1, min_open=True),
    default=0.95,
    show_default=True,
    help="Samples from the likeliest tokens that together have this probability.",
)
plain_chat_option = click.option(
    "--plain-chat", is_flag=True, help="Lets a base model chat: 質問: … and 回答: … by turns, as plain text."
)
form_option = click.option(
    "--form",
    type=click.Choice(["auto", "chat", "plain"]),
    default="auto",
    show_default=True,
    help="Words prompts by the model's chat template or as plain text; auto takes the template if there is one.",
)
key_file_option = click.option(
    "--api-key-file", type=EXISTING_FILE, help="A file with the key of an address.  [default: NCVC_API_KEY is read]"
)
json_option = click.option("--json", "as_json", is_flag=True, help="Writes one JSON object to standard output.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Shows errors only.")


class Command(click.Command):
    """A command with ncvc's wording of `--help`."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """See click.Command."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "Shows this text."
        return option

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """See click.Command; points from an unknown option to the key of the config that replaces it."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            key = CONFIG_KEYS.get(error.option_name)
            if key is None or not any(parameter.name == "overrides" for parameter in self.params):
                raise
            raise click.UsageError(f"{error.option_name} is a key of the config: --set {key}=…", ctx) from None


class Group(Command, click.Group):
    """A group of `Command`s."""

    command_class = Command
    group_class = type


class RunByDefault(Group):
    """A group that calls `run` if the first argument is no subcommand."""

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        """See click.Group."""
        if args and args[0] not in self.commands:
            args = ["run", *args]
        return super().resolve_command(context, args)


class Console:
    """Writes messages and progress to standard error, and the closing summary to standard output.

    With `as_json` the summary is one JSON object; with `quiet` only errors are written, and a summary in JSON.
    """

    def __init__(self, *, quiet: bool = False, as_json: bool = False) -> None:
        self.quiet = quiet
        self.as_json = as_json
        self.reporter: Reporter = reporter_on("none" if quiet else "stderr")

    @property
    def channel(self) -> Channel:
        """Stream for the lines of a training or a demo, which are its main output."""
        return "none" if self.quiet else "stderr" if self.as_json else "stdout"

    def close(self, summary: Mapping[str, Any], lines: Iterable[str]) -> None:
        """Writes the closing summary, as JSON or as lines."""
        if self.as_json:
            click.echo(printable_json(json.dumps(summary, ensure_ascii=False, default=str)))
        elif not self.quiet:
            for line in lines:
                click.echo(printable(line))


def answers(function: Callable[..., None]) -> Callable[..., None]:
    """Adds `--quiet` and `--json` to a command, which gets a `Console` as `console`."""

    def call(*arguments: Any, quiet: bool, as_json: bool, **options: Any) -> None:
        function(*arguments, console=Console(quiet=quiet, as_json=as_json), **options)

    return quiet_option(json_option(update_wrapper(call, function)))


def warn(sentence: str) -> None:
    """Writes one line to standard error, with `--quiet` too."""
    sys.stderr.write(f"ncvc: {printable(sentence)}\n")
