"""Lists the subcommands and turns errors into messages and exit statuses."""

import os
import re
import shutil
import sys

import click

from ncvc.cli.bundle import bundle
from ncvc.cli.chat import chat
from ncvc.cli.checkpoint import checkpoint
from ncvc.cli.clean import clean
from ncvc.cli.convert import convert
from ncvc.cli.data import data
from ncvc.cli.demo import demo
from ncvc.cli.dictionary import dictionary
from ncvc.cli.doctor import doctor
from ncvc.cli.evaluate import evaluate
from ncvc.cli.generate import generate
from ncvc.cli.init import init
from ncvc.cli.options import Group, warn
from ncvc.cli.preprocess import preprocess
from ncvc.cli.quality import quality
from ncvc.cli.recipe import recipe
from ncvc.cli.serve import serve
from ncvc.cli.split import split
from ncvc.cli.synthesize import synthesize
from ncvc.cli.tokenizer import tokenizer
from ncvc.cli.train import train
from ncvc.cli.tune import tune
from ncvc.cli.verify import verify
from ncvc.printable import printable


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
# The version itself is looked up when it is asked for.
@click.version_option(package_name="ncvc", prog_name="ncvc", help="Shows the version.")
def ncvc() -> None:
    """From raw Japanese text to your own small language model, on your own machines.

    \b
    The steps, each on the output of those before; `ncvc init` writes configs to start from:
      ncvc dictionary build hospital.dic --terms terms.csv
      ncvc tokenizer train tokenizer raw/*.jsonl.zst --dictionary hospital.dic
      ncvc synthesize synthesize.yaml
      ncvc preprocess preprocess.yaml
      ncvc train megatron_configs/ncvc-slm-1.yaml
      ncvc convert runs/ncvc-slm-1/checkpoints/step_00024000 my-model --to hf
      ncvc tune megatron_configs/tune/jmed-llm.yaml
      ncvc generate my-model --prompt '高血圧の治療は'
      ncvc serve my-model

    \b
    All steps from one folder, and every step once, small, on synthetic text:
      ncvc recipe copy cpu-tiny tiny
      ncvc recipe run tiny
      ncvc demo
    """


ERRNO = re.compile(r"^\[Errno \d+\] ")

COMMANDS = (
    *(init, dictionary, tokenizer, preprocess, train, checkpoint, convert, tune, generate, chat, serve),
    *(bundle, data, synthesize, quality, evaluate, clean, split, verify, recipe, demo, doctor),
)
for command in COMMANDS:
    ncvc.add_command(command)


def run() -> None:
    """Runs `ncvc`; exits with the status of the error if there is one. Raises `KeyboardInterrupt` for Ctrl-C."""
    try:
        ncvc(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:  # its message is the help
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        vars(error)["message"] = printable(error.message)
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        raise KeyboardInterrupt from None
    except BrokenPipeError:
        # The reader of a pipe has gone, as `| head` does; nobody is left to hear of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        warn(sentence)
        sys.exit(1)


def _sentence(error: Exception) -> str | None:
    """Returns one sentence for an error that the user can mend; None for a defect of ncvc."""
    from ncvc.errors import NcvcError  # only now: it loads the engine

    if isinstance(error, NcvcError):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and not (error.name or "ncvc").startswith("ncvc"):
        return f"{error.name} is not installed; `ncvc doctor` lists the packages that each command needs"
    if isinstance(error, shutil.Error):  # of a whole tree: the first file that failed
        first = error.args[0][0]
        return f"{first[1]}: {ERRNO.sub('', str(first[2])).partition(': ')[0]}"
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        return f"{error.filename}: {reason}" if error.filename else reason
    return None
