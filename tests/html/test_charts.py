"""Charts: every shape where its numbers are."""

import math
import re
import xml.etree.ElementTree as ET

import pytest

from ncvc.html.axes import LEFT, WIDTH
from ncvc.html.bars import bar, stacked
from ncvc.html.histogram import FEWEST, histogram
from ncvc.html.histogram import HEIGHT as TALL
from ncvc.html.line_chart import HEIGHT, Line, Mark, line_chart
from ncvc.html.pie import pie

HOSTILE = '</svg><script>x</script>\u202e"'


def shapes(drawing, tag, kind=""):
    """Attributes and title of each element of a class."""
    root = ET.fromstring(f"<div>{drawing}</div>")
    found = [each for each in root.iter(tag) if kind in each.get("class", "").split() or not kind]
    return [{**each.attrib, "title": each.findtext("title")} for each in found]


def test_bars_of_a_histogram():
    drawing = histogram(list(range(0, 110, 10)), [1, 0, 4, 2, 0, 0, 0, 0, 8], beneath=[2, 0, 8])
    wide = WIDTH / 9
    bars = shapes(drawing, "rect", "after")
    for each, place, count in zip(bars, (0, 2, 3, 8), (1, 4, 2, 8), strict=True):
        assert float(each["x"]) == pytest.approx(LEFT + place * wide, abs=0.06)
        assert float(each["width"]) == pytest.approx(wide - 1, abs=0.06)
        assert float(each["height"]) == pytest.approx(TALL * count / 8, abs=0.06)
        assert float(each["y"]) + float(each["height"]) == pytest.approx(TALL, abs=0.11)
        assert each["title"] == f"{10 * place}–{10 * place + 10}: {count}"
    assert [each["title"] for each in shapes(drawing, "rect", "before")] == ["0–10: 2", "20–30: 8"]
    labels = [each.text for each in ET.fromstring(drawing).iter("text")]
    assert labels == ["0", "2", "4", "6", "8", *map(str, range(0, 91, 10))]


def test_bins_of_integers_say_what_they_hold():
    drawing = histogram([0, 1, 2, 4, 8], [0, 1, 2, 3], integer=True)
    assert [each["title"] for each in shapes(drawing, "rect", "after")] == ["1: 1", "2–3: 2", "4–7: 3"]


def test_a_histogram_of_nothing_is_nothing():
    assert histogram([0, 1, 2], [0, 0], beneath=[0]) == ""
    assert histogram([0, 1, 2], []) == ""


@pytest.mark.parametrize("place", [0, 3, 20, 59])
def test_one_bar_has_room_around_it(place):
    drawing = histogram(list(range(61)), [0] * place + [5])
    (only,) = shapes(drawing, "rect", "after")
    assert float(only["width"]) == pytest.approx(WIDTH / FEWEST - 1, abs=0.06)
    assert LEFT <= float(only["x"]) <= LEFT + WIDTH * (FEWEST - 1) / FEWEST + 0.06
    assert len(list(ET.fromstring(drawing).iter("text"))) > 4


def points(shape):
    return [tuple(map(float, point.split())) for point in shape["d"].removeprefix("M").split("L")]


def test_lines_lie_where_their_numbers_are():
    """100,000 steps in 920 pixels: few points, ends and the one spike where they belong."""
    raw = [(step, 50.0 if step == 40_000 else 2.0 + step % 2) for step in range(100_001)]
    drawing = line_chart([Line("run", [(0, 2.0), (100_000, 50.0)], faint=raw)])
    (faint,), (line,) = (shapes(drawing, "path", kind) for kind in ("faint", "line"))
    assert 900 < len(points(faint)) < 930
    top, bottom = HEIGHT * 0.04 / 1.08, HEIGHT * 1.04 / 1.08
    assert points(line) == [(LEFT, round(bottom, 1)), (LEFT + WIDTH, round(top, 1))]
    spike = min(points(faint), key=lambda point: point[1])
    assert spike == (LEFT + 0.4 * WIDTH, round(top, 1))


def test_no_spike_of_a_line_is_lost():
    drawing = line_chart([Line("norm", [(step, 9.0 if step == 777 else 1.0) for step in range(100_000)])])
    (line,) = shapes(drawing, "path", "line")
    assert len(points(line)) < 1000
    assert min(points(line), key=lambda point: point[1]) == pytest.approx((LEFT + 0.00777 * WIDTH, 10.4), abs=0.1)


