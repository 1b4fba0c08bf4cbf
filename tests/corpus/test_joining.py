"""Joining under stops: wherever a pass ends while it joins and publishes, the next start gives the undisturbed bytes."""

import os
import shutil
from collections.abc import Callable
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest

from ncvc import NcvcError, files
from ncvc.corpus import preprocess as pass_
from ncvc.corpus import publish, stages
from ncvc.corpus.config import DuplicatesConfig, PreprocessConfig, SourceConfig
from ncvc.corpus.filters import FiltersConfig
from ncvc.corpus.preprocess import preprocess
from ncvc.executors import LocalExecutor
from ncvc.files import WorkFolder
from ncvc.manifest import verify
from tests.conftest import SLOW
from tests.corpus.run import NO_DUPLICATES, NO_FILTERS, TEXTS, outputs, write


class StopError(BaseException):
    """The end of a process, which no handler of errors takes."""


class Corpus:
    """Two sources of three parts each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, number in product("ab", range(3)):
            write(folder / name / f"{number}.jsonl", TEXTS[number : number + 3])
        self.run("reference")
        self.reference = outputs(folder / "reference")
        stopped_at(pass_, "join_datasets", lambda: self.run("unjoined"))

    def run(self, output: str, *, replace: bool = False, threads: int = 1) -> None:
        """One start of the pass."""
        filters = FiltersConfig(**NO_FILTERS)
        sources = [SourceConfig(name=name, inputs=[name], filters=filters) for name in ("a", "b")]
        duplicates = DuplicatesConfig(**NO_DUPLICATES)
        config = PreprocessConfig(sources=sources, duplicates=duplicates, output=output, part_bytes=1)
        preprocess(config, self.folder, to="text", replace=replace, executor=LocalExecutor(threads))

    def unjoined(self, output: str) -> Path:
        """Puts the folder of a run that is stopped before it joins beside an output; returns it."""
        return Path(shutil.copytree(self.folder / ".unjoined.partial", self.folder / f".{output}.partial"))

    def finish(self, output: str, *, replace: bool = False) -> None:
        """Starts it again; the output must be that of an undisturbed run, and nothing else be left."""
        self.run(output, replace=replace)
        assert outputs(self.folder / output) == self.reference
        assert list(verify(self.folder / output)) == []
        assert not (self.folder / f".{output}.partial").exists()


def stop(patched: pytest.MonkeyPatch, place: Any, name: str, nth: int, *, behind: bool = False) -> None:
    """Lets the `nth` call of a function, from 0, end the process before or behind what it does."""
    function: Callable[..., Any] = getattr(place, name)
    calls = count()

    def stopping(*arguments: Any, **options: Any) -> Any:
        number = next(calls)
        if number == nth and not behind:
            raise StopError
        result = function(*arguments, **options)
        if number == nth:
            raise StopError
        return result

    patched.setattr(place, name, stopping)


def stopped_at(place: Any, name: str, start: Callable[[], None], *, behind: bool = False) -> None:
    """Starts a pass that ends at the first call of a function."""
    with pytest.MonkeyPatch.context() as patched:
        stop(patched, place, name, 0, behind=behind)
        with pytest.raises(StopError):
            start()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return Corpus(tmp_path_factory.mktemp("corpus"))


STEPS = [
    (os, "pwrite", 6),
    (os, "fsync", 20),
    (os, "ftruncate", 2),
    (Path, "unlink", 8),
    (Path, "rename", 3),
    (stages, "write_whole", 2),
    (publish, "write_json", 1),
    (publish, "write_manifest", 1),
    (files, "move_folder", 1),
    (files, "_exchange", 1),
    (shutil, "rmtree", 1),
    (WorkFolder, "remove", 1),
]
"""Calls of joining and publishing, and how many of each there are at least."""


@pytest.mark.parametrize("behind", [False, pytest.param(True, marks=SLOW)])
@pytest.mark.parametrize(("place", "name", "least"), STEPS, ids=[name for _, name, _ in STEPS])
def test_a_stop_at_each_step(corpus: Corpus, place: Any, name: str, least: int, behind: bool) -> None:
    output = f"{name}-{behind}"
    for nth in count():
        corpus.unjoined(output)
        shutil.copytree(corpus.folder / "reference", corpus.folder / output)
        with pytest.MonkeyPatch.context() as patched:
            stop(patched, place, name, nth, behind=behind)
            try:
                corpus.run(output, replace=True)
            except StopError:
                pass
            else:
                break
        assert list(verify(corpus.folder / output)) == []  # the old one or the new one
        corpus.finish(output, replace=True)
        shutil.rmtree(corpus.folder / output)
    assert nth >= least


def test_a_stop_between_the_two_names_where_nothing_can_be_exchanged(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old output is called `replaced` by then."""
    monkeypatch.setattr(files, "_exchange", lambda *_: False)
    rename = Path.rename
    shutil.copytree(corpus.folder / "reference", corpus.folder / "unexchanged")
    corpus.unjoined("unexchanged")

    def stopping(path: Path, target: Path) -> Path:
        done = rename(path, target)
        if target.name == "replaced":
            raise StopError
        return done

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", stopping)
        with pytest.raises(StopError):
            corpus.run("unexchanged", replace=True)
    corpus.finish("unexchanged", replace=True)


