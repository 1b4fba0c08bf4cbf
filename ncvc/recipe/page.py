"""The page of a recipe: its stages with their commands and cost, and links to every report, picture and table."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ncvc.errors import RecipeError
from ncvc.files import listed, whole_file
from ncvc.html.blocks import facts, row, section, table
from ncvc.html.labels import both
from ncvc.html.markup import Html, element, escaped, joined
from ncvc.html.page import page
from ncvc.outputs import is_page_or_picture, require_own_file, sealed
from ncvc.recipe.attempts import total
from ncvc.recipe.command import Cost, command_line
from ncvc.recipe.config import RecipeConfig
from ncvc.recipe.state import StageState, State, bytes_of
from ncvc.units import duration, size

PAGE = "index.html"
SHOWN = {
    ".html": ("report", "レポート"),
    ".md": ("text", "文書"),
    ".png": ("picture", "図"),
    ".svg": ("picture", "図"),
    ".csv": ("table", "表"),
    ".tsv": ("table", "表"),
}
"""Suffix of a file that people look at → its kind."""
STATES: dict[State, tuple[str, str]] = {
    "done": ("done", "完了"),
    "changed": ("changed since", "変更あり"),
    "under way": ("under way", "途中"),
    "left": ("left", "未実行"),
}


@dataclass(frozen=True)
class Shown:
    """A stage on the page."""

    name: str
    state: State
    arguments: tuple[str, ...]
    makes: Path
    cost: Cost | None
    attempts: int
    unmeasured: int
    """Attempts whose cost nobody knows, since ncvc was killed too."""


def write_page(folder: Path, recipe: RecipeConfig, states: list[StageState]) -> None:
    """Writes `index.html` into the recipe's folder.

    Raises `RecipeError` if a file of that name is there that ncvc did not write.
    """
    stages = [
        Shown(
            state.stage.name,
            state.state,
            state.stage.arguments,
            folder / state.stage.makes,
            total(state.attempts),
            len(state.attempts),
            sum(attempt.cost is None for attempt in state.attempts),
        )
        for state in states
    ]
    text = recipe_page((recipe.title.en, recipe.title.ja), (recipe.about.en, recipe.about.ja), folder, stages, folder)
    write_text(folder, text)


def write_text(folder: Path, text: str) -> None:
    """Writes a page's text as `index.html`; see `require_page`."""
    with whole_file(require_page(folder)) as partial:
        partial.write_text(sealed(text), encoding="utf-8")


def require_page(folder: Path) -> Path:
    """Returns the path of the page in a folder; raises `RecipeError` if a file is there that ncvc did not write."""
    file = folder / PAGE
    if file.exists() and not (file.is_file() and is_page_or_picture(file)):
        raise RecipeError(f"{file}: is not as ncvc wrote it; move it away, and start again")
    return require_own_file(file, is_page_or_picture)


def recipe_page(
    title: tuple[str, str], about: tuple[str, str], folder: Path, stages: list[Shown], typed_in: Path
) -> str:
    """Returns the page that stands in a folder, of commands that are typed in one."""
    commands = [shlex.join(("cd", str(typed_in.absolute()))), *(command_line(stage.arguments) for stage in stages)]
    return page(
        title,
        section(
            both("Stages", "段階"),
            _stages(folder, stages),
            note=both(
                "Peak memory is that of a command's largest process. Costs are of all attempts together.",
                "メモリは、各コマンドの最大のプロセスのものです。費用は、すべての試行の合計です。",
            ),
        ),
        section(both("Reports, pictures, tables", "レポート・図・表"), _results(folder, stages)),
        section(
            both("Commands", "コマンド"),
            element("pre", escaped("\n".join(commands))),
            note=both("Each stage is a command that you can type.", "各段階は、手で打てるコマンドです。"),
        ),
        subtitle=both(*about),
        facts=_facts(stages),
    )


def _facts(stages: list[Shown]) -> Html:
    costs = [stage.cost for stage in stages if stage.cost is not None]
    done = sum(stage.state == "done" for stage in stages)
    return facts(
        [
            (both("stages done", "完了した段階"), f"{done} / {len(stages)}", ""),
            (both("time", "時間"), duration(sum(cost.wall for cost in costs)), ""),
            (both("processor time", "CPU時間"), duration(sum(cost.cpu for cost in costs)), ""),
            (both("peak memory", "最大メモリ"), size(max((cost.peak for cost in costs), default=0)), ""),
            (both("on disk", "ディスク"), size(sum(bytes_of(stage.makes) for stage in stages)), ""),
        ]
    )


def _stages(folder: Path, stages: list[Shown]) -> Html:
    head = [
        both("stage", "段階"),
        both("state", "状態"),
        both("made", "出力"),
        both("time", "時間"),
        both("processor time", "CPU時間"),
        both("peak memory", "最大メモリ"),
        both("on disk", "ディスク"),
        both("attempts", "試行"),
    ]
    return table(head, [_row(folder, stage) for stage in stages])


def _row(folder: Path, stage: Shown) -> Html:
    cost = stage.cost
    measured = ("–", "–", "–")
    if cost is not None:
        measured = (_seconds(cost.wall), _seconds(cost.cpu), size(cost.peak))
    killed = f"{stage.unmeasured} killed", f"うち{stage.unmeasured}回は強制終了"
    tried = joined([str(stage.attempts), *([" (", both(*killed), ")"] if stage.unmeasured else [])])
    there = stage.makes.exists()
    on_disk = size(bytes_of(stage.makes)) if there else "–"
    made = str(stage.makes.relative_to(folder))
    return row(stage.name, both(*STATES[stage.state]), made, *measured, on_disk, tried if stage.attempts else "–")


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else duration(seconds)


def _results(folder: Path, stages: list[Shown]) -> Html:
    head = [
        both("file", "ファイル"),
        both("stage", "段階"),
        both("kind", "種類"),
        both("cost of its stage", "段階の費用"),
    ]
    rows = [
        row(
            element("a", str(file.relative_to(folder)), href=quote(str(file.relative_to(folder)))),
            stage.name,
            both(*SHOWN[file.suffix]),
            "–" if stage.cost is None else _seconds(stage.cost.wall),
        )
        for stage in stages
        for file in _to_look_at(stage.makes)
    ]
    return table(head, rows)


def _to_look_at(made: Path) -> Iterator[Path]:
    """Yields the files that people look at: what a stage made, or what lies directly in it."""
    if made.is_file() and made.suffix in SHOWN:
        yield made
    elif made.is_dir():
        yield from (file for file in listed(made, "*.*") if file.suffix in SHOWN and file.is_file())
