"""Arrays in folders of models and embeddings; written by another author than the code, from the specification."""

import errno
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ncvc.arrays import write_array
from ncvc.corpus.quality import Quality
from ncvc.errors import ConfigError, NcvcError
from ncvc.files import sha256
from ncvc.manifest import QUALITY_EMBEDDINGS, QUALITY_MODEL, write_manifest
from ncvc.quality.apply import apply
from ncvc.quality.embed import read_embeddings
from ncvc.quality.forest import NODE, load_forest
from ncvc.quality.measures import BINS, measure


class Harmful:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.npy", b"")


DAMAGED: dict[str, Callable[[Path], Any]] = {
    "object array": lambda path: np.save(path, np.array([Harmful(path.with_name("harm"))]), allow_pickle=True),
    "pickle": lambda path: path.write_bytes(pickle.dumps(Harmful(path.with_name("harm")))),
    "npz": lambda path: np.savez(path.open("wb"), a=np.zeros(3)),
    "zip": zipped,
    "cut zip": lambda path: path.write_bytes(b"PK\x03\x04cut"),
    "empty": lambda path: path.write_bytes(b""),
    "no dimension": lambda path: np.save(path, np.float32(1)),
    "64 bits": lambda path: np.save(path, np.zeros((2, 4))),
    "absent": lambda path: path.unlink(missing_ok=True),
}


def node(**values: Any) -> np.ndarray:
    nodes = np.zeros(3, NODE)
    nodes["left"], nodes["right"] = [1, -1, -1], [2, -1, -1]
    nodes["high"] = [0.5, 0.0, 1.0]
    for name, value in values.items():
        nodes[name][0] = value
    return nodes


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_forest_is_an_array_of_nodes(damage: str, tmp_path: Path) -> None:
    DAMAGED[damage](tmp_path / "forest.npy")
    with pytest.raises(NcvcError, match=r"forest\.npy: missing or damaged"):
        load_forest(tmp_path, 4)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    "values", [{"high": np.nan}, {"high": 1.5}, {"threshold": np.inf}, {"left": 0}, {"right": 3}, {"feature": 4}]
)
def test_a_forest_has_possible_nodes(values: dict[str, Any], tmp_path: Path) -> None:
    np.save(tmp_path / "forest.npy", node())
    assert load_forest(tmp_path, 4).scores(np.array([[1, 0, 0, 0], [-1, 0, 0, 0]], np.float32)).tolist() == [1, 0]
    np.save(tmp_path / "forest.npy", node(**values))
    with pytest.raises(NcvcError, match=r"forest\.npy: no forest of `ncvc quality fit`"):
        load_forest(tmp_path, 4)


@pytest.mark.parametrize("damage", [*DAMAGED, "no number", "one row less"])
def test_embeddings_are_arrays_of_numbers(damage: str, tmp_path: Path) -> None:
    np.save(tmp_path / "ids_00000.npy", np.zeros((2, 16), np.uint8))
    more: dict[str, np.ndarray] = {
        "no number": np.array([[1, np.nan], [0, 0]], np.float32),
        "one row less": np.zeros((1, 2), np.float32),
    }
    path = tmp_path / "embeddings_00000.npy"
    if damage in more:
        np.save(path, more[damage])
    else:
        DAMAGED[damage](path)
    write_manifest(tmp_path, stage=QUALITY_EMBEDDINGS)
    with pytest.raises(NcvcError, match=r"embeddings_00000\.npy: missing or damaged"):
        list(read_embeddings(tmp_path))
    assert not (tmp_path / "harm").exists()


def test_scores_on_an_edge_are_in_the_tenth_that_begins_there() -> None:
    scores = np.array([tenth / BINS for tenth in range(BINS)] + [1.0])
    found = measure(scores, scores >= 0.5).bins
    assert [each.documents for each in found] == [1] * (BINS - 1) + [2]
    assert [each.high for each in found] == [0.0] * 5 + [1.0] * 5


@pytest.mark.parametrize("size", [2, 40, 999])
def test_measures_are_those_of_scikit_learn(size: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    draw = np.random.default_rng(size)
    is_high = draw.permutation(np.arange(size) % 3 > 0)
    scores = np.round(draw.random(size), 2)
    found, calls_low = measure(scores, is_high), scores < 0.5
    assert found.accuracy == pytest.approx(metrics.accuracy_score(~is_high, calls_low))
    assert (found.low_precision or 0) == pytest.approx(metrics.precision_score(~is_high, calls_low, zero_division=0))
    assert found.low_recall == pytest.approx(metrics.recall_score(~is_high, calls_low))
    assert found.auc == pytest.approx(metrics.roc_auc_score(is_high, scores))
    assert found.brier == pytest.approx(metrics.brier_score_loss(is_high, scores))
    for going in found.going:
        goes = [score < going.threshold for score in scores]
        assert going.all == pytest.approx(sum(goes) / size)
        of_low = [goes[place] for place in range(size) if not is_high[place]]
        assert going.low == pytest.approx(sum(of_low) / len(of_low))


def renewed(folder: Path, **facts: Any) -> Path:
    folder.mkdir()
    np.save(folder / "weights.npy", np.zeros(256, "<f4"))
    np.save(folder / "forest.npy", node())
    write_manifest(folder, stage=QUALITY_MODEL, **facts)
    return folder


GOOD = {"intercept": 0.5, "shortest": 1, "longest": 2}


@pytest.mark.parametrize(
    "linear",
    [None, {}, [], GOOD | {"intercept": float("nan")}, GOOD | {"intercept": "0.5"}, GOOD | {"longest": 2.5},
     GOOD | {"shortest": 0}, GOOD | {"shortest": True}],
)  # fmt: skip
def test_a_model_without_possible_facts_is_no_filter(linear: Any, tmp_path: Path) -> None:
    assert Quality(model=str(renewed(tmp_path / "good", linear=GOOD | {"C": 1.0}))).options(tmp_path)["model"] == {
        "kind": "linear",
        "weights": str(tmp_path / "good/weights.npy"),
        "sha256": sha256(tmp_path / "good/weights.npy"),
        **GOOD,
    }
    with pytest.raises(ConfigError, match=r"m: no folder that `ncvc quality fit`"):
        Quality(model=str(renewed(tmp_path / "m", linear=linear))).options(tmp_path)


@pytest.mark.parametrize("forest", [None, {}, [], {"dimensions": "4"}])
def test_a_model_without_dimensions_has_no_forest(forest: Any, tmp_path: Path) -> None:
    with pytest.raises(NcvcError, match="holds no forest"):
        apply(renewed(tmp_path / "m", forest=forest), tmp_path, tmp_path / "out")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_named() -> None:
    with pytest.raises(OSError, match="No space left on device") as error:
        write_array(Path("/dev/full"), np.zeros(2**16))
    assert error.value.errno == errno.ENOSPC
