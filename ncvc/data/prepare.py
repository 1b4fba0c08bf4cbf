"""Writes a prepared benchmark: the folder that `ncvc evaluate` and `ncvc tune` read."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ncvc import __version__
from ncvc.data import OWN, igakuqa, jmed_llm, own
from ncvc.data.rows import (
    DEMONSTRATIONS,
    LEAKAGE,
    TEST,
    TRAIN,
    Message,
    Row,
    dump_messages,
    write_rows,
)
from ncvc.errors import NcvcError
from ncvc.files import sha256, whole_folder, write_json
from ncvc.manifest import BENCHMARK, own_manifest, write_manifest
from ncvc.outputs import require_output, require_untouched


@dataclass(frozen=True)
class Prepared:
    """Counts of what was written."""

    suite: str
    train: int
    test: dict[str, int]
    """Task → test rows."""
    demonstrations: int
    leakage: dict[str, dict[str, int]]
    """Task → counts; see `jmed_llm.leakage` and `own.leakage`."""


def prepare_jmed_llm(folder: Path, out: Path, *, replace: bool = False) -> Prepared:
    """Writes JMED-LLM from a checkout: test rows, training rows, and which documents are in both."""
    final = require_output(out, BENCHMARK, reads=[folder], replace=replace)
    train, test, files = jmed_llm.read(folder)
    return _write(final, jmed_llm.SUITE, folder, files, test, train=train, leakage=jmed_llm.leakage(train, test))


def prepare_igakuqa(folder: Path, out: Path, *, demonstrations: Path | None = None, replace: bool = False) -> Prepared:
    """Writes IgakuQA from a checkout; all rows are test rows."""
    final = require_output(out, BENCHMARK, reads=[folder], replace=replace)
    test, turns, files = igakuqa.read(folder, demonstrations)
    return _write(final, igakuqa.SUITE, folder, files, test, turns=turns)


def prepare_own(test: Path, out: Path, *, train: Path | None = None, replace: bool = False) -> Prepared:
    """Writes questions of one's own from files of JSON lines; see `ncvc.data.own`."""
    files = [test, *([train] if train else [])]
    final = require_output(out, BENCHMARK, reads=files, replace=replace)
    known, asked = own.read(test, train)
    leakage = own.leakage(known, asked) if train else None
    return _write(final, OWN, test.parent, files, asked, train=known, leakage=leakage)


def _write(
    final: Path,
    suite: str,
    folder: Path,
    files: list[Path],
    test: list[Row],
    *,
    train: list[Row] | None = None,
    turns: list[Message] | None = None,
    leakage: dict[str, dict[str, int]] | None = None,
) -> Prepared:
    by_task = dict(Counter(row.task for row in test))
    prepared = Prepared(suite, len(train or ()), by_task, len(turns or ()) // 2, leakage or {})
    inputs = {
        str(path.relative_to(folder)) if path.is_relative_to(folder) else path.name: sha256(path) for path in files
    }
    with whole_folder(final, require_untouched) as partial:
        write_rows(partial / TEST, test)
        if train:
            write_rows(partial / TRAIN, train)
        if turns:
            write_json(partial / DEMONSTRATIONS, dump_messages(turns))
        if leakage:
            write_json(partial / LEAKAGE, leakage)
        write_manifest(
            partial,
            stage=BENCHMARK,
            ncvc=__version__,
            suite=suite,
            train=prepared.train,
            test=by_task,
            demonstrations=prepared.demonstrations,
            inputs=inputs,
        )
    return prepared


def find_prepared(folder: Path, suite: str) -> Path:
    """Finds the prepared folder of a suite: `folder` itself, or one that lies in it. Raises `NcvcError`."""
    candidates: list[Path] = [folder, folder / suite, *(sorted(folder.iterdir()) if folder.is_dir() else ())]
    for candidate in candidates:
        manifest = own_manifest(candidate) if candidate.is_dir() else None
        if manifest and manifest.get("stage") == BENCHMARK and manifest.get("suite") == suite:
            return candidate
    raise NcvcError(f"{folder}: no prepared {suite} in it; name the folder that `ncvc data {suite}` wrote")
