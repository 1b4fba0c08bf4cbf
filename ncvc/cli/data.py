"""`ncvc data`."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ncvc.cli import data_sources, data_terms
from ncvc.cli.options import EXISTING_FILE, EXISTING_FOLDER, PATH, Console, Group, answers, force_option, warn

if TYPE_CHECKING:
    from ncvc.data.prepare import Prepared


@click.group(cls=Group)
def data() -> None:
    """Prepares benchmarks, published corpora, term lists and topics, and checks question–answer data of one's own."""


for command in (*data_sources.commands(), *data_terms.commands()):
    data.add_command(command)


@data.command("jmed-llm")
@click.argument("folder", type=EXISTING_FOLDER)
@click.argument("output", type=PATH)
@force_option
@answers
def jmed_llm(folder: Path, output: Path, force: bool, console: Console) -> None:
    """Writes JMED-LLM from its checkout FOLDER as JSON lines: test rows, and all other rows for training.

    A table says how many test questions ask about a document that is in the training rows too.

    \b
    Examples:
      ncvc data jmed-llm JMED-LLM benchmarks/jmed-llm
    """
    from ncvc.data.prepare import prepare_jmed_llm

    _close(prepare_jmed_llm(folder, output, replace=force), output, console)


@data.command()
@click.argument("folder", type=EXISTING_FOLDER)
@click.argument("output", type=PATH)
@click.option(
    "--demonstrations",
    type=EXISTING_FILE,
    help="Solved examples for few-shot prompts.  [default: scripts/prompts/prompt.jsonl in FOLDER]",
)
@force_option
@answers
def igakuqa(folder: Path, output: Path, demonstrations: Path | None, force: bool, console: Console) -> None:
    """Writes IgakuQA, the medical licensing examination, from its checkout FOLDER as JSON lines.

    \b
    Examples:
      ncvc data igakuqa IgakuQA benchmarks/igakuqa
    """
    from ncvc.data.prepare import prepare_igakuqa

    _close(prepare_igakuqa(folder, output, demonstrations=demonstrations, replace=force), output, console)


@data.command()
@click.argument("test", type=EXISTING_FILE)
@click.argument("output", type=PATH)
@click.option("--train", type=EXISTING_FILE, help="Questions to tune on, in the same form.")
@force_option
@answers
def own(test: Path, output: Path, train: Path | None, force: bool, console: Console) -> None:
    """Writes your own questions, JSON lines in TEST, in the form that `ncvc evaluate` and `ncvc tune` read.

    A line has `task`, `question`, `answer`, and for a choice `choices`, a list of texts; the answer is the right text
    or its letter. Without `choices` it is a list of entities. `document` is the text that is asked about.

    \b
    Examples:
      ncvc data own questions.jsonl our-questions
      ncvc data own held-out.jsonl our-questions --train train.jsonl
    """
    from ncvc.data.prepare import prepare_own

    _close(prepare_own(test, output, train=train, replace=force), output, console)


@data.command()
@click.argument("output", type=PATH)
@click.option("--diseases", type=EXISTING_FILE, multiple=True, help="A list in J-MeDic's form; can be given again.")
@click.option("--drugs", type=EXISTING_FILE, multiple=True, help="A list in the price list's form; can be given again.")
@force_option
@answers
def topics(output: Path, diseases: tuple[Path, ...], drugs: tuple[Path, ...], force: bool, console: Console) -> None:
    """Writes the topics of `ncvc synthesize` from lists of diseases and drugs: CSV, TSV or Excel, as published.

    J-MeDic has the columns 出現形 and 標準病名, the price list of the health insurance 品名 and 成分名. Both are
    published with terms of use of their own, and are not part of ncvc.

    \b
    Examples:
      ncvc data topics topics --diseases MANBYO.csv --drugs prices.csv
    """
    if not diseases and not drugs:
        raise click.UsageError("give --diseases or --drugs")
    from ncvc.data.topics import prepare_topics

    prepared = prepare_topics(output, diseases=diseases, drugs=drugs, replace=force)
    lines = []
    for kind, count in prepared.topics.items():
        dropped = ", ".join(f"{number:,} {reason}" for reason, number in prepared.dropped[kind].items())
        out = f" of {prepared.rows[kind]:,} rows{f' ({dropped})' if dropped else ''}"
        lines.append(f"{kind}: {count:,} topics{out}; the papers had {prepared.papers[kind]:,}")
    console.close({"output": str(output), **vars(prepared)}, [*lines, f"written to {output}"])


@data.command()
@click.argument("file", type=EXISTING_FILE)
@answers
def check(file: Path, console: Console) -> None:
    """Checks the JSON lines in FILE: messages, instruction/input/output, or question/answer.

    Every bad row is named with its line and the reason; exit status 1 if there is one.

    \b
    Examples:
      ncvc data check questions.jsonl
      ncvc data check benchmarks/jmed-llm/train.jsonl --json
    """
    from ncvc.data.chat import BadRow, read_chats
    from ncvc.errors import InputError

    bad: list[BadRow] = []

    def set_aside(row: BadRow) -> None:
        bad.append(row)
        warn(str(row))

    forms = Counter(chat.form for chat in read_chats(file, set_aside))
    good = forms.total()
    rows = [{"place": row.place, "reason": row.reason} for row in bad]
    lines = [f"{good:,} good rows ({', '.join(f'{count:,} {form}' for form, count in forms.items())})"] if good else []
    console.close({"file": str(file), "good": good, "forms": dict(forms), "bad": rows}, lines)
    if bad:
        raise InputError(f"{file}: {len(bad):,} bad row{'s' if len(bad) > 1 else ''} of {good + len(bad):,}")


def _close(prepared: "Prepared", output: Path, console: Console) -> None:
    tasks = len(prepared.test)
    lines = [f"{sum(prepared.test.values()):,} test rows of {tasks} task{'s' if tasks > 1 else ''}"]
    if prepared.train:
        lines[0] += f", {prepared.train:,} training rows"
    for task, counts in prepared.leakage.items():
        found = f"{counts['document']} of {counts['test']} test documents are in them"
        lines.append(f"  {task}: {counts['train']:,} to train; {found}")
    if prepared.suite == "own" and any(counts["document"] for counts in prepared.leakage.values()):
        warn(
            "a model that is tuned on these training rows has seen documents of the test: leave them out of one of both"
        )
    if prepared.suite == "igakuqa":
        lines.append(
            f"{prepared.demonstrations} solved examples for few-shot prompts"
            if prepared.demonstrations
            else "no solved examples: zero-shot prompts only; --demonstrations names a file of them"
        )
    console.close({"output": str(output), **vars(prepared)}, [*lines, f"written to {output}"])
