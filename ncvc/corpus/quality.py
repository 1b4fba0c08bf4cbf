"""The filter of low quality: a linear model that runs in the pass, or the scores of a larger one."""

import math
from pathlib import Path
from typing import Annotated, Any

import pydantic

from ncvc.config import Config
from ncvc.documents.sources import named_path
from ncvc.errors import ConfigError
from ncvc.manifest import MANIFEST, QUALITY_MODEL, QUALITY_SCORES, own_manifest

WEIGHTS = "weights.npy"
"""Weights of the linear model in its folder: 2ⁿ 32-bit floats."""
SCORES = "scores.bin"
"""Rows of 20 bytes, by their first 16: the beginning of the text's SHA-256, and its score as a 32-bit float."""


class Quality(Config):
    """Filter of documents that a model gives a low score."""

    model: str
    """Folder that `ncvc quality fit` wrote, whose linear model runs in the pass, or one of `ncvc quality apply`, with
    the scores of a random forest on embeddings of the very files that the pass reads; relative to the config."""
    threshold: Annotated[float, pydantic.Field(ge=0, le=1)] = 0.5
    """Smallest probability of high quality with which a document stays."""

    def options(self, folder: Path) -> dict[str, Any]:
        """Returns the options of the engine's filter; paths are relative to `folder`.

        Raises `ConfigError` if the folder is none of the two.
        """
        path = named_path(self.model, folder)
        manifest = own_manifest(path) or {}
        files = manifest.get("files", {})
        match manifest.get("stage"):
            case str(stage) if stage == QUALITY_MODEL and WEIGHTS in files and (facts := _facts(manifest)):
                model = {"kind": "linear", "weights": str(path / WEIGHTS), "sha256": files[WEIGHTS]["sha256"], **facts}
            case str(stage) if stage == QUALITY_SCORES and SCORES in files:
                model = {"kind": "scores", "scores": str(path / SCORES), "sha256": files[SCORES]["sha256"]}
            case _:
                raise ConfigError(
                    f"{path}: no folder that `ncvc quality fit` or `ncvc quality apply` wrote, or its {MANIFEST} was"
                    " changed; name one as `filters.quality.model`"
                )
        return {"model": model, "threshold": self.threshold}


def _facts(manifest: dict[str, Any]) -> dict[str, Any] | None:
    """Returns the linear model's intercept and lengths; None if the manifest has something else in their place."""
    facts = manifest.get("linear")
    if not isinstance(facts, dict):
        return None
    intercept: Any = facts.get("intercept")
    sizes = [facts.get("shortest"), facts.get("longest")]
    if type(intercept) not in (int, float) or not math.isfinite(intercept):
        return None
    if not all(type(size) is int and size > 0 for size in sizes):
        return None
    return {"intercept": intercept, "shortest": sizes[0], "longest": sizes[1]}
