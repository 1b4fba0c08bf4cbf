"""Scatter plots of thousands of named points on a canvas, with hover, zoom and a search over all plots of a page.

A library's script was not taken: that of plotly's package compiles by `Function`, which the page's policy forbids.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources

import numpy as np

from ncvc.html.labels import both
from ncvc.html.markup import Html, element, joined

STEPS = 65535
"""Steps of a coordinate on the page."""


def scatter(
    points: np.ndarray,
    texts: Sequence[str],
    notes: Sequence[str],
    kinds: Sequence[int],
    names: Sequence[tuple[str, Html]],
) -> Html:
    """A plot of `points` [N, 2]; `kinds` are places in `names`, colours (`c0` to `c7`) and labels of the kinds.

    `notes` stand behind the text under the pointer. The page needs `search_box` and `script`.
    """
    middle = (points.max(0) + points.min(0)) / 2
    span = float((points.max(0) - points.min(0)).max()) or 1.0
    x, y = np.rint((points - middle) / span * STEPS + STEPS / 2).astype(int).T.tolist()
    found = {"texts": list(texts), "notes": list(notes), "kinds": list(kinds), "x": x, "y": y}
    data = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    boxes = (
        element(
            "label",
            Html('<input type="checkbox" data-kind="1" checked>'),
            Html(f'<span class="key {colour}"></span>'),
            name,
        )
        for colour, name in names
    )
    canvas = element("canvas", data_scatter=data)
    return element("div", element("div", *boxes), canvas, Html('<div class="tip" hidden></div>'), class_="scatter")


def search_box() -> Html:
    """The field whose text is looked for in every plot, and the number of points that have it."""
    label = both("Search", "検索")
    hint = both(
        "wheel: zoom · drag: move · double click: back",
        "ホイール: 拡大・縮小　ドラッグ: 移動　ダブルクリック: 元に戻す",
    )
    field = Html('<input type="search" id="search" class="search" autocomplete="off">')
    return joined(
        [
            element("p", element("label", label, Html(" "), field), Html(' <b id="found"></b>')),
            element("p", hint, class_="note"),
        ]
    )


def script() -> str:
    """The script that draws the plots of a page."""
    return resources.files(__package__).joinpath("scatter.js").read_text(encoding="utf-8")
