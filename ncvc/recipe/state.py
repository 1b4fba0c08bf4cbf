"""State of a recipe's stages, from the log of attempts and from what is in the folder."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ncvc.files import files_below
from ncvc.manifest import own_manifest
from ncvc.recipe.attempts import Attempt, AttemptLog
from ncvc.recipe.config import Place, RecipeConfig, Stage, lies_in
from ncvc.recipe.digests import Digests

State = Literal["done", "changed", "under way", "left"]
GO_ON = ("train", "tune")
"""Commands that find by themselves that they have finished: what they made does not show it."""


@dataclass(frozen=True)
class StageState:
    """State of one stage."""

    stage: Stage
    state: State
    why: str = ""
    """Reason to do it again, in words."""
    attempts: list[Attempt] = field(default_factory=list)
    adopted: bool = False
    """True if its command had made its output when it or its starter was stopped, which is not written down yet."""


def stage_state(stage: Stage, folder: Path, log: AttemptLog, digests: Digests) -> StageState:
    """Tells whether a stage is done, was changed since, has begun or is left."""
    attempts = log.of(stage.name)
    good = next((attempt for attempt in reversed(attempts) if attempt.is_good), None)
    last = attempts[-1] if attempts else None
    if last is not None and last.was_stopped and _came_whole(stage, last, folder, digests):
        return StageState(stage, "done", attempts=attempts, adopted=True)
    if good is None:
        return StageState(stage, "under way" if last else "left", attempts=attempts)
    if why := _changed(stage, good, digests):
        return StageState(stage, "changed", why, attempts)
    return StageState(stage, "done", attempts=attempts)


def _came_whole(stage: Stage, attempt: Attempt, folder: Path, digests: Digests) -> bool:
    """Returns whether an attempt that was stopped has made its output, which has its name only when it is whole."""
    path = folder / stage.makes
    whole = path.is_file() or own_manifest(path) is not None
    if not whole or (stage.arguments[0] in GO_ON and stage.arguments[1:2] != ("plot",)):
        return False
    after = digests.of(stage.makes)
    return after not in (None, attempt.begun.before) and not _differs(stage, attempt, digests)


def _changed(stage: Stage, attempt: Attempt, digests: Digests) -> str:
    """Returns what changed since an attempt that ended well, in words; nothing if all is as it was."""
    if why := _differs(stage, attempt, digests):
        return why
    assert attempt.ended is not None
    now = digests.of(stage.makes)
    if now != attempt.ended.after:
        return f"{stage.makes} {'is no longer there' if now is None else 'changed'}"
    return ""


def _differs(stage: Stage, attempt: Attempt, digests: Digests) -> str:
    if stage.arguments != attempt.begun.arguments:
        return "its command changed"
    for path in stage.reads:
        now = digests.of(path)
        if path not in attempt.begun.reads:
            return f"it reads {path} now"
        # What is gone, such as raw text, makes nothing undone.
        if now is not None and now != attempt.begun.reads[path]:
            return f"{path} changed"
    return ""


def missing_inputs(recipe: RecipeConfig, folder: Path, states: list[StageState]) -> list[Place]:
    """Lists the inputs that stages which are not done need, and that are not there."""
    needed = {path for state in states if state.state != "done" for path in state.stage.reads}
    return [place for place in recipe.inputs if lies_in(place.path, needed) and not _is_there(folder / place.path)]


def _is_there(path: Path) -> bool:
    return path.is_file() or (path.is_dir() and any(path.iterdir()))


def bytes_of(path: Path) -> int:
    """Returns the bytes of a file, or of all files of a folder; 0 if nothing is there."""
    files = files_below(path) if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
