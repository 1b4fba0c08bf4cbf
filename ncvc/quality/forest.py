"""The random forest on embeddings (technical report 2.1.1): trained by scikit-learn, kept as plain arrays."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ncvc.arrays import read_array, write_array
from ncvc.errors import NcvcError

FOREST = "forest.npy"
TREES = 100
NODE = np.dtype([("feature", "<i4"), ("left", "<i4"), ("right", "<i4"), ("threshold", "<f8"), ("high", "<f8")])
"""A node of a tree: the embedding goes left if its `feature` is at most `threshold`; a leaf, whose `left` is -1, says
`high`, the share of 高 among the training documents that came to it. Children stand behind their parent."""


@dataclass(frozen=True)
class Forest:
    """Trees one after another."""

    nodes: np.ndarray
    """Nodes of all trees, of type `NODE`."""
    roots: np.ndarray
    """Number of each tree's first node, ascending."""

    def scores(self, embeddings: np.ndarray) -> np.ndarray:
        """Returns the probability of 高 [n] of embeddings [n, size] in 32 bits: the mean of the trees' leaves."""
        rows = np.arange(len(embeddings))
        total = np.zeros(len(embeddings))
        for root in self.roots:
            place = np.full(len(embeddings), root)
            going = self.nodes["left"][place] >= 0
            while going.any():
                nodes = self.nodes[place[going]]
                goes_left = embeddings[rows[going], nodes["feature"]] <= nodes["threshold"]
                place[going] = np.where(goes_left, nodes["left"], nodes["right"])
                going[going] = self.nodes["left"][place[going]] >= 0
            total += self.nodes["high"][place]
        return total / len(self.roots)


def fit_forest(embeddings: np.ndarray, is_high: np.ndarray, seed: int, trees: int = TREES) -> Forest:
    """Trains scikit-learn's random forest on embeddings [n, size] and labels [n] of both kinds."""
    from sklearn.ensemble import RandomForestClassifier

    return to_arrays(RandomForestClassifier(trees, random_state=seed).fit(embeddings, is_high))


def to_arrays(classifier: Any) -> Forest:
    """Returns scikit-learn's `RandomForestClassifier` of two classes as arrays."""
    nodes, roots, done = [], [], 0
    for estimator in classifier.estimators_:
        tree = estimator.tree_
        array = np.zeros(tree.node_count, NODE)
        is_leaf = tree.children_left < 0
        for name, children in (("left", tree.children_left), ("right", tree.children_right)):
            array[name] = np.where(is_leaf, -1, children + done)
        array["feature"] = np.where(is_leaf, 0, tree.feature)
        array["threshold"] = tree.threshold
        values = tree.value[:, 0, :]
        array["high"] = values[:, 1] / values.sum(1)
        roots.append(done)
        nodes.append(array)
        done += tree.node_count
    return Forest(np.concatenate(nodes), np.array(roots))


def save_forest(folder: Path, forest: Forest) -> None:
    """Writes the nodes; the roots are those that are no node's child."""
    write_array(folder / FOREST, forest.nodes)


def load_forest(folder: Path, dimensions: int) -> Forest:
    """Reads the nodes, for embeddings of so many dimensions; raises `NcvcError` for what `save_forest` never writes."""
    path = folder / FOREST
    nodes = read_array(path, NODE, dimensions=1)
    if nodes is None:
        raise NcvcError(f"{path}: missing or damaged; fit again with --embeddings")
    places = np.arange(len(nodes))
    sound = len(nodes) > 0
    if sound:
        sound &= bool(((nodes["high"] >= 0) & (nodes["high"] <= 1) & np.isfinite(nodes["threshold"])).all())
        inner = nodes["left"] >= 0
        for child in (nodes["left"][inner], nodes["right"][inner]):
            sound &= bool(((child > places[inner]) & (child < len(nodes))).all())
        sound &= bool(((nodes["feature"] >= 0) & (nodes["feature"] < dimensions)).all())
    if not sound:
        raise NcvcError(f"{path}: no forest of `ncvc quality fit`; fit again with --embeddings")
    children = np.concatenate([nodes["left"][inner], nodes["right"][inner]])
    return Forest(nodes, np.setdiff1d(places, children))
