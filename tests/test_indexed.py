"""Indexed datasets are checked when they are opened, and can be pickled."""

import copy
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from ncvc import DatasetError, IndexedDataset

IDS = np.arange(10, dtype="<u2")


def write(
    prefix: Path,
    lengths: tuple[int, ...] = (5, 5),
    offsets: tuple[int, ...] = (0, 10),
    documents: tuple[int, ...] = (0, 1, 2),
    code: int = 8,
    modes: bytes = b"",
) -> Path:
    header = struct.pack("<9sQBQQ", b"MMIDIDX\0\0", 1, code, len(lengths), len(documents))
    rows = struct.pack(f"<{len(lengths)}i{len(offsets)}q{len(documents)}q", *lengths, *offsets, *documents)
    Path(f"{prefix}.idx").write_bytes(header + rows + modes)
    Path(f"{prefix}.bin").write_bytes(IDS.tobytes())
    return prefix


def test_documents_and_stretches(tmp_path: Path) -> None:
    dataset = IndexedDataset.open(write(tmp_path / "a", (4, 0, 6), (0, 8, 8), (0, 1, 2, 3)))
    assert [ids.tolist() for ids in dataset] == [[0, 1, 2, 3], [], [4, 5, 6, 7, 8, 9]]
    assert dataset[-1].tolist() == [4, 5, 6, 7, 8, 9]
    assert dataset.joined(0, 3).tolist() == list(range(10))
    assert dataset.joined(1, 2).tolist() == dataset.joined(3, 3).tolist() == []
    with pytest.raises(IndexError):
        dataset[3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"code": 5}, "a dataset of int64"),
        ({"code": 2}, "a dataset of int8"),
        ({"code": 6}, "a dataset of float64"),
        ({"code": 9}, "not the index of a Megatron dataset"),
        ({"modes": b"\0\1"}, "a multimodal dataset"),
        ({"modes": b"\0"}, "its size does not fit 2 documents"),
        ({"lengths": (15, -5)}, "document 1 has -5 tokens"),
        ({"offsets": (0, 12)}, "document 1 has 5 tokens from byte 12 on"),
        ({"offsets": (1, 11)}, "document 0 has 5 tokens from byte 1 on"),
        ({"lengths": (5, 6)}, "does not fit its index"),
        ({"documents": ()}, "its list of documents is not in order"),
        ({"documents": (0, 2, 1)}, "its list of documents is not in order"),
    ],
)
def test_others_are_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    prefix = write(tmp_path / "a", **change)  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match=message):
        IndexedDataset.open(prefix)


def test_a_pickle_opens_the_files_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    dataset = IndexedDataset.open("a")
    pickled = pickle.dumps(dataset)
    assert len(pickled) < 500
    monkeypatch.chdir("/")
    assert [ids.tolist() for ids in pickle.loads(pickled)] == [ids.tolist() for ids in dataset]
    assert copy.deepcopy(dataset) is dataset
    os.utime(tmp_path / "a.bin", (0, 0))
    with pytest.raises(DatasetError, match="changed since the dataset was pickled"):
        pickle.loads(pickled)
