"""Indexed datasets are checked when they are opened, and can be pickled."""

import copy
import hashlib
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ncvc import DatasetError, IndexedDataset, indexed
from ncvc.indexed import token_type, write_index

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
        ({"lengths": (2**31 - 1, 5), "offsets": (0, 2**32 - 2)}, "does not fit its index"),
        ({"lengths": (0, 10), "offsets": (10, 0)}, "document 0 has 0 tokens from byte 10 on"),
        ({"offsets": (0, 2**62)}, "document 1 has 5 tokens from byte 4611686018427387904 on"),
        ({"offsets": (0, -10)}, "document 1 has 5 tokens from byte -10 on"),
        ({"documents": ()}, "its list of documents is not in order"),
        ({"documents": (0, 2, 1)}, "its list of documents is not in order"),
        ({"documents": (1, 1, 2)}, "its list of documents is not in order"),
        ({"documents": (0, 1, 3)}, "its list of documents is not in order"),
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


def test_a_mistake_behind_the_first_block_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexed, "BLOCK", 2)
    write(tmp_path / "a", (2,) * 5, (0, 4, 8, 12, 16), (0, 1, 2, 3, 4, 5))
    assert IndexedDataset.open(tmp_path / "a")[4].tolist() == [8, 9]
    write(tmp_path / "b", (2,) * 5, (0, 4, 8, 12, 14), (0, 1, 2, 3, 4, 5))
    with pytest.raises(DatasetError, match="document 4 has 2 tokens from byte 14 on"):
        IndexedDataset.open(tmp_path / "b")
    write(tmp_path / "c", (2,) * 5, (0, 4, 8, 12, 16), (0, 3, 2, 3, 4, 5))
    with pytest.raises(DatasetError, match="its list of documents is not in order"):
        IndexedDataset.open(tmp_path / "c")


def test_the_memory_of_opening_does_not_grow_with_the_index(tmp_path: Path) -> None:
    """5 million documents, an index of 100 MB, take no more than 30 MB above the imports."""
    documents = 5_000_000
    with (tmp_path / "a.idx").open("wb") as file:
        file.write(struct.pack("<9sQBQQ", b"MMIDIDX\0\0", 1, 8, documents, documents + 1))
        np.full(documents, 3, "<i4").tofile(file)
        np.arange(0, 6 * documents, 6, "<i8").tofile(file)
        np.arange(documents + 1, dtype="<i8").tofile(file)
    with (tmp_path / "a.bin").open("wb") as file:
        file.truncate(6 * documents)
    program = (
        "import resource, sys; from ncvc import IndexedDataset;"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; before = peak();"
        "print(len(IndexedDataset.open(sys.argv[1])), peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "a")], capture_output=True, check=True)
    count, grown = map(int, done.stdout.split())
    assert count == documents
    assert grown < 30_000  # KiB


def test_shared_indexes_that_were_read_are_refused(shared: Path) -> None:
    """Invented by others than who wrote the reader: `good` and `empty` alone can be read."""
    prefixes = sorted((shared.parent / "cases/index").glob("*.idx"))
    assert len(prefixes) > 15
    for path in prefixes:
        if path.stem in ("good", "empty"):
            list(IndexedDataset.open(path.with_suffix("")))
        else:
            with pytest.raises(DatasetError, match=path.stem):
                IndexedDataset.open(path.with_suffix(""))
    with pytest.raises(DatasetError, match="a dataset of float64"):
        IndexedDataset.open(shared.parent / "cases/index/codef")


def test_places_of_all_documents_together(tmp_path: Path) -> None:
    dataset = IndexedDataset.open(write(tmp_path / "a", (4, 0, 6), (0, 8, 8), (0, 1, 2, 3)))
    assert dataset.tokens == 10
    assert dataset.stretch(3, 6).tolist() == [3, 4, 5]
    owner = [0] * 4 + [2] * 6
    for length in (1, 2, 5):
        starts = np.arange(10 - length + 1)
        expected = [owner[start] == owner[start + length - 1] for start in starts]
        assert dataset.are_one_document(starts, length).tolist() == expected


DOCUMENTS = st.lists(st.lists(st.lists(st.integers(0, 65_499), max_size=5), max_size=4), max_size=4)


@given(DOCUMENTS, st.sampled_from([100, 65_499, 65_500]))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_documents_are_found_where_the_index_says(
    tmp_path: Path, parts: list[list[list[int]]], vocab_size: int
) -> None:
    documents = [ids for part in parts for ids in part]
    kind = "H" if vocab_size < 65_500 else "i"
    content = b"".join(struct.pack(f"<{len(ids)}{kind}", *ids) for ids in documents)
    (tmp_path / "a.bin").write_bytes(content)
    lengths = []
    for number, part in enumerate(parts):
        lengths.append(tmp_path / str(number))
        lengths[-1].write_bytes(struct.pack(f"<{len(part)}i", *map(len, part)))
    digest = write_index(tmp_path / "a.idx", lengths, token_type(vocab_size), len(content))
    assert digest == hashlib.sha256((tmp_path / "a.idx").read_bytes()).hexdigest()
    dataset = IndexedDataset.open(tmp_path / "a")
    assert [dataset[number].tolist() for number in range(len(dataset))] == documents


@pytest.mark.parametrize(
    ("size", "lengths"),
    [(10, struct.pack("<2i", 2, 4)), (10, struct.pack("<2i", 6, -1)), (8, struct.pack("<2i", 2, 2)[:-3])],
)
def test_lengths_must_add_up_to_the_tokens(tmp_path: Path, size: int, lengths: bytes) -> None:
    (tmp_path / "lengths").write_bytes(lengths)
    with pytest.raises(DatasetError, match=r"a\.idx: the lengths of the documents do not add up"):
        write_index(tmp_path / "a.idx", [tmp_path / "lengths"], token_type(100), size)
