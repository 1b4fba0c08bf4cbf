"""Follows texts through a tokenizer, measures it beside others, and writes the folder if one is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ncvc import Tokenizer
from ncvc.inspect.folder import Inspection
from ncvc.inspect.tokens.draw import draw_fertility, draw_text
from ncvc.inspect.tokens.fertility import Fertility, fertility
from ncvc.inspect.tokens.other import load_other, of_ours
from ncvc.inspect.tokens.page import tokens_page
from ncvc.inspect.tokens.view import TextView, view


@dataclass(frozen=True)
class Result:
    """The first texts, and the fertility over all of them."""

    views: list[TextView]
    fertilities: list[Fertility]

    def dump(self) -> dict[str, Any]:
        """Returns it as a JSON value."""
        return {
            "fertility": [each.dump() for each in self.fertilities],
            "texts": [each.dump() for each in self.views],
        }


def run(
    folder: Path, texts: Sequence[str], beside: Sequence[Path], *, show: int, output: Inspection | None = None
) -> Result:
    """Shows the first `show` texts and measures all; `folder`: the tokenizer's.

    Raises an `NcvcError` for a tokenizer that cannot be loaded.
    """
    tokenizer = Tokenizer.load(folder)
    names = [path.resolve().name for path in (folder, *beside)]
    if len(set(names)) < len(names):
        names = [str(path) for path in (folder, *beside)]
    others = [load_other(path, name) for path, name in zip(beside, names[1:], strict=True)]
    measured = fertility(tokenizer, texts, [of_ours(tokenizer, names[0]), *others])
    result = Result([view(tokenizer, text) for text in texts[:show]], measured)
    if output is not None:
        settings = {"beside": [str(path) for path in beside], "texts": len(texts), "show": show}
        made = tokens_page(names[0], result.views, len(texts), measured)
        with output.write(made, result.dump(), **settings) as target:
            for number, each in enumerate(result.views, 1):
                draw_text(each, target / f"text-{number:02}.png")
            if measured:
                draw_fertility(measured, target / "fertility.png")
    return result
