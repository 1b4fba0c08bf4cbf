"""Figures with Japanese text that are the same bytes wherever they are drawn from the same numbers.

The settings are matplotlib's own defaults and those below, whatever `matplotlibrc` the user has.
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ncvc import __version__
from ncvc.errors import NcvcError
from ncvc.html.markup import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 300
PACKAGE = "matplotlib_fontja"
FONT = Path("fonts/ipaexg.ttf")
"""IPAexGothic in that package."""
SETTINGS = {
    "axes.unicode_minus": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9.0,
    "legend.frameon": False,
    "text.parse_math": False,  # a $ in a piece is no formula
}


def require_font() -> Path:
    """Finds the Japanese font, without importing anything; raises `NcvcError` if its package is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    path = Path(spec.origin).parent / FONT if spec and spec.origin else None
    if path is None or not path.is_file():
        raise NcvcError("matplotlib-fontja, the Japanese font, is not installed; run pip install 'ncvc[inspect]'")
    return path


def require_packages(**names: str) -> None:
    """Raises `NcvcError` for a module that is not installed, by the name of its package; imports none."""
    for module, name in names.items():
        if importlib.util.find_spec(module) is None:
            raise NcvcError(f"{name} is not installed; run pip install 'ncvc[inspect]'")


@contextlib.contextmanager
def picture(path: Path, width: float, height: float) -> Iterator[Figure]:
    """Yields a figure of that size in inches, which is written to `path` as a PNG of 300 dpi at the end.

    Texts must go through `drawable`, which leaves no character that the fonts lack.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    fonts: dict[str, Any] = {"font.family": [_family(), "DejaVu Sans"]}
    with style.context(["default", {**SETTINGS, **fonts}]):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        # No date: the same numbers give the same bytes.
        figure.savefig(path, dpi=DPI, format="png", metadata={"Software": f"ncvc {__version__}, matplotlib"})


def make_logarithmic(axes: Axes) -> None:
    """Makes the y axis logarithmic; matplotlib's own labels of it are formulas, which a picture does not draw."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if _spans_powers(axes) else (1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def _spans_powers(axes: Axes) -> bool:
    low, high = axes.get_ylim()
    return high > 100 * low


def drawable(text: str) -> str:
    """Replaces characters that no font of the figure has, or that are not seen, by their number."""
    return "".join(c if _is_drawn(c) else f"⟨U+{ord(c):04X}⟩" for c in visible(text))


@cache
def _family() -> str:
    """The Japanese font's name, known to matplotlib from now on; its package's own import would change every figure."""
    from matplotlib import font_manager

    path = str(require_font())
    font_manager.fontManager.addfont(path)
    return font_manager.FontProperties(fname=path).get_name()


@cache
def _fonts() -> list[Any]:
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    return [FT2Font(str(require_font())), FT2Font(font_manager.findfont("DejaVu Sans"))]


def _is_drawn(character: str) -> bool:
    return character in " \n" or any(font.get_char_index(ord(character)) for font in _fonts())
