"""`ncvc evaluate`."""

from pathlib import Path
from typing import Any

import click

from ncvc.cli.options import (
    EXISTING_FOLDER,
    Command,
    Console,
    answers,
    device_option,
    dtype_option,
    folder_option,
    force_option,
    form_option,
    key_file_option,
    restart_option,
)
from ncvc.data import OWN, SUITES


@click.command(cls=Command, no_args_is_help=True)
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option(
    "--suite",
    default=",".join(SUITES),
    show_default=True,
    help="Benchmarks, with commas between them; own: your questions.",
)
@click.option(
    "--data",
    "data_folders",
    multiple=True,
    required=True,
    type=EXISTING_FOLDER,
    help="A folder that `ncvc data` wrote, or that holds such; can be given more than once.",
)
@folder_option
@form_option
@click.option(
    "--shots",
    type=click.IntRange(min=0),
    help="Solved examples before a question.  [default: as many as the benchmark has]",
)
@click.option(
    "--likelihood",
    type=click.Choice(["none", "letters", "texts"]),
    default="texts",
    show_default=True,
    help="Weighs the choices' letters too, or letters and texts; not on a server.",
)
@click.option("--max-new-tokens", type=click.IntRange(min=1), default=512, show_default=True, help="In tokens.")
@click.option("--limit", type=click.IntRange(min=1), help="Asks the first questions of each task only.")
@click.option("--batch-size", type=click.IntRange(min=1), default=8, show_default=True, help="Questions at once.")
@device_option
@dtype_option
@click.option("--tokenizer", type=EXISTING_FOLDER, help="The tokenizer of a checkpoint.  [default: the one it names]")
@key_file_option
@restart_option
@force_option
@answers
def evaluate(
    models: tuple[str, ...],
    suite: str,
    data_folders: tuple[Path, ...],
    out: Path,
    force: bool,
    restart: bool,
    console: Console,
    **options: Any,
) -> None:
    """Measures MODELs on medical benchmarks as the papers did, or on questions of one's own; writes a report.

    A MODEL is a folder that transformers loads, a GGUF file, a checkpoint of `ncvc train`, or the address of an
    OpenAI-compatible server with its model: http://127.0.0.1:8000/v1#NAME. Answers are kept one by one: started again
    after a crash the command goes on.

    \b
    Examples:
      ncvc evaluate my-model --data benchmarks -o scores
      ncvc evaluate runs/mine/checkpoints/step_* --suite igakuqa --data benchmarks -o curve
      ncvc evaluate my-model --suite own --data our-questions -o scores
      ncvc evaluate my-model 'http://127.0.0.1:8000/v1#other' --data benchmarks -o compared
    """
    from ncvc.evaluate.engine import Settings
    from ncvc.evaluate.models import find_models
    from ncvc.evaluate.plan import Plan, read_suites

    names = [name.strip() for name in suite.split(",")]
    if unknown := next((name for name in names if name not in (*SUITES, OWN)), None):
        raise click.UsageError(f"--suite {unknown}: choose from {', '.join((*SUITES, OWN))}")
    suites = read_suites(dict.fromkeys(names), data_folders, shots=options["shots"], limit=options["limit"])
    settings = Settings(form=options["form"], max_new_tokens=options["max_new_tokens"], dtype=options["dtype"])
    plan = Plan(find_models(models), suites, settings, options["likelihood"], options["limit"])

    from ncvc.evaluate.run import evaluate as run

    result = run(
        plan,
        out,
        device=options["device"],
        batch_size=options["batch_size"],
        tokenizer=options["tokenizer"],
        key_file=options["api_key_file"],
        replace=force,
        restart=restart,
        reporter=console.reporter,
    )
    from ncvc.evaluate.report.summary import summary_lines

    console.close({"output": str(out), **result.dump()}, [*summary_lines(result), f"written to {out}"])