def test_a_logarithmic_chart_leaves_out_what_has_no_logarithm():
    drawing = line_chart([Line("run", [(1, 0.1), (2, 0.0), (3, math.nan), (4, 10.0)])], logarithmic=True)
    (line,) = shapes(drawing, "path", "line")
    assert len(points(line)) == 2
    assert line_chart([Line("run", [(1, 0.0)])], logarithmic=True) == ""


def test_what_is_not_finite_is_not_drawn():
    values = [math.nan, 3.0, math.inf, 1.0, -math.inf]
    drawing = line_chart([Line("run", list(enumerate(values)), dots=[(1, math.nan)])])
    assert len(points(shapes(drawing, "path", "line")[0])) == 2
    assert "nan" not in drawing
    assert "inf" not in drawing
    assert line_chart([Line("run", [(0, math.nan)])]) == ""
    assert line_chart([]) == ""


def test_a_single_step_is_a_dot():
    drawing = line_chart([Line("run", [(1, 9.5)])], integer_x=True)
    (line,) = shapes(drawing, "path", "line")
    assert line["d"] == f"M{LEFT + WIDTH / 2:.1f} {HEIGHT / 2:.1f}h0"
    assert [each.text for each in ET.fromstring(f"<d>{drawing}</d>").iter("text")] == ["9.5", "1"]


def test_steps_have_integer_ticks():
    drawing = line_chart([Line("run", [(1, 3.0), (2, 2.0), (3, 1.0)])], integer_x=True, x_label="step")
    root = ET.fromstring(f"<d>{drawing}</d>")
    (across,) = [group for group in root.iter("g") if group.get("class") == "x"]
    assert [each.text for each in across.iter("text")] == ["1", "2", "3"]
    assert root.find("p").get("class") == "note axis-x"


def test_marks_and_dots():
    line = Line(
        "run",
        [(0, 1.0), (10, 2.0)],
        dots=[(5, 1.5)],
        marks=[Mark(2, "went on at"), Mark(4, "skipped at", is_fault=True)],
    )
    drawing = line_chart([line])
    (dashed,), (fault,), (dot,) = (
        shapes(drawing, "line", "dashed"),
        shapes(drawing, "line", "fault"),
        shapes(drawing, "circle", "dot"),
    )
    assert (dashed["x1"], dashed["y1"], dashed["title"]) == (f"{LEFT + 184:.1f}", "0.0", "run: went on at 2")
    assert (fault["x1"], fault["y1"], fault["title"]) == (f"{LEFT + 368:.1f}", f"{HEIGHT - 9:.1f}", "run: skipped at 4")
    assert (dot["cx"], dot["cy"], dot["title"]) == (f"{LEFT + 460:.1f}", f"{HEIGHT / 2:.1f}", "run: 1.5000 at 5")


def test_a_pie_leaves_out_what_is_empty():
    drawing = pie([("a", 3), ("empty", 0), ("b", 1)])
    root = ET.fromstring(drawing)
    assert ["".join(each.itertext()) for each in root.iter("li")] == ["a 75.0%", "b 25.0%"]
    # From the top clockwise: three quarters end at the left.
    first = shapes(drawing, "path")[0]["d"]
    assert first == "M0 0L0.0000 -1.0000A1 1 0 1 1 -1.0000 0.0000Z"
    assert shapes(pie([("all", 2), ("none", 0)]), "circle")
    assert pie([("none", 0)]) == pie([]) == ""


def test_bars_are_shares():
    assert 'style="width:25.00%"' in bar(1, 4)
    assert 'style="width:0.00%"' in bar(0, 0)
    assert re.findall(r'class="(c\d)" style="width:([\d.]+)%"', stacked([("c0", 1), ("c1", 0), ("c2", 3)])) == [
        ("c0", "25.000"),
        ("c2", "75.000"),
    ]


def test_hostile_names_are_text():
    lines = [
        Line(HOSTILE, [(0, 1.0), (1, 2.0)], dots=[(0, 1.0)], marks=[Mark(1, HOSTILE), Mark(1, "x", is_fault=True)])
    ]
    for drawing in (
        line_chart(lines, x_label=HOSTILE, y_label=HOSTILE),
        histogram([0, 1, 2], [1], x_label=HOSTILE, y_label=HOSTILE),
        pie([(HOSTILE, 1)]),
    ):
        root = ET.fromstring(f"<div>{drawing}</div>")  # well formed
        assert not list(root.iter("script"))
        assert '</svg><script>x</script>⟨U+202E⟩"' in "".join(root.itertext())
        assert "\u202e" not in drawing
