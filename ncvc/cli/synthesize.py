"""`ncvc synthesize`."""

import sys
from pathlib import Path
from typing import Any

import click

from ncvc.cli.options import (
    EXISTING_FILE,
    EXISTING_FOLDER,
    FILE,
    UNFINISHED,
    Console,
    RunByDefault,
    answers,
    dry_run_option,
    force_option,
    set_option,
    warn,
)


@click.group(cls=RunByDefault)
def synthesize() -> None:
    """Writes textbooks, exercises and questions with language models: topics → documents.

    \b
    Examples:
      ncvc init synthesize
      ncvc synthesize synthesize.yaml --dry-run
      ncvc synthesize synthesize.yaml

    \b
    Every answer is kept as soon as it is there: the same command goes on after a crash.
    A writer that answers no more, too many failures or the spending limit end it with status 75.
    """


@synthesize.command()
@click.argument("config", type=EXISTING_FILE)
@set_option
@click.option("--no-ask", is_flag=True, help="Asks nothing; writes the output from the answers that are there.")
@dry_run_option
@force_option
@answers
def run(config: Path, overrides: tuple[str, ...], no_ask: bool, dry_run: bool, force: bool, console: Console) -> None:
    """Asks the writers of CONFIG for the texts that are not there yet, checks all, and writes the output folder.

    \b
    Examples:
      ncvc synthesize run synthesize.yaml
      ncvc synthesize run synthesize.yaml --set spending_limit=20
      ncvc synthesize run synthesize.yaml --no-ask --force
    """
    from ncvc.synthesize.config import SynthesizeConfig
    from ncvc.synthesize.errors import UnfinishedError

    loaded = SynthesizeConfig.load(config, overrides)
    if dry_run:
        from ncvc.synthesize.dry_run import estimate

        found = estimate(loaded, config.parent)
        console.close(found.dump(), [*found.lines(), "dry run: nothing was asked or written"])
        return
    from ncvc.synthesize.run import synthesize as synthesize_all

    try:
        result = synthesize_all(loaded, config.parent, ask=not no_ask, replace=force, reporter=console.reporter)
    except UnfinishedError as error:
        warn(str(error))
        sys.exit(UNFINISHED)
    summary, output = result.summary, str(config.parent / loaded.output)
    console.close(
        {"output": output, "spent": result.spent, **summary}, [*_lines(summary, result.spent), f"written to {output}"]
    )


@synthesize.command()
@click.argument("output", type=EXISTING_FOLDER)
@click.argument("page", type=FILE, required=False)
@click.option("--task", help="The task whose texts are compared; must be given with PAGE.")
@click.option(
    "--between",
    type=click.Choice(["writers", "prompts"]),
    default="writers",
    show_default=True,
    help="Compares texts on one topic by two writers, or of two prompts.",
)
@click.option("--pairs", type=click.IntRange(1, 1000), default=50, show_default=True, help="Pairs at the most.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Chooses other pairs.")
@click.option("--read", "judgements", type=EXISTING_FILE, help="The answers that a page saved, to be counted.")
@answers
def judge(
    output: Path, page: Path | None, task: str | None, judgements: Path | None, console: Console, **options: Any
) -> None:
    """Writes PAGE, an HTML file for a blind comparison of texts in OUTPUT, or counts the answers that it saved.

    The page shows two texts on one topic side by side, and not who wrote which. It works offline in any browser, keeps
    the answers there, and saves them as a file for --read.

    \b
    Examples:
      ncvc synthesize judge synthesized judge.html --task textbooks
      ncvc synthesize judge synthesized judge.html --task textbooks --between prompts --pairs 100
      ncvc synthesize judge synthesized --read judgements.json
    """
    if (page is None) == (judgements is None):
        raise click.UsageError("give PAGE to write, or --read with the answers of one")
    if judgements is not None:
        from ncvc.synthesize.judge.result import read_judgements

        choice, found = read_judgements(output, judgements)
        lines = [
            f"{each.one}: better {each.wins}, worse {each.losses}, alike {each.ties} than {each.other}"
            f" (sign test: p = {each.p_value:.3g})"
            for each in found
        ]
        rows = [{**vars(each), "p_value": each.p_value} for each in found]
        console.close({"output": str(output), "choice": choice.dump(), "comparisons": rows}, lines)
        return
    assert page is not None
    if task is None:
        raise click.UsageError("give --task with the page")
    from ncvc.synthesize.judge.page import write_page
    from ncvc.synthesize.judge.pairs import Choice, choose_pairs

    choice = Choice(task, **options)
    pairs = choose_pairs(output, choice)
    write_page(pairs, choice, page, output)
    following = f"ncvc synthesize judge {output} --read judgements.json"
    lines = [f"{len(pairs)} pairs, written to {page}; open it, and count its answers with: {following}"]
    console.close({"page": str(page), "pairs": len(pairs), "next": following}, lines)


def _lines(summary: dict[str, Any], spent: float) -> list[str]:
    names = ("kept", "set_aside", "failed", "missing")
    counts = ", ".join(
        f"{summary[name]:,} {name.replace('_', ' ')}" for name in names if summary[name] or name == "kept"
    )
    lines = [f"{summary['requests']:,} requests: {counts}"]
    lines += [f"  set aside: {reason} {count:,}" for reason, count in summary["reasons"].items()]
    lines += [f"  failed: {reason} {count:,}" for reason, count in summary["failures"].items()]
    return [*lines, f"spent: {spent:.6g}"] if spent else lines
