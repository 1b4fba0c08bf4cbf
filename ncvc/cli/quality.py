"""`ncvc quality`."""

from pathlib import Path
from typing import Any

import click

from ncvc.cli.options import (
    EXISTING_FOLDER,
    Console,
    Group,
    answers,
    device_option,
    dtype_option,
    folder_option,
    force_option,
    form_option,
    key_file_option,
    restart_option,
    text_field_option,
)

batch_size_option = click.option(
    "--batch-size", type=click.IntRange(min=1), default=8, show_default=True, help="Documents, or requests, at once."
)
most_characters_option = click.option(
    "--most-characters",
    type=click.IntRange(min=1),
    default=4000,
    show_default=True,
    help="Shows a server, or a labeller, the beginning of longer documents.",
)
seed_option = click.option("--seed", type=click.IntRange(min=0), default=42, show_default=True, help="Of the draw.")


@click.group(cls=Group)
def quality() -> None:
    """Trains and applies a classifier of textbook quality, as the papers did: label, embed, fit, apply.

    \b
    Examples:
      ncvc preprocess preprocess.yaml --to text --set output=text
      ncvc quality label text/general.jsonl.zst -o labels --labeller http://127.0.0.1:8000/v1
      ncvc quality fit labels -o quality-model
      ncvc preprocess preprocess.yaml --set 'sources.0.filters.quality={model: quality-model}'
    """


@quality.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@folder_option
@click.option(
    "--labeller",
    "labellers",
    multiple=True,
    required=True,
    metavar="MODEL",
    help="A folder, a GGUF file, or the address of a server; of several the first one's labels count.",
)
@click.option("--size", type=click.IntRange(min=1), default=100_000, show_default=True, help="Documents to draw.")
@seed_option
@click.option("--runs", type=click.IntRange(min=1), default=1, show_default=True, help="Asks each labeller so often.")
@most_characters_option
@text_field_option
@form_option
@batch_size_option
@device_option
@dtype_option
@key_file_option
@restart_option
@force_option
@answers
def label(
    inputs: tuple[str, ...],
    out: Path,
    labellers: tuple[str, ...],
    force: bool,
    restart: bool,
    console: Console,
    **options: Any,
) -> None:
    """Draws documents of INPUTs and asks language models whether they are of textbook quality: 高 or 低.

    INPUTs are files or folders that `ncvc preprocess --to text` wrote. Any other answer is counted and left out.
    Answers are kept batch by batch: started again after a crash the command goes on. With two labellers or two runs
    their agreement is reported as Cohen's kappa.

    \b
    Examples:
      ncvc quality label text/general.jsonl.zst -o labels --labeller http://127.0.0.1:8000/v1
      ncvc quality label text/*.jsonl.zst -o labels --labeller my-model --labeller other-model --size 10000
    """
    from ncvc.evaluate.engine import Settings
    from ncvc.evaluate.models import find_models
    from ncvc.quality.documents import find_inputs
    from ncvc.quality.label import Labelling
    from ncvc.quality.label import label as run

    labelling = Labelling(
        find_inputs(inputs),
        find_models(labellers),
        size=options["size"],
        seed=options["seed"],
        runs=options["runs"],
        most_characters=options["most_characters"],
        text_field=options["text_field"],
        settings=Settings(form=options["form"], max_new_tokens=8, dtype=options["dtype"]),
    )
    summary = run(
        labelling,
        out,
        device=options["device"],
        batch_size=options["batch_size"],
        key_file=options["api_key_file"],
        replace=force,
        restart=restart,
        reporter=console.reporter,
    )
    lines = [f"{summary['documents']:,} documents"]
    for name, counts in summary["labellers"].items():
        lines.append(f"  {name}: 高 {counts['高']:,}, 低 {counts['低']:,}, other answers {counts['left_out']:,}")
    for pair in summary["agreement"]:
        kappa = "no kappa: all labels are the same" if pair["kappa"] is None else f"kappa {pair['kappa']:.3f}"
        lines.append(f"  {' and '.join(pair['labellers'])}: {pair['equal']:,} of {pair['documents']:,} equal, {kappa}")
    console.close({"output": str(out), **summary}, [*lines, f"written to {out}"])


