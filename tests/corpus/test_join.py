"""Joining parts, from every state that a start can be stopped in: equal bytes, each on disk once, and none lost."""

import errno
import hashlib
import os
import random
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path

import pytest

from ncvc.corpus import join
from ncvc.corpus.join import join_parts
from ncvc.corpus.part_records import FinishedPart, PartFile
from ncvc.corpus.statistics import Statistics, TextStatistics
from ncvc.errors import NcvcError

NAME = "tokens.bin"
SIZES = (5, 0, 16, 3)
BLOCK = 8


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(join, "BLOCK", BLOCK)


class Parts:
    """Finished parts of random bytes, and the file that they are joined into."""

    def __init__(self, folder: Path, sizes: tuple[int, ...] = SIZES) -> None:
        chance = random.Random(7)
        self.target = folder / "output/corpus.bin"
        self.contents = [chance.randbytes(size) for size in sizes]
        self.whole = b"".join(self.contents)
        self.folders = [folder / f"finished/000000-{number:05}" for number in range(len(sizes))]
        self.target.parent.mkdir(parents=True)
        for part, content in zip(self.folders, self.contents, strict=True):
            part.mkdir(parents=True)
            file = PartFile(name=NAME, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
            (part / "part.json").write_text(self._record(file).model_dump_json())
            (part / NAME).write_bytes(content)

    @staticmethod
    def _record(file: PartFile) -> FinishedPart:
        counts = dict.fromkeys(("documents", "dropped", "quarantined", "text_bytes", "read_bytes"), 0)
        none = TextStatistics()
        return FinishedPart.model_validate(
            {
                **counts,
                **{"files": [file], "kept": 2, "reasons": {}, "source_documents": [], "counts": []},
                **{"removed_sentences": 0, "removed_sentence_bytes": 0},
                "statistics": Statistics(read=none, kept=none.model_copy(update={"bytes": file.bytes})),
            }
        )

    def join(self) -> list[int]:
        """Joins them; returns the numbers of the lost ones."""
        joined = join_parts(self.target, self.folders, NAME)
        if not joined.lost:
            assert joined.sha256 == hashlib.sha256(self.target.read_bytes()).hexdigest()
        return [self.folders.index(part) for part in joined.lost]

    def left(self) -> list[int]:
        """Numbers of the parts whose file is there."""
        return [number for number, part in enumerate(self.folders) if (part / NAME).exists()]


@pytest.mark.parametrize("sizes", [SIZES, (), (0,), (8, 8), (1, 40, 1)])
def test_parts_in_their_order(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    parts = Parts(tmp_path, sizes)
    assert parts.join() == []
    assert parts.target.read_bytes() == parts.whole
    assert parts.left() == []
    assert parts.join() == []  # nothing but the joined file is left to read
    assert parts.target.read_bytes() == parts.whole


def test_every_state_that_a_start_can_be_stopped_in(tmp_path: Path) -> None:
    """Any of the joined parts may be gone, as removals reach the disk in any order; behind them is anything."""
    ends = [sum(SIZES[:count]) for count in range(len(SIZES) + 1)]
    tails = (b"", b"\0" * 9, b"torn", b"x" * 99)
    states = list(product(range(len(SIZES) + 1), range(2 ** len(SIZES)), tails))
    for number, (synced, removed, tail) in enumerate(states):
        gone = [part for part in range(synced) if removed >> part & 1]
        parts = Parts(tmp_path / str(number))
        parts.target.write_bytes(parts.whole[: ends[synced]] + tail)
        for part in gone:
            (parts.folders[part] / NAME).unlink()
        assert parts.join() == [], (synced, gone, tail)
        assert parts.target.read_bytes() == parts.whole, (synced, gone, tail)
        assert parts.left() == []


def shortened(parts: Parts) -> None:
    parts.target.write_bytes(parts.whole[:20])


def flipped(parts: Parts) -> None:
    parts.target.write_bytes(parts.whole[:10] + bytes([parts.whole[10] ^ 1]) + parts.whole[11:])


def removed(parts: Parts) -> None:
    parts.target.unlink()


@pytest.mark.parametrize(("damage", "lost"), [(shortened, [2, 3]), (flipped, [2]), (removed, [0, 2, 3])])
def test_bytes_that_are_lost_are_said(tmp_path: Path, damage: Callable[[Parts], None], lost: list[int]) -> None:
    parts = Parts(tmp_path)
    parts.join()
    damage(parts)
    assert parts.join() == lost
    for part in lost:  # as the next start writes them again
        (parts.folders[part] / NAME).write_bytes(parts.contents[part])
    assert parts.join() == []
    assert parts.target.read_bytes() == parts.whole


@pytest.mark.parametrize("wrong", [b"", b"x" * 16, b"x" * 15])
def test_a_damaged_part_is_not_removed(tmp_path: Path, wrong: bytes) -> None:
    parts = Parts(tmp_path)
    (parts.folders[2] / NAME).write_bytes(wrong)
    assert parts.join() == [2]
    assert parts.left() == [2]


def test_the_bytes_are_on_disk_once_but_for_a_part(tmp_path: Path) -> None:
    parts = Parts(tmp_path, (50, 30, 60, 10))
    most = 0

    def measure(counts: Mapping[str, int]) -> None:
        nonlocal most
        files = [path for path in tmp_path.rglob("*.bin") if path.is_file()]
        most = max(most, sum(path.stat().st_size for path in files))

    join_parts(parts.target, parts.folders, NAME, measure)
    assert len(parts.whole) < most <= len(parts.whole) + 60


def test_progress_counts_the_parts_that_are_done(tmp_path: Path) -> None:
    told: list[dict[str, int]] = []
    parts = Parts(tmp_path)
    join_parts(parts.target, parts.folders, NAME, lambda counts: told.append(dict(counts)))
    assert told[0] == {"documents": 0, "text_bytes": 0, "read_bytes": 0}
    assert told[-1] == {"documents": 8, "text_bytes": 24, "read_bytes": 24}


@pytest.mark.parametrize("call", ["pwrite", "fsync", "pread", "ftruncate"])
def test_after_a_failing_call_the_next_start_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Each of the calls fails once, as on a full disk; nothing that is not on disk elsewhere was removed."""
    nth = 0
    while True:
        parts = Parts(tmp_path / f"{nth}")
        system, left = getattr(os, call), [nth]

        def failing(*arguments: object, system: Callable[..., object] = system, left: list[int] = left) -> object:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return system(*arguments)

        with monkeypatch.context() as patched:
            patched.setattr(os, call, failing)
            try:
                parts.join()
                break
            except OSError as error:
                named = error.filename
        assert named == str(parts.target)
        for number, content in enumerate(parts.contents):
            at = sum(SIZES[:number])
            assert number in parts.left() or parts.target.read_bytes()[at : at + len(content)] == content
        assert parts.join() == []
        assert parts.target.read_bytes() == parts.whole
        nth += 1
    assert nth >= (1 if call == "ftruncate" else 3)


def test_links_are_not_followed(tmp_path: Path) -> None:
    """Neither where the joined file is written nor where a part is removed."""
    parts = Parts(tmp_path / "run")
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    parts.target.symlink_to(mine)
    inside, whole = parts.folders[0], parts.folders[2]
    (inside / NAME).rename(tmp_path / "linked.bin")
    (inside / NAME).symlink_to(tmp_path / "linked.bin")
    whole.rename(tmp_path / "part")
    whole.symlink_to(tmp_path / "part")
    assert parts.join() == []
    assert parts.target.read_bytes() == parts.whole
    assert not parts.target.is_symlink()
    assert mine.read_bytes() == b"mine"
    assert (tmp_path / "linked.bin").read_bytes() == parts.contents[0]
    assert (tmp_path / "part" / NAME).read_bytes() == parts.contents[2]
    assert parts.left() == [0, 2]


def test_a_second_name_of_the_joined_file_is_left_alone(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "run")
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    os.link(mine, parts.target)
    assert parts.join() == []
    assert parts.target.read_bytes() == parts.whole
    assert mine.read_bytes() == b"mine"


def test_a_record_without_the_file_is_damaged(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    with pytest.raises(NcvcError, match=r"part\.json: damaged: it lacks text"):
        join_parts(parts.target, parts.folders, "text")
