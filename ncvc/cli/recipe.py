"""`ncvc recipe`."""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ncvc.cli.options import (
    EXISTING_FOLDER,
    PATH,
    UNFINISHED,
    Console,
    Group,
    answers,
    dry_run_option,
    force_option,
    warn,
)
from ncvc.progress import reporter_on
from ncvc.units import duration, size

if TYPE_CHECKING:
    from ncvc.recipe.command import Cost
    from ncvc.recipe.config import RecipeConfig
    from ncvc.recipe.run import Outcome, Replacing
    from ncvc.recipe.state import StageState


@click.group(cls=Group)
def recipe() -> None:
    """Runs the whole way from a folder of configs: each stage by its own command, once.

    \b
    Examples:
      ncvc recipe list
      ncvc recipe copy cpu-tiny tiny
      ncvc recipe run tiny --dry-run
      ncvc recipe run tiny
    """


@recipe.command("list")
@answers
def list_recipes(console: Console) -> None:
    """Lists the recipes that ship with ncvc, with what each needs and makes.

    \b
    Examples:
      ncvc recipe list
    """
    from ncvc.recipe.shipped import shipped_recipes

    found = shipped_recipes()
    lines = [line for each in found for line in _described(each)]
    console.close({"recipes": [each.model_dump() for each in found]}, lines)


@recipe.command()
@click.argument("name")
@click.argument("folder", type=PATH)
@answers
def copy(name: str, folder: Path, console: Console) -> None:
    """Writes the recipe NAME into the new folder FOLDER, to be edited and run.

    \b
    Examples:
      ncvc recipe copy clinical-notes ours
    """
    from ncvc.recipe.shipped import copy_recipe

    copied = copy_recipe(name, folder)
    following = f"ncvc recipe run {folder} --dry-run"
    lines = [f"written to {folder}"]
    lines += [f"put there: {place.path}: {place.en}" for place in copied.inputs]
    lines += [f"edit: {place.path}: {place.en}" for place in copied.edit]
    console.close({"output": str(folder), "next": following}, [*lines, f"then: {following}"])


@recipe.command()
@click.argument("folder", type=EXISTING_FOLDER)
@force_option
@dry_run_option
@click.pass_context
@answers
def run(context: click.Context, folder: Path, force: bool, dry_run: bool, console: Console) -> None:
    """Does what is left of the recipe in FOLDER, stage by stage; index.html there shows what came out and its cost.

    A stage is done if its command ended well, and its command, its configs and inputs and its output are as they were
    then. One that changed is started again: its command refuses, goes on or has nothing to do by its own rule; with
    --force it replaces its output.

    \b
    Examples:
      ncvc recipe run ours --dry-run
      ncvc recipe run ours

    \b
    The same command goes on after Ctrl-C, a crash or kill -9.
    Exit status: 0 done, 75 or 130 stopped on request, 75 a stage that is unfinished, 1 failed.
    """
    from ncvc.errors import RecipeError
    from ncvc.recipe.config import load_recipe
    from ncvc.recipe.run import is_at_work, lacks, run_recipe, states_of
    from ncvc.recipe.state import missing_inputs

    if dry_run:
        loaded = load_recipe(folder)
        states = states_of(folder, loaded)
        missing = missing_inputs(loaded, folder, states)
        lines = [f"$ cd {folder}", *(line for state in states for line in _lines(state, folder))]
        lines += [f"missing: {place.path}: {place.en}" for place in missing]
        lines += [f"edit first: {place.path}: {place.en}" for place in loaded.edit]
        lines += ["at work now"] if is_at_work(folder) else []
        summary = {**_summary(folder, states), "missing": [place.path for place in missing]}
        console.close(summary, [*lines, "dry run: nothing was started or written"])
        if missing:
            raise RecipeError(lacks(folder, missing))
        return
    outcome = run_recipe(
        folder,
        replacing=_replacing(context.find_root().command) if force else None,
        reporter=reporter_on(console.channel),
        channel=console.channel,
    )
    _stop_unless_done(folder, outcome)
    cost = [total for state in outcome.states if (total := _cost(state))]
    took = duration(sum(each.wall for each in cost))
    console.close(
        _summary(folder, outcome.states),
        ["", f"all {len(outcome.states)} stages are done, in {took}; look at {folder / 'index.html'}"],
    )


