"""The linear model in the engine against scikit-learn's, and as a filter of the pass."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

from ncvc._native import Filters, clean_batch
from ncvc.corpus.config import PreprocessConfig
from ncvc.corpus.filters import FiltersConfig
from ncvc.corpus.preprocess import preprocess
from ncvc.errors import ConfigError, NcvcError
from ncvc.executors import LocalExecutor
from ncvc.files import sha256
from ncvc.quality.documents import Document
from ncvc.quality.fit import fit
from ncvc.quality.linear import LinearOptions
from tests.conftest import SLOW
from tests.quality.conftest import write_documents


def by_scikit_learn(texts: list[str], weights: np.ndarray, intercept: float, shortest: int, longest: int) -> np.ndarray:
    """Scores of a scikit-learn model with these weights; n-grams are cut from the text, not from its bytes."""

    def ngrams(text: str) -> list[bytes]:
        lengths = range(shortest, longest + 1)
        return [text[i : i + n].encode("utf-32-le") for n in lengths for i in range(len(text) - n + 1)]

    features = HashingVectorizer(analyzer=ngrams, n_features=len(weights)).transform(texts)
    model = LogisticRegression()
    model.classes_, model.coef_ = np.array([0, 1]), weights[None].astype(np.float64)
    model.intercept_, model.n_features_in_ = np.array([intercept]), len(weights)
    return model.predict_proba(features)[:, 1]


def engine(path: Path, intercept: float, shortest: int, longest: int, threshold: float = 0.5) -> Filters:
    model = {"kind": "linear", "weights": str(path), "sha256": sha256(path)}
    model |= {"intercept": intercept, "shortest": shortest, "longest": longest}
    return Filters(json.dumps({"quality": {"model": model, "threshold": threshold}}))


def save(path: Path, bits: int, seed: int = 0, scale: float = 5.0) -> np.ndarray:
    weights = (np.random.RandomState(seed).randn(2**bits) * scale).astype("<f4")
    np.save(path, weights)
    return weights


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60), min_size=1, max_size=6),
    lengths=st.sampled_from([(1, 1), (1, 2), (1, 3), (2, 3), (2, 2), (3, 5), (8, 8), (1, 8)]),
    bits=st.sampled_from([1, 4, 10, 16]),
    intercept=st.floats(-3, 3),
)
def test_scores_are_scikit_learns(
    texts: list[str], lengths: tuple[int, int], bits: int, intercept: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "weights.npy"
    weights = save(path, bits, seed=bits)
    found = np.array(engine(path, intercept, *lengths).quality(texts))
    np.testing.assert_allclose(found, by_scikit_learn(texts, weights, intercept, *lengths), rtol=0, atol=1e-9)


@SLOW
def test_scores_are_scikit_learns_on_every_document_of_the_corpora(shared: Path, tmp_path: Path) -> None:
    weights = save(tmp_path / "weights.npy", 16)
    filters = engine(tmp_path / "weights.npy", -0.5, 1, 2)
    worst, documents = 0.0, 0
    for corpus in sorted((shared / "corpora").glob("*.jsonl.zst")):
        with zstandard.open(corpus, "rt", encoding="utf-8") as file:
            texts = [text for text in clean_batch([json.loads(line)["text"] for line in file]) if text]
        found = np.array(filters.quality(texts))
        documents += len(texts)
        worst = max(worst, float(np.abs(found - by_scikit_learn(texts, weights, -0.5, 1, 2)).max()))
    assert worst < 1e-6
    assert documents > 40_000


def test_the_filter_drops_below_the_threshold_and_counts(tmp_path: Path) -> None:
    path = tmp_path / "weights.npy"
    save(path, 12)
    texts = ["肺炎の治療を行った。", "買って良かった!", "続きはこちら", "高血圧である。", "咳が出る。"]
    scores = engine(path, 0.0, 1, 2).quality(texts)
    threshold = sorted(scores)[2]
    filters = engine(path, 0.0, 1, 2, threshold)
    reasons = [reason for _, reason in filters.apply_batch(texts)]
    # The document at the threshold stays.
    assert reasons == ["low_quality" if score < threshold else None for score in scores]
    [row] = [row for row in json.loads(filters.count(texts)) if row["filter"] == "quality"]
    dropped = [text for text, reason in zip(texts, reasons, strict=True) if reason]
    assert (row["seen"], row["dropped"], row["dropped_bytes"]) == (5, 2, len("".join(dropped).encode()))


def test_scores_are_found_by_text(tmp_path: Path) -> None:
    known = {"肺炎である。": 0.25, "咳が出る。": 0.75}
    rows = [bytes.fromhex(Document(text).id) + np.float32(score).tobytes() for text, score in known.items()]
    path = tmp_path / "scores.bin"
    path.write_bytes(b"".join(rows))

    def filters(digest: str) -> Filters:
        return Filters(json.dumps({"quality": {"model": {"kind": "scores", "scores": str(path), "sha256": digest}, "threshold": 0.5}}))  # fmt: skip

    found = filters(sha256(path))
    assert found.quality([*known, "別の文。"]) == [0.25, 0.75, None]
    assert [reason for _, reason in found.apply_batch([*known, "別の文。"])] == ["low_quality", None, None]
    [row] = [row for row in json.loads(found.count([*known, "別の文。"])) if row["filter"] == "quality"]
    assert row["seen"] == 2  # the text without a score is none of its
    with pytest.raises(NcvcError, match="changed"):
        filters("0" * 64)
    path.write_bytes(b"".join(rows)[:-1])
    with pytest.raises(NcvcError, match="not of the form"):
        filters(sha256(path))


@pytest.mark.parametrize("array", [np.zeros(8, "<f8"), np.zeros((2, 4), "<f4"), np.zeros(6, "<f4"), np.zeros(0, "<f4")])
def test_other_arrays_are_refused(array: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "weights.npy", array)
    with pytest.raises(NcvcError, match="not of the form"):
        engine(tmp_path / "weights.npy", 0.0, 1, 2)


@pytest.mark.parametrize("lengths", [(0, 1), (2, 1), (1, 9)])
def test_impossible_lengths_are_refused(lengths: tuple[int, int], tmp_path: Path) -> None:
    save(tmp_path / "weights.npy", 4)
    with pytest.raises(NcvcError, match="not of the form"):
        engine(tmp_path / "weights.npy", 0.0, *lengths)


@pytest.fixture
def fitted(labels: Path, tmp_path: Path) -> Path:
    fit(labels, tmp_path / "model", options=LinearOptions(bits=12))
    return tmp_path / "model"


def run(folder: Path, filters: dict[str, Any]) -> dict[str, Any]:
    source = {"name": "a", "inputs": ["in.jsonl"], "filters": dict.fromkeys(FiltersConfig.model_fields) | filters}
    config = PreprocessConfig.model_validate({"sources": [source], "output": "out"})
    return preprocess(config, folder, to="text", executor=LocalExecutor(1)).to_json()


def test_the_pass_reports_and_keeps_what_the_model_drops(fitted: Path, tmp_path: Path) -> None:
    texts = write_documents(tmp_path / "in.jsonl", 60, seed=1)
    summary = run(tmp_path, {"quality": {"model": "model", "threshold": 0.5}})
    scores = Filters(FiltersConfig.model_validate({"adult_words": None, "quality": {"model": "model"}}).options(tmp_path)).quality(texts)  # fmt: skip
    expected = [text for text, score in zip(texts, scores, strict=True) if score is not None and score < 0.5]
    with zstandard.open(tmp_path / "out/dropped/low_quality.jsonl.zst", "rt", encoding="utf-8") as file:
        dropped = [json.loads(line)["text"] for line in file]
    assert 20 < len(expected) < 40
    assert dropped == expected
    assert summary["reasons"]["low_quality"] == len(expected)
    assert "品質が低い" in (tmp_path / "out/report.html").read_text(encoding="utf-8")


def test_the_config_names_a_folder_of_ours_and_is_part_of_the_run(fitted: Path, tmp_path: Path) -> None:
    filters = FiltersConfig.model_validate({"quality": {"model": "model"}})
    before = json.loads(filters.options(tmp_path))["quality"]
    assert before["model"]["sha256"] == sha256(fitted / "weights.npy")
    # Without the filter the options are as they were before there was one.
    assert "quality" not in json.loads(FiltersConfig().options(tmp_path))
    (tmp_path / "other").mkdir()
    with pytest.raises(ConfigError, match="no folder that `ncvc quality fit`"):
        FiltersConfig.model_validate({"quality": {"model": "other"}}).options(tmp_path)
    (fitted / "weights.npy").write_bytes(b"something else")
    with pytest.raises(NcvcError, match="changed"):
        Filters(filters.model_copy(update={"adult_words": None}).options(tmp_path))
