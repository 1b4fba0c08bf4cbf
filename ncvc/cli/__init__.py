"""The `ncvc` command: one file a subcommand, `commands.py` lists them, heavy imports happen inside the commands."""

import sys


def main() -> None:
    """Runs `ncvc`; a mistake of the user's is one sentence on standard error and exit status 1."""
    try:
        # Here, so that Ctrl-C while Python still imports ends in one line too.
        from ncvc.cli.commands import run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("ncvc: stopped\n")
        sys.exit(130)