def test_a_stop_behind_the_two_names_where_nothing_can_be_exchanged(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_exchange", lambda *_: False)
    shutil.copytree(corpus.folder / "reference", corpus.folder / "renamed")
    corpus.unjoined("renamed")
    stopped_at(shutil, "rmtree", lambda: corpus.run("renamed", replace=True))
    corpus.finish("renamed", replace=True)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [cut_off, flip, Path.unlink])
@pytest.mark.parametrize(("place", "name"), [(stages, "write_whole"), (pass_, "build_output")])
def test_a_joined_file_that_is_damaged_is_written_again(
    corpus: Corpus, damage: Callable[[Path], None], place: Any, name: str
) -> None:
    output = f"damaged-{name}-{damage.__name__}"
    folder = corpus.unjoined(output)
    stopped_at(place, name, lambda: corpus.run(output))
    damage(folder / "output/a.jsonl.zst")
    with pytest.raises(NcvcError, match=r"a\.jsonl\.zst: .* of 3 parts, .*; start again, and they are written again"):
        corpus.run(output)
    corpus.finish(output)


@pytest.mark.parametrize("name", ["output", "finished", "joined", "prepared"])
def test_a_link_in_the_folder_of_a_run_is_refused(corpus: Corpus, name: str) -> None:
    output = f"linked-{name}"
    folder = corpus.unjoined(output)
    mine = corpus.folder / f"mine-{name}"
    (folder / name).rename(mine)
    (folder / name).symlink_to(mine)
    before = outputs(corpus.folder)
    with pytest.raises(NcvcError, match=f"{name}: is in the way of {output} and was not made by ncvc; nothing"):
        corpus.run(output)
    assert outputs(corpus.folder) == before
    (folder / name).unlink()
    mine.rename(folder / name)
    corpus.finish(output)


def test_several_datasets_at_a_time_have_the_same_bytes(corpus: Corpus) -> None:
    corpus.unjoined("threads")
    corpus.run("threads", threads=6)
    assert outputs(corpus.folder / "threads") == corpus.reference


def test_what_was_joined_without_a_file_is_joined_again_with_it(tmp_path: Path) -> None:
    for folder in ("whole", "stopped"):
        write(tmp_path / folder / "a.jsonl", TEXTS[:4])
        write(tmp_path / folder / "kept.jsonl", TEXTS[2:4])
        (tmp_path / folder / "b.jsonl").symlink_to("kept.jsonl" if folder == "whole" else "/proc/self/mem")
    settings = {"inputs": ["a.jsonl", "b.jsonl"]}

    def start(folder: Path) -> None:
        source = SourceConfig(name="a", filters=FiltersConfig(**NO_FILTERS), **settings)
        duplicates = DuplicatesConfig(**NO_DUPLICATES)
        config = PreprocessConfig(sources=[source], duplicates=duplicates, output="out", on_error="quarantine")
        preprocess(config, folder, to="text")

    start(tmp_path / "whole")
    stopped = tmp_path / "stopped"
    stopped_at(pass_, "build_output", lambda: start(stopped))
    (stopped / "b.jsonl").unlink()
    (stopped / "b.jsonl").symlink_to("kept.jsonl")
    start(stopped)
    joined = "out/a.jsonl.zst"
    assert (stopped / joined).read_bytes() == (tmp_path / "whole" / joined).read_bytes()
    assert list(verify(stopped / "out")) == []
