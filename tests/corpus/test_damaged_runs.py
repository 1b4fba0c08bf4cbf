"""Damage in the folder of an unfinished run: what is published is what was written, or one sentence says what is not."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ncvc.corpus import preprocess as pass_
from ncvc.corpus.config import DuplicatesConfig, PreprocessConfig, SourceConfig
from ncvc.corpus.filters import FiltersConfig
from ncvc.corpus.plan import Target
from ncvc.corpus.preprocess import preprocess
from ncvc.corpus.stages import Stages
from ncvc.errors import NcvcError
from ncvc.executors import LocalExecutor
from ncvc.manifest import verify
from tests.conftest import SLOW
from tests.corpus.run import NO_FILTERS, TEXTS, outputs, write
from tests.corpus.test_joining import cut_off, flip, stopped_at

PAGE = "<html><body><main>" + "<p>熱は下がった。経過は良好である。</p>" * 9 + "</main></body></html>"
STOPS: dict[str, tuple[Any, str]] = {
    "prepared": (Stages, "list_parts"),
    "finished": (pass_, "join_datasets"),
    "joined": (pass_, "build_output"),
}
"""Name of a state → the function before which the run is stopped."""
RECORDS = re.compile(r"run\.json|prepared/\d+\.(begun|done|passed_over)")
"""Records that say what a run is: where one is damaged, nothing proves that the parts are of these files."""
SENTENCES = (
    r"\.tried\.partial/{name}: missing, or not as it was written; start again, and it is made again$",
    r"/output/a\.(bin|jsonl\.zst): \d of 3 parts, .* not as they were written; start again, and they are written again$",
)
OF_RECORDS = (
    r"\.tried\.partial/{name}: (missing|damaged: .*); begin anew with --restart$",
    r"(the unfinished run differs: .*|changed since this run was begun; .*), or begin anew with --restart$",
    r"\.tried\.partial: is in the way of tried and was not made by ncvc; nothing was changed; move it away$",
)


class Runs:
    """Runs of one corpus that are stopped in each state."""

    def __init__(self, folder: Path, tokenizer: Path) -> None:
        self.folder, self.tokenizer = folder, tokenizer
        for number in range(2):
            path = write(folder / f"in/{number}.jsonl", [f"{t}{i // 2}" for i, t in enumerate(TEXTS[number:20])])
            path.write_text(path.read_text(encoding="utf-8") + "broken\n", encoding="utf-8")
        (folder / "in/page.html").write_text(PAGE, encoding="utf-8")
        self.whole: dict[Target, dict[str, bytes]] = {}
        for to in ("text", "tokens"):
            self.run(to, f"{to}-whole")
            self.whole[to] = outputs(folder / f"{to}-whole")
            for state, (place, name) in STOPS.items():
                stopped_at(place, name, lambda to=to, state=state: self.run(to, f"{to}-{state}"))

    def run(self, to: Target, output: str) -> None:
        """One start of the pass."""
        filters = FiltersConfig(**{**NO_FILTERS, "too_short": {"least_characters": 4}})
        source = SourceConfig(name="a", inputs=["in"], filters=filters)
        config = PreprocessConfig(
            sources=[source],
            duplicates=DuplicatesConfig(),
            output=output,
            part_bytes=1,
            on_error="quarantine",
            tokenizer=str(self.tokenizer),
        )
        preprocess(config, self.folder, to=to, executor=LocalExecutor(1))

    def copy(self, to: Target, state: str) -> Path:
        """Puts the folder of a run in a state beside the output `tried`."""
        shutil.rmtree(self.folder / "tried", ignore_errors=True)
        work = self.folder / ".tried.partial"
        shutil.rmtree(work, ignore_errors=True)
        before = self.folder / f".{to}-{state}.partial"
        shutil.copytree(before, work)
        for path in work.glob("parts.json"):
            path.write_text(path.read_text(encoding="utf-8").replace(str(before), str(work)), encoding="utf-8")
        return work


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, tokenizer_folder: Path) -> Runs:
    return Runs(tmp_path_factory.mktemp("runs"), tokenizer_folder)


def one_of_each_kind(folder: Path) -> Iterator[str]:
    """Yields the first file of each kind, by its name in the folder."""
    seen = set()
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        kind = re.sub(r"[0-9a-f]{32}|\d+", "0", name)
        if path.is_file() and path.stat().st_size and kind not in seen:
            seen.add(kind)
            yield name


def refusal(start: Callable[[], None]) -> NcvcError | None:
    """Returns the error with which a start ends."""
    try:
        start()
    except NcvcError as error:
        return error
    return None


def says(error: NcvcError, sentences: tuple[str, ...], name: str) -> bool:
    return any(re.search(sentence.format(name=re.escape(name)), str(error)) for sentence in sentences)


@pytest.mark.parametrize("damage", [flip, os.unlink, pytest.param(cut_off, marks=SLOW)])
@pytest.mark.parametrize(
    ("to", "state"),
    [
        ("text", "prepared"),
        ("tokens", "finished"),
        ("tokens", "joined"),
        pytest.param("tokens", "prepared", marks=SLOW),
        pytest.param("text", "finished", marks=SLOW),
        pytest.param("text", "joined", marks=SLOW),
    ],
)
def test_damage_anywhere_is_mended_or_said(runs: Runs, to: Target, state: str, damage: Callable[[Path], None]) -> None:
    for name in one_of_each_kind(runs.folder / f".{to}-{state}.partial"):
        work = runs.copy(to, state)
        damage(work / name)
        error = refusal(lambda: runs.run(to, "tried"))
        if error:
            is_record = RECORDS.fullmatch(name)
            assert says(error, OF_RECORDS if is_record else SENTENCES, name), error
            if is_record:
                continue
            runs.run(to, "tried")
        assert outputs(runs.folder / "tried") == runs.whole[to], name
        assert list(verify(runs.folder / "tried")) == []
