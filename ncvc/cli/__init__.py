"""The `ncvc` command: a file for each subcommand, all listed in `commands.py`; functions do the heavy imports."""

import sys


def main() -> None:
    """Runs `ncvc`; a user's mistake gives one sentence on standard error and exit status 1, Ctrl-C status 130."""
    try:
        # Here, so that Ctrl-C while Python still imports ends in one line too.
        from ncvc.cli.commands import run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("ncvc: stopped\n")
        sys.exit(130)
