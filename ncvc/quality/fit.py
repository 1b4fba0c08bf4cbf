"""Trains the classifiers on labels, measures them on held-out documents, and writes them as plain arrays.

The folder that is written holds `weights.npy` (the linear model, which `filters.quality` runs), `forest.npy` (the
random forest, for `ncvc quality apply`; with embeddings only), `measures.json`, `report.html`, and `manifest.json`.
"""

import importlib.util
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ncvc import __version__
from ncvc.documents.lines import read_lines
from ncvc.documents.sources import LONGEST_LINE
from ncvc.errors import NcvcError
from ncvc.files import sha256, whole_folder, write_json
from ncvc.manifest import MANIFEST, QUALITY_LABELS, QUALITY_MODEL, write_manifest
from ncvc.outputs import require_output, require_untouched
from ncvc.progress import Reporter
from ncvc.quality.embed import read_embeddings
from ncvc.quality.folders import require_folder
from ncvc.quality.forest import TREES, fit_forest, save_forest
from ncvc.quality.label import LABELS
from ncvc.quality.measures import Measures, measure

if TYPE_CHECKING:
    from ncvc.quality.linear import LinearOptions

WEIGHTS = "weights.npy"
MEASURES = "measures.json"
REPORT = "report.html"
FEWEST = 10
"""Documents of each label that are needed, so that each is in every part of the split."""


@dataclass(frozen=True)
class Labelled:
    """Documents with their labels, and embeddings where there are."""

    ids: list[str]
    texts: list[str]
    is_high: np.ndarray
    """True for 高 [n]."""
    left_out: dict[str, int]
    """Reason → labelled documents that are not used."""
    embeddings: np.ndarray | None = None
    """[n, size] in 32 bits."""


@dataclass(frozen=True)
class Fitted:
    """What was found on the held-out documents."""

    texts: list[str]
    is_high: np.ndarray
    scores: dict[str, np.ndarray]
    """Model (`linear`, `forest`) → probabilities of 高."""
    measures: dict[str, Measures]
    trained: int
    left_out: dict[str, int]
    facts: dict[str, Any] = field(default_factory=dict)


def require_sklearn() -> None:
    """Raises `NcvcError` if scikit-learn is not installed."""
    if importlib.util.find_spec("sklearn") is None:
        raise NcvcError("scikit-learn is not installed; run pip install 'ncvc[quality]'")


def fit(
    labels: Path,
    out: Path,
    *,
    embeddings: Path | None = None,
    options: "LinearOptions | None" = None,
    held_out: float = 0.2,
    trees: int = TREES,
    seed: int = 42,
    replace: bool = False,
    reporter: Reporter | None = None,
) -> Fitted:
    """Writes the folder `out`; returns what was found on the share `held_out` of the documents.

    Raises an `NcvcError` for labels that are too few, or no folder of `ncvc quality label`.
    """
    require_sklearn()
    reporter = reporter or Reporter()
    reads = [labels, *([embeddings] if embeddings else [])]
    final = require_output(out, QUALITY_MODEL, reads=reads, replace=replace)
    data = read_labelled(labels, embeddings)
    identity = {str(path): sha256(path / MANIFEST) for path in reads}
    with whole_folder(final, require_untouched) as folder:
        fitted = _fit(data, folder, options, held_out, trees, seed, reporter)
        measures = {name: asdict(found) for name, found in fitted.measures.items()}
        write_json(folder / MEASURES, measures)
        from ncvc.quality.report import report_page

        (folder / REPORT).write_text(report_page(fitted), encoding="utf-8")
        settings = {"held_out": held_out, "seed": seed, "trained_on": fitted.trained, "left_out": data.left_out}
        write_manifest(folder, stage=QUALITY_MODEL, ncvc=__version__, inputs=identity, **settings, **fitted.facts)
    return fitted


