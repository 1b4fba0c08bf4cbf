"""`ncvc inspect`: subcommands about weights and what they hold."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ncvc.cli.inspect_text import COMMANDS, tokenizer_option
from ncvc.cli.options import (
    EXISTING_FILE,
    EXISTING_PATH,
    Console,
    Group,
    answers,
    folder_option,
    force_option,
    form_option,
)

if TYPE_CHECKING:
    from ncvc.inspect.analogy.solve import Analogy

seed_option = click.option("--seed", type=click.IntRange(min=0), default=42, show_default=True, help="Of the drawing.")
head_option = click.option("--head", is_flag=True, help="Takes the output embedding instead of the input's.")


@click.group(cls=Group)
def inspect() -> None:
    """Shows what a model holds: pictures for a paper, a page, and the numbers.

    MODEL is a Hugging Face folder or a checkpoint of `ncvc train`. Each subcommand writes a folder.

    \b
    Examples:
      ncvc inspect analogy my-model 脳卒中 脳 心臓 -o analogy
      ncvc inspect embeddings my-model --terms diseases.csv -o embeddings
      ncvc inspect weights runs/mine -o weights
      ncvc inspect diff my-model tuned-model -o diff
      ncvc inspect knowledge my-model 脳卒中の原因は --choice 脳梗塞 --choice 骨折 -o knowledge
      ncvc inspect tokens tokenizer '発熱と咳嗽を認める。'
      ncvc inspect attention my-model '発熱と咳嗽を認める。' '胸部X線に異常はない。' -o attention
      ncvc inspect loss runs/first runs/second -o loss
      ncvc inspect scores evaluation -o scores
      ncvc inspect memorization my-model --texts notes.txt --data tokens/corpus -o reproduced
    """


for command in COMMANDS:
    inspect.add_command(command)


@inspect.command()
@click.argument("model", type=EXISTING_PATH)
@click.argument("words", nargs=-1, metavar="[A B C]")
@folder_option
@click.option("--file", "file", type=EXISTING_FILE, help="A file of analogies: a, b, c and d with tabs, a line each.")
@click.option("--words", "several", is_flag=True, help="Finds whole words only; one of several pieces is their mean.")
@head_option
@click.option("--unit", is_flag=True, help="Scales the three vectors to length 1 before they are added.")
@click.option(
    "--count", type=click.IntRange(min=1), default=10, show_default=True, help="The number of nearest pieces."
)
@tokenizer_option
@force_option
@answers
def analogy(
    model: Path,
    words: tuple[str, ...],
    out: Path,
    file: Path | None,
    several: bool,
    head: bool,
    unit: bool,
    count: int,
    tokenizer: Path | None,
    force: bool,
    console: Console,
) -> None:
    """Computes A − B + C on the token embedding, and finds the nearest pieces by their cosine.

    With --file it scores analogies whose answers are known: the place of d, the shares among the nearest 1, 5 and 10,
    and the mean reciprocal rank.

    \b
    Examples:
      ncvc inspect analogy my-model 脳卒中 脳 心臓 -o analogy
      ncvc inspect analogy my-model 尿路結石 尿路 胆管 --words -o analogy
      ncvc inspect analogy my-model --file analogies.tsv -o analogies
    """
    if (file is None) == (len(words) != 3) or (file and words):
        raise click.UsageError("give three words, or a file of analogies with --file")
    from ncvc.inspect.analogy.read import read_analogies
    from ncvc.inspect.folder import require_inspection
    from ncvc.inspect.model import find_model
    from ncvc.inspect.picture import require_font

    require_font()
    lines = read_analogies(file) if file else []
    output = require_inspection("analogy", out, [model, *([file] if file else [])], replace=force)
    found = find_model(model, tokenizer)

    from ncvc.inspect.analogy.run import run

    result = run(found, output, words, lines, several=several, head=head, unit=unit, count=count)
    from ncvc.inspect.analogy.write import REASONS

    said = [f"line {each.line} is left out: {each.word} {REASONS[each.reason][0]}" for each in result.left_out]
    shown = [line for each in result.solved for line in _lines(each)]
    if result.scores:
        tops = ", ".join(f"top {top} {share:.1%}" for top, share in result.scores.tops.items())
        shown.append(f"{result.scores.counted:,} analogies: {tops}, MRR {result.scores.mean_reciprocal_rank:.3f}")
    console.close({"output": str(out), **result.numbers}, [*result.notes, *said, *shown, f"written to {out}"])


def _lines(analogy: "Analogy") -> list[str]:
    from ncvc.inspect.analogy.write import title

    place = "" if analogy.rank is None else f" (expected: {analogy.expected}, place {analogy.rank:,})"
    nearest = [f"  {near.cosine:.3f} {near.piece}" for near in analogy.nearest]
    return [f"{title(analogy)}{place}", *nearest]


@inspect.command()
@click.argument("model", type=EXISTING_PATH)
@folder_option
@click.option("--terms", type=EXISTING_FILE, help="A list of terms, as disease names: pieces in it are coloured.")
@head_option
@click.option("--pieces", type=click.IntRange(min=50), metavar="N", help="Takes the first N pieces.  [default: all]")
@seed_option
@tokenizer_option
@force_option
@answers
def embeddings(
    model: Path,
    out: Path,
    terms: Path | None,
    head: bool,
    pieces: int | None,
    seed: int,
    tokenizer: Path | None,
    force: bool,
    console: Console,
) -> None:
    """Draws the token embedding in two dimensions by t-SNE (perplexity 15) and UMAP (15 neighbours).

    Function words (by IPADIC's part of speech), special tokens and the terms of --terms are coloured; the page has
    hover and search. The same seed gives the same points. Ids are in the order of the pieces' frequency.

    \b
    Examples:
      ncvc inspect embeddings my-model --terms diseases.csv -o embeddings
      ncvc inspect embeddings runs/mine/checkpoints/step_00024000 --pieces 8000 -o embeddings
    """
    from ncvc.dictionary.terms import read_terms
    from ncvc.inspect.folder import require_inspection
    from ncvc.inspect.model import find_model
    from ncvc.inspect.picture import require_font, require_packages

    require_font()
    require_packages(sklearn="scikit-learn", umap="umap-learn")
    listed = read_terms(terms).terms if terms else []
    output = require_inspection("embeddings", out, [model, *([terms] if terms else [])], replace=force)
    found = find_model(model, tokenizer)

    from ncvc.inspect.embeddings.run import run

    result = run(found, output, terms=listed, head=head, most=pieces, seed=seed, reporter=console.reporter)
    counts = ", ".join(f"{kind} {count:,}" for kind, count in result.counts.items())
    summary = {"output": str(out), "counts": result.counts, "seconds": result.seconds}
    console.close(summary, [f"{sum(result.counts.values()):,} pieces: {counts}", f"written to {out}"])


@inspect.command()
@click.argument("models", nargs=-1, required=True, type=EXISTING_PATH, metavar="MODEL...")
@folder_option
@tokenizer_option
@force_option
@answers
def weights(models: tuple[Path, ...], out: Path, tokenizer: Path | None, force: bool, console: Console) -> None:
    """Measures norms, spectra and dead units of the weights, layer by layer, over one or many checkpoints of a run.

    MODEL is a Hugging Face folder, a checkpoint, or a run, which stands for its checkpoints. One weight at a time is in
    memory. Rows of the embedding that kept their direction since the first checkpoint got no gradient.

    \b
    Examples:
      ncvc inspect weights my-model -o weights
      ncvc inspect weights runs/mine -o weights
      ncvc inspect weights runs/mine/checkpoints/step_00001000 runs/mine/checkpoints/step_00024000 -o weights
    """
    from ncvc.inspect.folder import require_inspection
    from ncvc.inspect.model import find_model, with_checkpoints
    from ncvc.inspect.picture import require_font

    require_font()
    paths = with_checkpoints(models)
    output = require_inspection("weights", out, paths, replace=force)
    found = [find_model(path, tokenizer) for path in paths]

    from ncvc.inspect.weights.run import run

    measured, _ = run(found, output, reporter=console.reporter)
    shown = []
    for each in measured:
        dead, units = sum(layer.dead for layer in each.dead), sum(layer.units for layer in each.dead)
        kept = "" if each.rows.unturned is None else f", {len(each.rows.unturned):,} embedding rows not turned"
        shown.append(f"{each.name}: {len(each.weights):,} weights, {dead:,} of {units:,} MLP units dead{kept}")
    console.close({"output": str(out), "models": [each.name for each in measured]}, [*shown, f"written to {out}"])


@inspect.command()
@click.argument("a", type=EXISTING_PATH)
@click.argument("b", type=EXISTING_PATH)
@folder_option
@tokenizer_option
@force_option
@answers
def diff(a: Path, b: Path, out: Path, tokenizer: Path | None, force: bool, console: Console) -> None:
    """Compares the weights of A and B, as of a base model and its tuned form: how much changed, where, of what rank.

    Each weight gets its relative change ‖B − A‖ / ‖A‖, the cosine of both, and the rank that holds 99 % of the change;
    the pieces are named whose embedding changed most. B may have a larger vocabulary.

    \b
    Examples:
      ncvc inspect diff my-model tuned-model -o diff
      ncvc inspect diff runs/mine/checkpoints/step_00023000 runs/mine/checkpoints/step_00024000 -o diff
    """
    from ncvc.inspect.folder import require_inspection
    from ncvc.inspect.model import find_model
    from ncvc.inspect.picture import require_font

    require_font()
    output = require_inspection("diff", out, [a, b], replace=force)
    models = find_model(a, tokenizer), find_model(b, tokenizer)

    from ncvc.inspect.diff.run import run

    difference, values = run(*models, output, reporter=console.reporter)
    changed = sorted(difference.changes, key=lambda change: -change.relative)
    shown = [f"  {change.relative:8.4f}  {change.name}" for change in changed[:5]]
    rows, turned = values["rows_changed"], values["rows_turned"]
    lines = [f"{name}: {count:,} rows changed, {turned[name]:,} their direction" for name, count in rows.items()]
    added = [f"{len(values['pieces_added']):,} pieces were added"] if values["pieces_added"] else []
    console.close(
        {"output": str(out), "rows_changed": rows, "rows_turned": turned, "pieces_added": values["pieces_added"]},
        ["largest relative changes:", *shown, *lines, *added, f"written to {out}"],
    )


@inspect.command()
@click.argument("model", type=EXISTING_PATH)
@click.argument("question", required=False)
@folder_option
@click.option("--choice", "choices", multiple=True, metavar="TEXT", help="A choice; give each of them.")
@click.option("--file", "file", type=EXISTING_FILE, help="A file of questions that `ncvc data` prepared.")
@click.option("--row", help="The question of --file: its id, or its line from 1.")
@click.option("--letters", is_flag=True, help="Weighs the labels of the row's choices instead of their texts.")
@form_option
@tokenizer_option
@force_option
@answers
def knowledge(
    model: Path,
    question: str | None,
    out: Path,
    choices: tuple[str, ...],
    file: Path | None,
    row: str | None,
    letters: bool,
    form: str,
    tokenizer: Path | None,
    force: bool,
    console: Console,
) -> None:
    """Weighs the choices of QUESTION layer by layer: each hidden state is read by the last norm and the head.

    Probabilities are those among the choices. Behind the last layer they are the model's own, as `ncvc evaluate`
    weighs them; a row gets the solved examples of its folder.

    \b
    Examples:
      ncvc inspect knowledge my-model 脳卒中の原因は --choice 脳梗塞 --choice 骨折 -o knowledge
      ncvc inspect knowledge my-model --file benchmarks/igakuqa/test.jsonl --row 7 -o knowledge
    """
    if (question is None) == (file is None) or (file is None) != (row is None) or (file and choices):
        raise click.UsageError("give a question with --choice, or a row with --file and --row")
    if letters and file is None:
        raise click.UsageError("--letters is for a row of --file")
    from ncvc.inspect.folder import require_inspection
    from ncvc.inspect.knowledge.question import own_question, read_question
    from ncvc.inspect.model import find_model
    from ncvc.inspect.picture import require_font

    require_font()
    asked = read_question(file, row, letters=letters) if file and row else own_question(question or "", choices)
    output = require_inspection("knowledge", out, [model, *([file] if file else [])], replace=force)
    found = find_model(model, tokenizer)

    from ncvc.inspect.knowledge.run import run

    known, values = run(found, asked, output, form=form, reporter=console.reporter)
    last = known.shares[-1]
    lines = [f"  {share:6.1%}  {choice.name}" for choice, share in zip(known.choices, last, strict=True)]
    console.close({"output": str(out), **values}, [*lines, f"written to {out}"])
