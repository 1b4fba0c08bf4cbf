"""Draws what changed between two models, and writes the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ncvc.html.bars import bar
from ncvc.html.blocks import facts, folded, row, section, table
from ncvc.html.labels import both
from ncvc.html.line_chart import Line, line_chart
from ncvc.html.markup import Html, element
from ncvc.html.page import page
from ncvc.inspect.diff.compare import Change, Difference, RowChanges, by_part, most_changed, turned
from ncvc.inspect.folder import finite
from ncvc.inspect.panels import Curve, panels
from ncvc.inspect.picture import drawable, picture
from ncvc.inspect.spectrum import ENERGY

SHOWN = 30
"""Rows of the embedding that the picture shows."""
LISTED = 200
"""Rows that the page and the numbers hold."""


def _relative(change: Change) -> float:
    return change.relative


def _turn(change: Change) -> float:
    return 1 - change.cosine


def _rank(change: Change) -> float:
    return float(change.ranks.energy) if change.ranks else 0.0


CHARTS: tuple[tuple[str, Callable[[Change], float], str, Html], ...] = (
    ("changes", _relative, "‖B − A‖ / ‖A‖", both("Relative change by layer", "層ごとの相対変化")),
    ("turns", _turn, "1 − cosine", both("1 − cosine by layer", "層ごとの 1 − コサイン")),
    (
        "ranks",
        _rank,
        f"rank of {ENERGY:.0%} of the change",
        both(f"Rank that holds {ENERGY:.0%} of the change", f"変化の{ENERGY:.0%}を占めるランク"),
    ),
)


def draw(difference: Difference, texts: Sequence[str], title: str, folder: Path) -> None:
    """Draws changes.png, turns.png and ranks.png by layer, and rows.png with the rows that changed most."""
    for name, value, label, _ in CHARTS:
        charts = {
            part: [Curve(title, [float(each.layer or 0) for each in changes], [value(each) for each in changes])]
            for part, changes in by_part(difference).items()
        }
        panels(folder / f"{name}.png", charts, x_label="layer", y_label=label)
    rows = difference.rows[0]
    ids = most_changed(rows, SHOWN)
    if not ids:
        return
    with picture(folder / "rows.png", 4.0, 0.7 + 0.17 * len(ids)) as figure:
        axes = figure.add_subplot()
        places = list(range(len(ids), 0, -1))
        # An infinite change has no length.
        lengths = [min(float(rows.relative[token]), 10.0) for token in ids]
        axes.barh(places, lengths, height=0.7)
        axes.set_yticks(places, [drawable(texts[token].replace("\n", "\\n")) for token in ids], fontsize=7)
        axes.set_xlabel("relative change of the embedding row", fontsize=8)
        axes.margins(y=0.01)


def diff_page(difference: Difference, names: tuple[str, str], texts: Sequence[str], new: Sequence[str]) -> str:
    """The page; `texts` are the pieces by id, `new` those that only the second model has."""
    charts = []
    for _, value, label, title in CHARTS:
        lines = [
            Line(part, [(float(each.layer or 0), value(each)) for each in changes])
            for part, changes in by_part(difference).items()
        ]
        charts.append(section(title, line_chart(lines, x_label=both("layer", "層"), y_label=label, integer_x=True)))
    added = section(both("Pieces that were added", "追加されたピース"), _pieces(new)) if new else Html("")
    return page(
        ("What changed between two models", "2つのモデルの差分"),
        *charts,
        *(_rows(rows, texts) for rows in difference.rows),
        added,
        _every_weight(difference),
        subtitle=f"{names[0]} → {names[1]}",
        facts=_facts(difference, len(new)),
    )


def _pieces(texts: Sequence[str]) -> Html:
    return element("div", *(element("span", text) for text in texts[:LISTED]), class_="pieces")


def _facts(difference: Difference, new: int) -> Html:
    changed = [change for change in difference.changes if change.relative > 0]
    most = max(difference.changes, key=lambda change: change.relative)
    rows = difference.rows[0]
    return facts(
        [
            (
                both("weights that changed", "変化した重み"),
                f"{len(changed):,}",
                both(f"of {len(difference.changes):,}", f"{len(difference.changes):,}中"),
            ),
            (both("largest relative change", "最大の相対変化"), f"{most.relative:.3g}", _short(most)),
            (
                both("embedding rows that turned", "向きが変わった埋め込み行"),
                f"{turned(rows):,}",
                both(f"of {len(rows.relative):,}", f"{len(rows.relative):,}中"),
            ),
            (both("pieces added", "追加されたピース"), f"{new:,}", ""),
        ]
    )


def _short(change: Change) -> str:
    return change.part if change.layer is None else f"{change.layer} · {change.part}"


def _rows(rows: RowChanges, texts: Sequence[str]) -> Html:
    ids = most_changed(rows, LISTED)
    largest = max((float(rows.relative[token]) for token in ids if math.isfinite(rows.relative[token])), default=1.0)
    body = [
        row(
            texts[token] or f"#{token}",
            f"{token:,}",
            f"{rows.relative[token]:.4g}",
            f"{rows.cosine[token]:.4f}",
            bar=bar(float(rows.relative[token]), largest),
        )
        for token in ids
    ]
    head = [both("piece", "ピース"), "id", both("relative change", "相対変化"), both("cosine", "コサイン"), ""]
    shown = [table(head, body[:SHOWN])]
    if len(body) > SHOWN:
        shown.append(folded(both(f"{len(body):,} rows", f"{len(body):,}行"), table(head, body)))
    return section(both(f"Rows that changed most: {rows.name}", f"最も変化した行: {rows.name}"), *shown)


def _every_weight(difference: Difference) -> Html:
    head = [both("weight", "重み"), "‖B − A‖ / ‖A‖", both("cosine", "コサイン"), both("full rank", "フルランク")]
    head += [both(f"rank of {ENERGY:.0%}", f"{ENERGY:.0%}のランク"), both("effective rank", "実効ランク")]
    rows = []
    for change in difference.changes:
        found = change.ranks
        cells = [f"{found.full:,}", f"{found.energy:,}", f"{found.effective:.1f}"] if found else ["", "", ""]
        rows.append(row(change.name, f"{change.relative:.4g}", f"{change.cosine:.6f}", *cells))
    return section(both("Every weight", "すべての重み"), folded(f"{len(rows):,}", table(head, rows)))


def numbers(difference: Difference, texts: Sequence[str], new: Sequence[str]) -> dict[str, Any]:
    """The same as JSON; an infinite change is null."""
    return {
        "weights": [_weight(change) for change in difference.changes],
        "rows": {
            rows.name: [
                {
                    "id": token,
                    "piece": texts[token],
                    "relative": finite(float(rows.relative[token])),
                    "cosine": float(rows.cosine[token]),
                }
                for token in most_changed(rows, LISTED)
            ]
            for rows in difference.rows
        },
        "rows_changed": {rows.name: int((rows.relative > 0).sum()) for rows in difference.rows},
        "rows_turned": {rows.name: turned(rows) for rows in difference.rows},
        "pieces_added": list(new),
    }


def _weight(change: Change) -> dict[str, Any]:
    found: dict[str, Any] = {"name": change.name, "layer": change.layer, "part": change.part, "shape": change.shape}
    found |= {"relative": finite(change.relative), "cosine": change.cosine, "rows_added": change.added}
    if change.ranks:
        ranks = change.ranks
        found |= {"full_rank": ranks.full, "stable_rank": ranks.stable, "effective_rank": ranks.effective}
        found |= {"rank_of_99_percent": ranks.energy}
    return found
