"""The demo's classifier of quality: labels of a stated rule, a linear model, and a pass that drops by it."""

from collections.abc import Iterator
from pathlib import Path

from ncvc.demo.stages import Stage
from ncvc.files import read_json

SIZE = 600
"""Documents that are labelled."""
THRESHOLD = 0.5
"""Score below which the pass drops a document."""


def quality_stages(folder: Path, labeller: str) -> list[Stage]:
    """Returns the commands; `labeller` is the address of the stand-ins."""

    def inside(name: str) -> str:
        return str(folder / name)

    config = inside("preprocess.yaml")
    model = f"sources.0.filters.quality={{model: quality-model, threshold: {THRESHOLD}}}"
    return [
        Stage("clean text", folder / "text", ("preprocess", config, "--to", "text", "--set", "output=text")),
        Stage(
            "labels",
            folder / "labels",
            (
                *("quality", "label", inside("text/corpus.jsonl.zst"), "-o", inside("labels"), "--size", str(SIZE)),
                *("--labeller", f"{labeller}#rule", "--batch-size", "32"),
            ),
        ),
        Stage(
            "classifier", folder / "quality-model", ("quality", "fit", inside("labels"), "-o", inside("quality-model"))
        ),
        Stage(
            "filtered text",
            folder / "filtered",
            ("preprocess", config, "--to", "text", "--set", "output=filtered", "--set", model),
        ),
    ]


def quality_lines(folder: Path) -> Iterator[str]:
    """Yields what the rule said of the sample, and what the classifier dropped."""
    [labelled] = read_json(folder / "labels/summary.json")["labellers"].values()
    before, after = (read_json(folder / name / "summary.json")["documents"]["out"] for name in ("text", "filtered"))
    yield (
        f"quality by a stated rule (full sentences, no casual marks): {labelled['低']} of {SIZE} labelled documents are"
        f" 低; the classifier drops {before - after:,} of {before:,}"
    )
    yield f"classifier: {folder / 'quality-model/report.html'}; what it dropped: {folder / 'filtered/dropped'}"
