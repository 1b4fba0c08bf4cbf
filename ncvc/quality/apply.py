"""Scores embedded documents with the random forest, for the corpus pass.

The folder that is written holds `scores.bin` (rows of 20 bytes, sorted: the document's id and its score, a 32-bit
float), `summary.json`, and `manifest.json`. `filters.quality.model` names it.
"""

from pathlib import Path
from typing import Any

import numpy as np

from ncvc import __version__
from ncvc.errors import NcvcError
from ncvc.files import sha256, whole_folder, write_json
from ncvc.manifest import MANIFEST, QUALITY_MODEL, QUALITY_SCORES, write_manifest
from ncvc.outputs import require_output, require_untouched
from ncvc.quality.embed import read_embeddings
from ncvc.quality.folders import require_folder
from ncvc.quality.forest import load_forest
from ncvc.quality.measures import THRESHOLDS

SCORES = "scores.bin"
SUMMARY = "summary.json"
ROW = np.dtype([("id", "V16"), ("score", "<f4")])


def apply(model: Path, embeddings: Path, out: Path, *, replace: bool = False) -> dict[str, Any]:
    """Writes the folder `out`; returns the number of documents, and the share that each threshold would drop.

    Raises an `NcvcError` for folders that do not fit together.
    """
    manifest = require_folder(model, QUALITY_MODEL)
    facts = manifest.get("forest")
    dimensions = facts.get("dimensions") if isinstance(facts, dict) else None
    if not isinstance(dimensions, int):
        raise NcvcError(f"{model}: holds no forest; name a folder that `ncvc quality fit --embeddings` wrote")
    final = require_output(out, QUALITY_SCORES, reads=[model, embeddings], replace=replace)
    forest = load_forest(model, dimensions)
    parts = []
    for ids, vectors in read_embeddings(embeddings):
        if vectors.shape[1] != dimensions:
            raise NcvcError(
                f"{embeddings}: {vectors.shape[1]} dimensions, and the forest was trained on {dimensions}; embed with"
                " the same model"
            )
        rows = np.zeros(len(ids), ROW)
        rows["id"] = np.ascontiguousarray(ids).view("V16")[:, 0]
        rows["score"] = forest.scores(vectors)
        parts.append(rows)
    scores = np.concatenate(parts)
    # Equal texts have equal ids; one row is enough.
    _, first = np.unique(scores["id"].copy().view(">u8").reshape(-1, 2), axis=0, return_index=True)
    scores = scores[first]
    going = {str(threshold): float((scores["score"] < threshold).mean()) for threshold in THRESHOLDS}
    summary = {"documents": len(scores), "going": going}
    with whole_folder(final, require_untouched) as folder:
        (folder / SCORES).write_bytes(scores.tobytes())
        write_json(folder / SUMMARY, summary)
        inputs = {str(path): sha256(path / MANIFEST) for path in (model, embeddings)}
        write_manifest(folder, stage=QUALITY_SCORES, ncvc=__version__, inputs=inputs, **summary)
    return summary