@recipe.command()
@click.argument("folder", type=EXISTING_FOLDER)
@answers
def status(folder: Path, console: Console) -> None:
    """Shows which stages of the recipe in FOLDER are done, under way or left, what they cost, and what comes next.

    \b
    Examples:
      ncvc recipe status ours
    """
    from ncvc.recipe.config import load_recipe
    from ncvc.recipe.run import is_at_work, states_of
    from ncvc.recipe.state import missing_inputs

    recipe = load_recipe(folder)
    states = states_of(folder, recipe)
    missing = missing_inputs(recipe, folder, states)
    summary = {**_summary(folder, states), "missing": [place.path for place in missing]}
    working = is_at_work(folder)
    lines = [line for state in states for line in _lines(state, folder)]
    following = next((state for state in states if state.state != "done"), None)
    if working:
        lines.append("at work now")
    elif following is not None:
        lines += [f"missing: {place.path}: {place.en}" for place in missing]
        lines.append(f"next: {'put there what is missing, then ' if missing else ''}ncvc recipe run {folder}")
    else:
        lines.append(f"all done; look at {folder / 'index.html'}")
    console.close({**summary, "at_work": working}, lines)


def _described(found: "RecipeConfig") -> list[str]:
    inputs = [f"    needs {place.path}: {place.en}" for place in found.inputs]
    return [f"{found.name}: {found.title.en} ({found.title.ja})", f"    {found.about.en}", *inputs]


def _cost(state: "StageState") -> "Cost | None":
    from ncvc.recipe.attempts import total

    return total(state.attempts)


def _lines(state: "StageState", folder: Path) -> list[str]:
    from ncvc.recipe.command import command_line
    from ncvc.recipe.state import bytes_of

    cost = _cost(state)
    took = f", {duration(cost.wall)}, {size(cost.peak)} of memory" if cost else ""
    made = folder / state.stage.makes
    there = f", {size(bytes_of(made))} on disk" if state.state == "done" and made.exists() else ""
    why = f" ({state.why})" if state.why else ""
    return [f"{state.stage.name}: {state.state}{why}{took}{there}", f"    {command_line(state.stage.arguments)}"]


def _summary(folder: Path, states: list["StageState"]) -> dict[str, Any]:
    from ncvc.recipe.command import command_line

    stages = []
    for state in states:
        cost = _cost(state)
        stages.append(
            {
                "name": state.stage.name,
                "state": state.state,
                "why": state.why,
                "command": command_line(state.stage.arguments),
                "makes": state.stage.makes,
                "attempts": len(state.attempts),
                "cost": None if cost is None else vars(cost),
            }
        )
    following = next((each["command"] for each in stages if each["state"] != "done"), None)
    return {"folder": str(folder), "stages": stages, "next": following}


def _replacing(root: click.Command) -> "Replacing":
    """Returns the function that finds `--force` among a command's options."""

    def options(arguments: tuple[str, ...]) -> tuple[str, ...]:
        command = root
        for word in arguments:
            if not isinstance(command, click.Group):
                break
            found = command.commands.get(word) or command.commands.get("run")
            if found is None:
                break
            command = found
        return ("--force",) if any("--force" in parameter.opts for parameter in command.params) else ()

    return options


def _stop_unless_done(folder: Path, outcome: "Outcome") -> None:
    """Exits as a command did that did not end well, with what to do."""
    ended = outcome.ended
    if ended is None:
        return
    from ncvc.errors import RecipeError
    from ncvc.recipe.command import command_line

    following = next((state for state in outcome.states if state.state != "done"), None)
    line = command_line(following.stage.arguments) if following else "the last stage"
    again = f"`ncvc recipe run {folder}` goes on"
    if ended.status == UNFINISHED:
        warn(f"`{line}` stopped with everything saved; {again}")
        sys.exit(UNFINISHED)
    if ended.stopped_by is not None:
        warn(f"stopped at `{line}`; what is finished is kept; {again}")
        if ended.stopped_by == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + ended.stopped_by)
    raise RecipeError(f"`{line}` ended with status {ended.status}; its message is above; when it is mended, {again}")
