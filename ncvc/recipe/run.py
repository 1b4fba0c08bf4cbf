"""Runs a recipe's stages in their order, each by its own command; what is done is not done again.

`.ncvc-recipe/` in the recipe's folder holds `attempts/`, what was started and how it ended, and `digests.json`,
what is known of files. It is locked by the run, and by its command as long as that lives.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ncvc.errors import RecipeError
from ncvc.files import lock
from ncvc.progress import Channel, Reporter
from ncvc.recipe.attempts import BEGUN, ENDED, Attempt, AttemptLog, Record, total
from ncvc.recipe.command import Cost, Ended, call, command_line
from ncvc.recipe.config import Place, RecipeConfig, Stage, load_recipe
from ncvc.recipe.digests import Digests
from ncvc.recipe.page import require_page, write_page
from ncvc.recipe.state import StageState, bytes_of, missing_inputs, stage_state
from ncvc.units import duration

WORK = ".ncvc-recipe"
LOG = "attempts"
DIGESTS = "digests.json"
"""Contents of the folder `WORK`."""
MUCH = 2**30
"""Bytes that take a while to read."""
Replacing = Callable[[tuple[str, ...]], tuple[str, ...]]
"""Arguments of a command → its options that let it replace what ncvc made."""


@dataclass(frozen=True)
class Outcome:
    """End of a run."""

    states: list[StageState]
    ended: Ended | None
    """End of the command that did not end well; None if all stages are done."""


def states_of(folder: Path, recipe: RecipeConfig) -> list[StageState]:
    """Returns the state of every stage; writes nothing."""
    log, digests = AttemptLog(folder / WORK / LOG), Digests(folder, folder / WORK / DIGESTS)
    return [stage_state(stage, folder, log, digests) for stage in recipe.stages]


def is_at_work(folder: Path) -> bool:
    """Tells whether a run of the folder's recipe, or a command of it, is alive."""
    if not (folder / WORK).is_dir():
        return False
    try:
        os.close(lock(folder / WORK))
    except BlockingIOError:
        return True
    return False


def run_recipe(
    folder: Path,
    *,
    replacing: Replacing | None = None,
    reporter: Reporter | None = None,
    channel: Channel = "stdout",
) -> Outcome:
    """Does what is left of the recipe in a folder, and writes its `index.html` at first and after every stage.

    `reporter` hears the command lines, whose own standard output goes to `channel`. With `replacing` a stage whose
    command, config or inputs changed replaces what ncvc made of the older ones; without, its command decides.

    Raises `RecipeError` if inputs are missing, another run is at work or a page of somebody's is in the way, and the
    errors of `load_recipe`.
    """
    reporter = reporter or Reporter()
    recipe = load_recipe(folder)
    require_page(folder)
    require_inputs(recipe, folder, states_of(folder, recipe))
    with _at_work(folder) as (log, held):
        run = _Run(folder, recipe, log, Digests(folder, folder / WORK / DIGESTS), reporter, channel, held)
        ended = None
        run.show()
        reporter.say(f"$ cd {folder}")
        for number, stage in enumerate(recipe.stages, start=1):
            reporter.say("")
            reporter.say(f"[{number}/{len(recipe.stages)}] {stage.name}")
            ended = run.do(stage, replacing)
            if ended is not None:
                break
        return Outcome(run.states(), ended)


def require_inputs(recipe: RecipeConfig, folder: Path, states: list[StageState]) -> None:
    """Raises `RecipeError` with the names of all inputs that are missing."""
    if missing := missing_inputs(recipe, folder, states):
        raise RecipeError(lacks(folder, missing))


def lacks(folder: Path, missing: list[Place]) -> str:
    """Sentence about inputs that are missing."""
    named = "; ".join(f"{place.path} ({place.en})" for place in missing)
    return f"{folder}: nothing was started: put there first: {named}"


@contextmanager
def _at_work(folder: Path) -> Iterator[tuple[AttemptLog, int]]:
    """Locks the work folder; yields the log and the descriptor of the lock. Raises `RecipeError` if another has it."""
    work = folder / WORK
    work.mkdir(exist_ok=True)
    try:
        held = lock(work)
    except BlockingIOError:
        raise RecipeError(
            f"{folder}: a run of this recipe, or a command that it started, is at work; wait for it, or stop it"
        ) from None
    try:
        yield AttemptLog(work / LOG), held
    finally:
        os.close(held)


@dataclass(frozen=True)
class _Run:
    """A run of a recipe."""

    folder: Path
    recipe: RecipeConfig
    log: AttemptLog
    digests: Digests
    reporter: Reporter
    channel: Channel
    held: int
    """Descriptor of the lock."""

    def states(self) -> list[StageState]:
        """Returns the state of every stage."""
        return [stage_state(stage, self.folder, self.log, self.digests) for stage in self.recipe.stages]

    def show(self) -> None:
        """Writes the page and what is known of files."""
        self.digests.save()
        write_page(self.folder, self.recipe, self.states())

    def do(self, stage: Stage, replacing: Replacing | None) -> Ended | None:
        """Does a stage unless it is done; returns the end of its command if that was not good."""
        state = stage_state(stage, self.folder, self.log, self.digests)
        if state.adopted:
            self._end(state.attempts[-1], stage, 0)
        if state.state == "done":
            cost = total(state.attempts)
            self.reporter.say(f"done before{f', in {duration(cost.wall)}' if cost else ''}: {stage.makes}")
            return None
        begun = self._begin(stage)
        options = replacing(stage.arguments) if replacing and begun.before is not None else ()
        if state.why:
            again = "what is there is replaced" if options else "its command decides what becomes of the output"
            self.reporter.say(f"again, since {state.why}; {again}")
        ended = call(
            (*stage.arguments, *options),
            self.reporter,
            self.channel,
            folder=self.folder,
            keep_open=(self.held,),
        )
        attempt = self.log.of(stage.name)[-1]
        self._end(attempt, stage, ended.status, ended.cost)
        self.show()
        if ended.status == 0 and self.digests.of(stage.makes) is None:
            raise RecipeError(
                f"`{command_line(stage.arguments)}` ended well, but made no {stage.makes}; correct `makes` of the stage"
                f" {stage.name!r}"
            )
        return ended if ended.status != 0 or ended.stopped_by is not None else None

    def _begin(self, stage: Stage) -> Record:
        if sum(bytes_of(self.folder / path) for path in stage.reads) > MUCH:
            self.reporter.say("reading what goes in, to know later what changed …")
        begun = Record(
            id=f"{self.log.next_number():06}{BEGUN}",
            stage=stage.name,
            arguments=stage.arguments,
            reads={path: self.digests.of(path) for path in stage.reads},
            before=self.digests.of(stage.makes),
        )
        self.digests.save()
        self.log.append(begun)
        return begun

    def _end(self, attempt: Attempt, stage: Stage, status: int, cost: Cost | None = None) -> None:
        cost = cost or attempt.cost
        record = Record(
            id=attempt.begun.id.replace(BEGUN, ENDED),
            stage=stage.name,
            status=status,
            after=self.digests.of(stage.makes),
            cost=None if cost is None else (cost.wall, cost.cpu, cost.peak),
        )
        self.log.append(record)
