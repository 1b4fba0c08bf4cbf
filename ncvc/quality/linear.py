"""The linear model: hashed n-grams of characters, trained by scikit-learn and applied by the engine.

See `rust/core/src/filter/quality.rs`, which gives scikit-learn's scores.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from ncvc import _native as native
from ncvc.errors import NcvcError
from ncvc.files import sha256

STRENGTHS = (1.0, 10.0, 100.0)
"""Values of scikit-learn's `C`, of which the best on a tenth of the training documents is taken."""
CLOSE = 1e-6
"""Largest difference of the engine's scores from scikit-learn's."""


@dataclass(frozen=True)
class LinearOptions:
    """Sizes of the model."""

    shortest: int = 1
    """Characters of the shortest n-grams."""
    longest: int = 2
    """Characters of the longest n-grams, at most 8."""
    bits: int = 16
    """The model has 2 to the power of this many weights."""


@dataclass(frozen=True)
class LinearModel:
    """A trained model, and scikit-learn's form of it."""

    options: LinearOptions
    classifier: LogisticRegression

    @property
    def weights(self) -> np.ndarray:
        """Weights of the buckets, in 32 bits."""
        return np.asarray(self.classifier.coef_[0], "<f4")

    @property
    def facts(self) -> dict[str, Any]:
        """Facts for the manifest, of which the engine needs lengths and intercept."""
        return {
            "shortest": self.options.shortest,
            "longest": self.options.longest,
            "intercept": float(self.classifier.intercept_[0]),
            "C": float(self.classifier.C),
        }

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """Returns scikit-learn's probabilities of 高 [texts]."""
        return np.asarray(self.classifier.predict_proba(vectorizer(self.options).transform(texts))[:, 1])


def vectorizer(options: LinearOptions) -> HashingVectorizer:
    """Returns scikit-learn's form of the features: a text's n-grams as UTF-32, hashed, counted, scaled to length 1."""
    return HashingVectorizer(analyzer=_ngrams(options.shortest, options.longest), n_features=2**options.bits)


def _ngrams(shortest: int, longest: int) -> Callable[[str], list[bytes]]:
    def analyze(text: str) -> list[bytes]:
        data = text.encode("utf-32-le")
        sizes = range(4 * shortest, 4 * longest + 1, 4)
        return [data[i : i + size] for size in sizes for i in range(0, len(data) - size + 1, 4)]

    return analyze


def fit_linear(texts: Sequence[str], is_high: np.ndarray, options: LinearOptions, seed: int) -> LinearModel:
    """Trains the model on cleaned texts and their labels [texts], of both kinds."""
    features = vectorizer(options).transform(texts)
    rows = np.arange(len(texts))
    train, check = train_test_split(rows, test_size=0.1, random_state=seed, stratify=is_high)

    def loss(strength: float) -> float:
        tried = _classifier(strength).fit(features[train], is_high[train])
        return float(log_loss(is_high[check], tried.predict_proba(features[check])[:, 1], labels=[False, True]))

    return LinearModel(options, _classifier(min(STRENGTHS, key=loss)).fit(features, is_high))


def _classifier(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=1000)


def require_equal(model: LinearModel, weights: Path, texts: Sequence[str]) -> None:
    """Raises `NcvcError` if the engine scores a text otherwise than scikit-learn does."""
    found = engine_scores(model.facts, weights, texts)
    worst = float(np.abs(found - model.scores(texts)).max())
    if not worst < CLOSE:
        raise NcvcError(f"{weights}: the engine's scores differ from scikit-learn's by {worst:.1e}; nothing is written")


def engine_scores(facts: dict[str, Any], weights: Path, texts: Sequence[str]) -> np.ndarray:
    """Returns the engine's probabilities of 高 [texts], by the weights in a file."""
    model = {"kind": "linear", "weights": str(weights), "sha256": sha256(weights)}
    model |= {name: facts[name] for name in ("intercept", "shortest", "longest")}
    filters = native.Filters(json.dumps({"quality": {"model": model, "threshold": 0.5}}))
    return np.array(filters.quality(texts), np.float64)
