"""Writes what analogies gave: bars as PNG, a page, and the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ncvc.html.bars import bar
from ncvc.html.blocks import facts, row, section, table
from ncvc.html.labels import both
from ncvc.html.markup import Html, joined
from ncvc.html.page import page
from ncvc.inspect.analogy.solve import Analogy, LeftOut, Scores
from ncvc.inspect.picture import drawable, picture

TIED = both("input and output embedding are one matrix", "入力と出力の埋め込みは同一の行列")
REASONS: dict[str, tuple[str, str]] = {
    "cleaned": ("nothing is left of it once it is cleaned", "クリーニングで空になる"),
    "several pieces": ("is no piece of the vocabulary", "語彙のピースではない"),
    "input": ("is one of the three words, and so never an answer", "3語のどれかと同じで、答えになりえない"),
    "no whole word": ("stands as no whole word, and so is never an answer", "1語として現れず、答えになりえない"),
}
LISTED = 5
"""Nearest pieces of each analogy of a file on the page."""
DRAWN = 6
"""Analogies of a file that the picture shows."""


def title(analogy: Analogy) -> str:
    """Writes an analogy as a sum: 脳卒中 − 脳 + 心臓."""
    a, b, c = (word.text for word in analogy.words)
    return f"{a} − {b} + {c}"


def draw(solved: Sequence[Analogy], path: Path) -> None:
    """Draws the cosines of the nearest pieces as bars, a panel for each of the first analogies."""
    shown = [analogy for analogy in solved[:DRAWN] if analogy.nearest]
    columns = min(2, len(shown)) or 1
    rows = max(1, -(-len(shown) // columns))
    height = sum([0.5 + 0.22 * max((len(each.nearest) for each in shown), default=1)] * rows)
    with picture(path, 3.4 * columns, height) as figure:
        for place, analogy in enumerate(shown, 1):
            axes = figure.add_subplot(rows, columns, place)
            names = [drawable(near.piece) for near in analogy.nearest]
            colours = ["C1" if near.piece == analogy.expected else "C0" for near in analogy.nearest]
            places = range(len(names), 0, -1)
            axes.barh(list(places), [near.cosine for near in analogy.nearest], color=colours, height=0.7)
            axes.set_yticks(list(places), names)
            axes.set_xlim(min(0.0, *(near.cosine for near in analogy.nearest)), 1.0)
            expected = f" = {analogy.expected}" if analogy.expected else ""
            axes.set_title(drawable(f"{title(analogy)}{expected}"), fontsize=9)
            for at, near in zip(places, analogy.nearest, strict=True):
                axes.text(max(near.cosine, 0) + 0.01, at, f"{near.cosine:.2f}", va="center", fontsize=7)
        figure.supxlabel("cosine", fontsize=8)


def analogy_page(
    name: str, solved: Sequence[Analogy], left_out: Sequence[LeftOut], scores: Scores | None, *, tied: bool
) -> str:
    """The page: scores of a file, each analogy with its nearest pieces, and what was left out.

    `tied`: the output embedding was asked for, and is the input's.
    """
    is_file = any(analogy.expected is not None for analogy in solved) or bool(left_out)
    shown = [_table(solved)] if is_file else [_analogy(analogy) for analogy in solved]
    return page(
        ("Token analogy", "トークンのアナロジー"),
        *shown,
        _left_out(left_out),
        subtitle=joined([name, *([Html(" · "), TIED] if tied else [])]),
        facts=_facts(scores),
    )


def _table(solved: Sequence[Analogy]) -> Html:
    """The analogies of a file, a row each, with the nearest pieces as in the papers' appendix A.3."""
    head = ["a − b + c", both("expected", "正解"), both("place", "順位"), both("cosine", "コサイン")]
    head += [both(f"nearest {LISTED}", f"上位{LISTED}個")]
    rows = [
        row(
            title(analogy),
            analogy.expected or "",
            f"{analogy.rank:,}",
            f"{analogy.cosine:.3f}",
            joined((f"{near.piece} {near.cosine:.2f}" for near in analogy.nearest[:LISTED]), Html("<br>")),
        )
        for analogy in solved
    ]
    return section(both("Analogies", "アナロジー"), table(head, rows), note=_means(solved))


def _left_out(left_out: Sequence[LeftOut]) -> Html:
    rows = [
        row(" ".join(left.words), f"{left.line:,}", joined([left.word, Html(": "), both(*REASONS[left.reason])]))
        for left in left_out
    ]
    head = [both("words", "語"), both("line", "行"), both("reason", "理由")]
    return section(both("Lines left out", "計算できなかった行"), table(head, rows))


def _facts(scores: Scores | None) -> Html:
    if scores is None:
        return Html("")
    counted = both(f"of {scores.counted:,}", f"{scores.counted:,}問中")
    shares = [(both(f"top {n}", f"上位{n}"), f"{share:.1%}", counted) for n, share in scores.tops.items()]
    return facts([*shares, (both("mean reciprocal rank", "平均逆順位"), f"{scores.mean_reciprocal_rank:.3f}", counted)])


def _analogy(analogy: Analogy) -> Html:
    rows = [row(near.piece, f"{near.cosine:.3f}", bar=bar(near.cosine, 1)) for near in analogy.nearest]
    head = [both("piece", "ピース"), both("cosine", "コサイン"), ""]
    return section(title(analogy), table(head, rows), note=_means([analogy]))


def _means(solved: Sequence[Analogy]) -> Html:
    """Names the words that are means of pieces."""
    words = [word for analogy in solved for word in analogy.words if len(word.ids) > 1]
    means = dict.fromkeys((word.text, " + ".join(word.pieces)) for word in words)
    return joined(both(f"{text}: mean of {pieces}. ", f"{text}: {pieces} の平均。") for text, pieces in means)


def numbers(solved: Sequence[Analogy], left_out: Sequence[LeftOut], scores: Scores | None) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "analogies": [asdict(analogy) for analogy in solved],
        "left_out": [asdict(left) for left in left_out],
        "scores": asdict(scores) if scores else None,
    }