@quality.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@folder_option
@click.option("--model", required=True, help="A folder of the Hugging Face form, or the address of a server.")
@click.option(
    "--max-tokens",
    type=click.IntRange(min=1),
    default=2048,
    show_default=True,
    help="Reads the beginning of longer documents; of a folder's model.",
)
@most_characters_option
@text_field_option
@batch_size_option
@device_option
@dtype_option
@key_file_option
@restart_option
@force_option
@answers
def embed(
    inputs: tuple[str, ...], out: Path, model: str, force: bool, restart: bool, console: Console, **options: Any
) -> None:
    """Embeds every document of INPUTs: a model's last hidden state of its last token.

    INPUTs are as for `ncvc quality label`. Started again after a crash the command goes on.

    \b
    Examples:
      ncvc quality embed text/general.jsonl.zst -o embeddings --model my-model --device cuda --dtype bfloat16
      ncvc quality embed text/*.jsonl.zst -o embeddings --model 'http://127.0.0.1:8000/v1#embedder'
    """
    from ncvc.evaluate.models import find_models
    from ncvc.quality.documents import find_inputs
    from ncvc.quality.embed import Embedding
    from ncvc.quality.embed import embed as run

    embedding = Embedding(
        find_inputs(inputs),
        find_models([model])[0],
        max_tokens=options["max_tokens"],
        most_characters=options["most_characters"],
        text_field=options["text_field"],
        dtype=options["dtype"],
    )
    counts = run(
        embedding,
        out,
        device=options["device"],
        batch_size=options["batch_size"],
        key_file=options["api_key_file"],
        replace=force,
        restart=restart,
        reporter=console.reporter,
    )
    lines = [f"{counts['documents']:,} documents in {counts['dimensions']:,} dimensions", f"written to {out}"]
    console.close({"output": str(out), **counts}, lines)


@quality.command()
@click.argument("labels", type=EXISTING_FOLDER)
@folder_option
@click.option("--embeddings", type=EXISTING_FOLDER, help="Trains a random forest on these, too.")
@click.option("--shortest", type=click.IntRange(1, 8), default=1, show_default=True, help="Characters of n-grams.")
@click.option("--longest", type=click.IntRange(1, 8), default=2, show_default=True, help="Characters of n-grams.")
@click.option(
    "--bits", type=click.IntRange(8, 22), default=16, show_default=True, help="The linear model has 2^N weights."
)
@click.option("--trees", type=click.IntRange(min=1), default=100, show_default=True, help="Trees of the forest.")
@click.option(
    "--held-out",
    type=click.FloatRange(0.05, 0.5),
    default=0.2,
    show_default=True,
    help="Share of the documents that the models are measured on.",
)
@seed_option
@force_option
@answers
def fit(
    labels: Path,
    out: Path,
    embeddings: Path | None,
    shortest: int,
    longest: int,
    bits: int,
    trees: int,
    held_out: float,
    seed: int,
    force: bool,
    console: Console,
) -> None:
    """Trains classifiers on LABELS of `ncvc quality label`, and measures them on held-out documents.

    A linear model of n-grams of characters runs in the corpus pass (`filters.quality`) and needs nothing else. With
    embeddings a random forest is trained as in the papers, for `ncvc quality apply`. Look at report.html.

    \b
    Examples:
      ncvc quality fit labels -o quality-model
      ncvc quality fit labels -o quality-model --embeddings embeddings
    """
    if shortest > longest:
        raise click.UsageError("--shortest is longer than --longest")
    from ncvc.quality.fit import fit as run
    from ncvc.quality.fit import require_sklearn

    require_sklearn()
    from ncvc.quality.linear import LinearOptions

    fitted = run(
        labels,
        out,
        embeddings=embeddings,
        options=LinearOptions(shortest, longest, bits),
        held_out=held_out,
        trees=trees,
        seed=seed,
        replace=force,
        reporter=console.reporter,
    )
    from dataclasses import asdict

    lines = [f"trained on {fitted.trained:,} documents, measured on {len(fitted.texts):,}"]
    for name, found in fitted.measures.items():
        shares = [
            f"{words} {'–' if value is None else f'{value:.1%}'}"
            for words, value in (("precision of 低", found.low_precision), ("recall of 低", found.low_recall))
        ]
        lines.append(f"  {name}: accuracy {found.accuracy:.1%}, {', '.join(shares)}")
    measures = {name: asdict(found) for name, found in fitted.measures.items()}
    lines += [f"written to {out}; look at {out / 'report.html'}"]
    console.close({"output": str(out), "trained_on": fitted.trained, "measures": measures}, lines)


@quality.command()
@click.argument("model", type=EXISTING_FOLDER)
@click.argument("embeddings", type=EXISTING_FOLDER)
@folder_option
@force_option
@answers
def apply(model: Path, embeddings: Path, out: Path, force: bool, console: Console) -> None:
    """Scores EMBEDDINGS by the random forest of MODEL, for `filters.quality` of a pass over the same files.

    \b
    Examples:
      ncvc quality apply quality-model embeddings -o scores
      ncvc preprocess again.yaml --set 'sources.0.filters.quality={model: scores, threshold: 0.5}'
    """
    from ncvc.quality.apply import apply as run

    summary = run(model, embeddings, out, replace=force)
    lines = [f"{summary['documents']:,} documents; a threshold would drop"]
    lines += [f"  {threshold}: {share:.1%}" for threshold, share in summary["going"].items()]
    console.close({"output": str(out), **summary}, [*lines, f"written to {out}"])
