"""Trains the classifiers on labels, measures them on held-out documents, and writes them as plain arrays.

The folder that is written holds `weights.npy` (the linear model, which `filters.quality` runs), `forest.npy` (the
random forest, for `ncvc quality apply`; with embeddings only), `measures.json`, `report.html`, and `manifest.json`.
"""

import importlib.util
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ncvc import __version__
from ncvc.arrays import write_array
from ncvc.errors import NcvcError
from ncvc.files import sha256, whole_folder, write_json
from ncvc.manifest import MANIFEST, QUALITY_MODEL, write_manifest
from ncvc.outputs import require_output, require_untouched
from ncvc.progress import Reporter
from ncvc.quality.fitted import Fitted
from ncvc.quality.forest import TREES, fit_forest, save_forest
from ncvc.quality.labelled import Labelled, read_labelled
from ncvc.quality.measures import measure
from ncvc.quality.report import report_page

if TYPE_CHECKING:
    from ncvc.quality.linear import LinearOptions

WEIGHTS = "weights.npy"
MEASURES = "measures.json"
REPORT = "report.html"


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
    write_array(folder / WEIGHTS, linear.weights)
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
    return Fitted(texts, is_high, scores, measures, len(train), data.left_out, data.summary, facts)