def _fit(
    data: Labelled,
    folder: Path,
    options: "LinearOptions | None",
    held_out: float,
    trees: int,
    seed: int,
    reporter: Reporter,
) -> Fitted:
    """Trains, writes and measures the models; see `fit`."""
    from sklearn.model_selection import train_test_split

    from ncvc.quality.linear import LinearOptions, fit_linear, require_equal

    rows = np.arange(len(data.texts))
    train, test = train_test_split(rows, test_size=held_out, random_state=seed, stratify=data.is_high)
    train.sort()
    test.sort()
    texts = [data.texts[row] for row in test]
    reporter.say(f"training the linear model on {len(train):,} documents …")
    linear = fit_linear([data.texts[row] for row in train], data.is_high[train], options or LinearOptions(), seed)
    np.save(folder / WEIGHTS, linear.weights, allow_pickle=False)
    require_equal(linear, folder / WEIGHTS, texts)
    scores, facts = {"linear": linear.scores(texts)}, {"linear": linear.facts}
    if data.embeddings is not None:
        reporter.say(f"training {trees} trees on their embeddings …")
        forest = fit_forest(data.embeddings[train], data.is_high[train], seed, trees)
        save_forest(folder, forest)
        scores["forest"] = forest.scores(data.embeddings[test])
        facts["forest"] = {"trees": trees, "dimensions": data.embeddings.shape[1]}
    is_high = data.is_high[test]
    measures = {name: measure(found, is_high) for name, found in scores.items()}
    return Fitted(texts, is_high, scores, measures, len(train), data.left_out, facts)


def read_labelled(labels: Path, embeddings: Path | None) -> Labelled:
    """Reads the documents with a label, and with an embedding if there are; raises `NcvcError`."""
    require_folder(labels, QUALITY_LABELS)
    left_out: Counter[str] = Counter()
    ids, texts, is_high = [], [], []
    for line in read_lines(labels / LABELS, "utf-8", LONGEST_LINE):
        row = json.loads(line.text or "")
        if row["label"] is None:
            left_out["no label"] += 1
            continue
        ids.append(row["id"])
        texts.append(row["text"])
        is_high.append(row["label"] == "高")
    found = Labelled(ids, texts, np.array(is_high, bool), dict(left_out))
    if embeddings is not None:
        found = _with_embeddings(found, embeddings)
    counts = {"高": int(found.is_high.sum()), "低": int((~found.is_high).sum())}
    for label, count in counts.items():
        if count < FEWEST:
            raise NcvcError(
                f"{labels}: {count} documents labelled {label}, and at least {FEWEST} are needed to train and to"
                " measure; label a larger sample, or one of other text"
            )
    return found


def _with_embeddings(data: Labelled, folder: Path) -> Labelled:
    """Adds the embeddings of labelled documents; those without one are left out."""
    places = {bytes.fromhex(id_): place for place, id_ in enumerate(data.ids)}
    found: dict[int, np.ndarray] = {}
    for ids, embeddings in read_embeddings(folder):
        for id_, embedding in zip(ids, embeddings, strict=True):
            place = places.get(id_.tobytes())
            if place is not None:
                found[place] = embedding
    kept = sorted(found)
    left_out = data.left_out | {"no embedding": len(data.ids) - len(kept)}
    return Labelled(
        ids=[data.ids[place] for place in kept],
        texts=[data.texts[place] for place in kept],
        is_high=data.is_high[kept],
        left_out=left_out,
        embeddings=np.stack([found[place] for place in kept]) if kept else np.zeros((0, 1), np.float32),
    )


def convincing(scores: np.ndarray, is_high: np.ndarray, *, of_high: bool, most: int) -> tuple[list[int], list[int]]:
    """Returns the places of the `most` and least convincing documents of a label, the clearest first.

    Convincing is a document whose score is as its label says.
    """
    places = np.flatnonzero(is_high == of_high)
    order = places[np.argsort(-scores[places] if of_high else scores[places], kind="stable")]
    return order[:most].tolist(), order[::-1][:most].tolist()
