"""The `ncvc` command. One file a subcommand; heavy imports happen inside the commands."""

import os
import sys

import click

from ncvc import __version__
from ncvc.cli.clean import clean
from ncvc.cli.convert import convert
from ncvc.cli.demo import demo
from ncvc.cli.dictionary import dictionary
from ncvc.cli.doctor import doctor
from ncvc.cli.generate import generate
from ncvc.cli.preprocess import preprocess
from ncvc.cli.split import split
from ncvc.cli.tokenizer import tokenizer
from ncvc.cli.train import train
from ncvc.cli.verify import verify
from ncvc.errors import NcvcError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, package_name="ncvc")
def ncvc() -> None:
    """From raw Japanese text to your own small language model, on your own machines.

    \b
    The way, and what each step takes from the one before:
      ncvc dictionary build hospital.dic --terms terms.csv
      ncvc tokenizer train tokenizer raw/*.jsonl.zst --dictionary hospital.dic
      ncvc preprocess preprocess.yaml
      ncvc train megatron_configs/ncvc-slm-1.yaml
      ncvc convert runs/ncvc-slm-1/checkpoints/step_00024000 my-model --to hf
      ncvc generate my-model --prompt '高血圧の治療は'

    All of it, small, on synthetic text: ncvc demo
    """


for command in (dictionary, tokenizer, preprocess, train, convert, generate, clean, split, verify, demo, doctor):
    ncvc.add_command(command)


def main() -> None:
    """Runs `ncvc`; a mistake of the user's is one sentence on standard error and exit status 1."""
    try:
        ncvc(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("ncvc: stopped", err=True)
        sys.exit(130)
    except ModuleNotFoundError as error:
        if (error.name or "ncvc").startswith("ncvc"):
            raise
        click.echo(f"ncvc: {error.name} is not installed; `ncvc doctor` says what each command needs", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of a pipe has gone, as `| head` does; nobody is left to hear of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except NcvcError as error:
        click.echo(f"ncvc: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        sentence = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
        click.echo(f"ncvc: {sentence}", err=True)
        sys.exit(1)
