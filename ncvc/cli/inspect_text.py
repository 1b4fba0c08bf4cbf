"""`ncvc inspect`: subcommands about texts, attention, runs and memorization."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ncvc.cli.options import (
    EXISTING_FILE,
    EXISTING_FOLDER,
    EXISTING_PATH,
    PATH,
    Command,
    Console,
    answers,
    folder_option,
    force_option,
    text_field_option,
)

tokenizer_option = click.option(
    "--tokenizer",
    type=EXISTING_FOLDER,
    help="The tokenizer folder of a model of ncvc.  [default: the one it names or holds]",
)
batch_option = click.option(
    "--batch-size", type=click.IntRange(min=1), default=32, show_default=True, help="Texts at once."
)
COUNT = re.compile("[0-9]{1,9}")
seed_option = click.option("--seed", type=int, default=0, show_default=True, help="The seed of what is random.")


@click.command(cls=Command)
@click.argument("tokenizer", type=EXISTING_FOLDER)
@click.argument("texts", nargs=-1, metavar="[TEXT...]")
@click.option("--file", "file", type=EXISTING_FILE, help="Takes the texts of a file: one a line, or JSON lines.")
@text_field_option
@click.option(
    "--beside", "beside", multiple=True, type=EXISTING_PATH, help="A tokenizer to compare; can be given more than once."
)
@click.option(
    "--show", type=click.IntRange(min=0), help="Shows the first texts, so many.  [default: all TEXTs, none of a file]"
)
@click.option("-o", "--output", "out", type=PATH, help="The folder to write.")
@force_option
@answers
def tokens(
    tokenizer: Path,
    texts: tuple[str, ...],
    file: Path | None,
    text_field: str,
    beside: tuple[Path, ...],
    show: int | None,
    out: Path | None,
    force: bool,
    console: Console,
) -> None:
    """Shows cleaning, morphemes and pieces of TEXTs side by side, and the fertility of tokenizers.

    TOKENIZER is a folder of `ncvc tokenizer train`, or a model folder with one. Those beside it are such folders,
    SentencePiece models (.model), files tokenizer.json, or folders that transformers reads; all get the cleaned text.
    With -o a folder with pictures and a page is written too.

    \b
    Examples:
      ncvc inspect tokens tokenizer 'ＨｂＡ１ｃ　６．５％、電話０３-００００-１２３４'
      ncvc inspect tokens tokenizer --file notes.txt --beside other/tokenizer.json --beside spm.model
      ncvc inspect tokens my-model '発熱と咳嗽を認める。' -o tokens
    """
    if bool(texts) == bool(file):
        raise click.UsageError("give TEXTs, or a file of them with --file")
    from ncvc.errors import NcvcError
    from ncvc.inspect.texts import read_texts
    from ncvc.inspect.tokens.other import require_tokenizer, tokenizer_folder

    folder = tokenizer_folder(tokenizer)
    if folder is None:
        raise NcvcError(f"{tokenizer}: no tokenizer of ncvc in it; give a folder that `ncvc tokenizer train` wrote")
    for other in beside:
        require_tokenizer(other)
    output = None
    if out is not None:
        from ncvc.inspect.folder import require_inspection
        from ncvc.inspect.picture import require_font

        require_font()
        reads = [tokenizer, *beside, *([file] if file else [])]
        output = require_inspection("tokens", out, reads, replace=force)

    from ncvc.inspect.tokens.run import run

    if show is None:
        show = len(texts)
    result = run(folder, read_texts(file, text_field) if file else texts, beside, show=show, output=output)
    if not console.as_json and not console.quiet:
        from ncvc.inspect.tokens.terminal import fertility_lines, text_lines

        width, colours = shutil.get_terminal_size().columns, sys.stdout.isatty()
        for each in result.views:
            click.echo("\n".join([*text_lines(each, width, colours=colours), ""]))
        click.echo("\n".join(fertility_lines(result.fertilities)))
    console.close({"output": str(out) if out else None, **result.dump()}, [f"written to {out}"] if out else [])


@click.command(cls=Command)
@click.argument("model", type=EXISTING_PATH)
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...")
@folder_option
@click.option("--layers", help="Layers of the maps, as in 1,12,24.  [default: 1,12,24, or first, middle and last]")
@click.option("--heads", default="mean", show_default=True, help="mean, all, or numbers with commas between them.")
@tokenizer_option
@force_option
@answers
def attention(
    model: Path,
    texts: tuple[str, ...],
    out: Path,
    layers: str | None,
    heads: str,
    tokenizer: Path | None,
    force: bool,
    console: Console,
) -> None:
    """Draws attention over TEXTs in one sequence, as training packs documents, with the ends of texts marked.

    Beside the maps: the shares that go to the ends of texts, to the first token and to earlier documents, for every
    layer and head, with those of a head that attends to all alike. It stays within a text if the model was trained so.

    \b
    Examples:
      ncvc inspect attention my-model '発熱と咳嗽を認める。' '胸部X線に異常はない。' -o attention
      ncvc inspect attention my-model 'A' 'B' --layers 1,12,24 --heads 1,5 -o attention
    """
    from ncvc.inspect.attention.maps import parse_heads, parse_numbers
    from ncvc.inspect.folder import require_inspection
    from ncvc.inspect.model import find_model
    from ncvc.inspect.picture import require_font

    require_font()
    chosen, shown = parse_heads(heads), parse_numbers(layers, "--layers") if layers else ()
    output = require_inspection("attention", out, [model], replace=force)
    found = find_model(model, tokenizer)

    from ncvc.inspect.attention.run import run

    result = run(found, output, texts, shown, chosen, console.reporter)
    lines = [
        f"{share.kind.replace('_', ' ')}: {share.values.mean():.1%} of attention over all layers,"
        f" {share.uniform:.1%} if it were uniform"
        for share in result.shares
    ]
    if result.packed.document_mask:
        lines.append("attention stays within a document, as in the model's training")
    console.close({"output": str(out), **result.dump()}, [*lines, f"written to {out}"])


@click.command(cls=Command)
@click.argument("runs", nargs=-1, required=True, type=EXISTING_FOLDER, metavar="RUN...")
@folder_option
@force_option
@answers
def loss(runs: tuple[Path, ...], out: Path, force: bool, console: Console) -> None:
    """Draws the loss of RUNs over steps and tokens (the papers' figures 3 and 7), pre-training and tuning apart.

    \b
    Examples:
      ncvc inspect loss runs/ncvc-slm-1 -o loss
      ncvc inspect loss runs/first runs/second tuning -o loss
    """
    from ncvc.inspect.folder import require_inspection
    from ncvc.inspect.picture import require_font
    from ncvc.train.metrics.history import read_histories

    require_font()
    output = require_inspection("loss", out, [*runs, *(run / "log.jsonl" for run in runs)], replace=force)
    histories = read_histories(runs)

    from ncvc.inspect.losses import write_losses

    numbers = write_losses(histories, output)
    lines = [
        f"{run['run']}: {run['steps']:,} steps, {run['tokens']:,} tokens, loss "
        + ("not finite" if run["smoothed_loss"] is None else f"{run['smoothed_loss']:.4f} (smoothed)")
        for run in numbers["runs"]
    ]
    console.close({"output": str(out), **numbers}, [*lines, f"written to {out}"])


@click.command(cls=Command)
@click.argument("evaluations", nargs=-1, required=True, type=EXISTING_FOLDER, metavar="EVALUATION...")
@folder_option
@click.option("--score", help="A score of the report, or points of an examination.  [default: each task's main one]")
@force_option
@answers
def scores(evaluations: tuple[Path, ...], out: Path, score: str | None, force: bool, console: Console) -> None:
    """Draws scores over seen tokens (the papers' figure 6): a point a checkpoint, a line a task, with intervals.

    EVALUATIONs are folders of `ncvc evaluate`, of checkpoints or of models converted from them.

    \b
    Examples:
      ncvc evaluate runs/mine/checkpoints/step_* --suite igakuqa --data benchmarks -o curve
      ncvc inspect scores curve -o scores
      ncvc inspect scores first second --score points -o scores
    """
    from ncvc.inspect.folder import require_inspection
    from ncvc.inspect.picture import require_font
    from ncvc.inspect.scores.curves import read_curves

    require_font()
    output = require_inspection("scores", out, evaluations, replace=force)
    curves, unplaced = read_curves(evaluations, score)

    from ncvc.inspect.scores.write import write_scores

    numbers = write_scores(curves, unplaced, output)
    lines = [f"{curve.task}: {len(curve.points)} checkpoints" for curve in curves]
    lines += [f"{name}: left out: it is not known how many tokens it has seen" for name in unplaced]
    console.close({"output": str(out), **numbers}, [*lines, f"written to {out}"])


@click.command(cls=Command)
@folder_option
@click.option("--counts", default="0,1,2,4,8,16,32", show_default=True, help="Numbers of documents that hold a secret.")
@click.option(
    "--each", type=click.IntRange(min=1), default=5, show_default=True, help="Canaries of each count and form."
)
@seed_option
@force_option
@answers
def canaries(out: Path, counts: str, each: int, seed: int, force: bool, console: Console) -> None:
    """Makes canaries: documents with random secrets, to be planted in the training data, and the list of secrets.

    Secrets are six digits or six kana in a fixed sentence; those of the count 0 are in no document, for comparison.
    documents.jsonl is a source of `ncvc preprocess`, secrets.jsonl is for `ncvc inspect memorization`.

    \b
    Examples:
      ncvc inspect canaries -o canaries
      ncvc inspect canaries --counts 0,1,10,100 --each 20 --seed 1 -o canaries
    """
    parts = [part.strip() for part in counts.split(",")]
    numbers = [int(part) for part in parts if COUNT.fullmatch(part)]
    if len(set(numbers)) < len(parts):
        raise click.BadParameter(f"{counts}: give different numbers with commas between them", param_hint="--counts")
    from ncvc.inspect.memorization.canaries import DOCUMENTS, SECRETS, write_canaries

    made = write_canaries(out, numbers, each, seed, replace=force)
    documents = sum(canary.count for canary in made)
    lines = [
        f"{documents:,} documents in {out / DOCUMENTS}: a source for `ncvc preprocess`",
        f"{len(made):,} secrets in {out / SECRETS}",
    ]
    console.close({"output": str(out), "canaries": len(made), "documents": documents}, lines)


@click.command(cls=Command)
@click.argument("models", nargs=-1, required=True, type=EXISTING_PATH, metavar="MODEL...")
@folder_option
@click.option("--canaries", "planted", type=EXISTING_PATH, help="Looks for the secrets of `ncvc inspect canaries`.")
@click.option(
    "--alternatives",
    type=click.IntRange(min=1, max=100_000),
    default=1023,
    show_default=True,
    help="Random secrets that each is compared with.",
)
@seed_option
@click.option("--texts", "file", type=EXISTING_FILE, help="Looks for what the model reproduces of a file's texts.")
@text_field_option
@click.option(
    "--data", "data", multiple=True, metavar="PREFIX", help="Counts that in a dataset, PREFIX.bin; may be given again."
)
@click.option("--length", type=click.IntRange(min=1), default=32, show_default=True, help="Tokens of an n-gram.")
@click.option(
    "--prefix", type=click.IntRange(min=1), default=32, show_default=True, help="Tokens that the model is given."
)
@click.option("--stride", type=click.IntRange(min=1), help="Tokens from one n-gram to the next.  [default: --length]")
@click.option("--show-text", is_flag=True, help="Writes reproduced text too; the folder is private then.")
@batch_option
@tokenizer_option
@force_option
@answers
def memorization(
    models: tuple[Path, ...],
    out: Path,
    planted: Path | None,
    alternatives: int,
    seed: int,
    file: Path | None,
    text_field: str,
    data: tuple[str, ...],
    stride: int | None,
    tokenizer: Path | None,
    force: bool,
    console: Console,
    **options: Any,
) -> None:
    """Measures what MODEL has memorized: planted canaries, or n-grams of given texts.

    With --canaries: the exposure of each secret and whether the model gives it away, by the number of documents that
    held it; several MODELs, such as those trained with and without deduplication, share a picture. With --texts: the
    n-grams of tokens that the model at temperature 0 continues word for word, and how often they are in the data.

    \b
    Examples:
      ncvc inspect memorization with-duplicates deduplicated --canaries canaries -o exposure
      ncvc inspect memorization my-model --texts notes.txt --data tokens/corpus -o reproduced
      ncvc inspect memorization my-model --texts notes.txt --length 16 --stride 1 --show-text -o reproduced
    """
    if (planted is None) == (file is None):
        raise click.UsageError("give --canaries or --texts")
    if file and len(models) > 1:
        raise click.UsageError("--texts is for one MODEL")
    if planted and (data or options["show_text"]):
        raise click.UsageError("--data and --show-text belong to --texts")
    from ncvc.indexed import IndexedDataset
    from ncvc.inspect.folder import require_inspection
    from ncvc.inspect.memorization.canaries import read_canaries
    from ncvc.inspect.model import find_model
    from ncvc.inspect.picture import require_font
    from ncvc.inspect.texts import read_texts

    require_font()
    read = [*models, planted, file, *(Path(f"{each}.idx") for each in data)]
    output = require_inspection("memorization", out, [path for path in read if path], replace=force)
    secrets = read_canaries(planted) if planted else []
    texts = read_texts(file, text_field) if file else []
    datasets = [IndexedDataset.open(each) for each in data]
    found = [find_model(model, tokenizer) for model in models]

    from ncvc.inspect.memorization.run import run_canaries, run_texts

    if planted:
        sample = {"size": alternatives, "seed": seed, "batch_size": options["batch_size"]}
        numbers = run_canaries(found, output, secrets, **sample, reporter=console.reporter)
        lines = _exposures(numbers)
    else:
        options["stride"] = stride or options["length"]
        numbers = run_texts(found[0], output, texts, datasets, **options, reporter=console.reporter)
        lines = _reproduced(numbers)
    console.close({"output": str(out), **numbers}, [*lines, f"written to {out}"])


def _reproduced(numbers: dict[str, Any]) -> Iterator[str]:
    """Yields the closing lines about texts."""
    found, of = numbers["reproduced"], numbers["stretches"]
    yield f"{found:,} of {of:,} n-grams of {numbers['length']} tokens are reproduced"
    for group in numbers.get("by_count", ()):
        yield f"  {group['count']} times in the data: {group['reproduced']:,} of {group['stretches']:,}"


def _exposures(numbers: dict[str, Any]) -> Iterator[str]:
    """Yields the closing lines about canaries."""
    for name, model in numbers["models"].items():
        yield f"{name}:"
        for group in model["by_count"]:
            yield (
                f"  in {group['count']:,} documents: exposure {group['mean']:.2f} bits,"
                f" {group['extracted']} of {group['canaries']} extracted"
            )


COMMANDS = (tokens, attention, loss, scores, canaries, memorization)
