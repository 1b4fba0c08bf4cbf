"""Pictures: the same bytes, no setting of the process changed, and no character without a glyph."""

import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib
import pytest
from matplotlib.image import imread

from ncvc.errors import NcvcError
from ncvc.inspect import picture as module
from ncvc.inspect.panels import Curve, panels
from ncvc.inspect.picture import drawable, make_logarithmic, picture, require_font, require_packages
from tests.conftest import SLOW
from tests.inspect.conftest import NEEDS_FONT

ODD = "脳卒中 ▁ ａ$x$ 😀 艅 ę 𠮷 \u202e <|end_of_text|>\n한글 \ufffd"


def draw(path: Path) -> None:
    with picture(path, 8, 4) as figure:
        axes = figure.add_subplot()
        axes.plot([1, 2, 3], [1, 10, 1e4], label=drawable(ODD))
        make_logarithmic(axes)
        axes.set_title(drawable(ODD))
        axes.legend()


@NEEDS_FONT
def test_every_character_has_a_glyph(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of glyphs that are missing
        draw(tmp_path / "a.png")
    assert "⟨U+1F600⟩" in drawable(ODD) or "😀" in drawable(ODD)
    assert drawable("脳卒中$x$") == "脳卒中$x$"
    assert imread(tmp_path / "a.png").shape == (1200, 2400, 4)


@SLOW
@NEEDS_FONT
def test_the_same_numbers_are_the_same_bytes_in_another_process_and_with_other_settings(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"font.size": 30, "axes.grid": True, "font.family": "serif"}):
        draw(tmp_path / "b.png")
    assert dict(matplotlib.rcParams) == before
    program = f"from pathlib import Path; from tests.inspect import test_picture as t; t.draw(Path({str(tmp_path)!r}, 'c.png'))"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes() == (tmp_path / "c.png").read_bytes()


@NEEDS_FONT
@pytest.mark.parametrize("count", [1, 2, 9])
def test_panels_of_any_number_of_lines(count: int, tmp_path: Path) -> None:
    curves = [Curve(f"層 {i}", [0.0, 1.0], [float(i), i + 1.0]) for i in range(count)]
    panels(tmp_path / "a.png", {"q": curves, "単独": [Curve("層 0", [3.0], [2.0])]}, x_label="layer", y_label="norm")
    assert imread(tmp_path / "a.png").std() > 0


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NcvcError, match=r"nothing-such is not installed; run pip install 'ncvc\[inspect\]'"):
        require_packages(nothing_such="nothing-such")
    monkeypatch.setattr(module, "PACKAGE", "nothing_such")
    with pytest.raises(NcvcError, match="matplotlib-fontja, the Japanese font, is not installed"):
        require_font()
