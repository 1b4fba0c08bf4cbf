"""Draws maps of the token embedding: a PNG for each, and the page with hover and search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ncvc.html.blocks import facts, row, section, table
from ncvc.html.labels import both
from ncvc.html.markup import Html
from ncvc.html.page import page
from ncvc.inspect.embeddings.maps import KINDS, NEIGHBOURS, PERPLEXITY, Map, Piece
from ncvc.inspect.embeddings.scatter import scatter, script, search_box
from ncvc.inspect.picture import drawable, picture

if TYPE_CHECKING:
    from matplotlib.text import Text
    from matplotlib.transforms import BboxBase

COLOURS = {"other": "#c3c8ce", "function": "#c4506a", "special": "#e0913a", "term": "#0b7a82"}
KEYS = {"other": "c7", "function": "c3", "special": "c1", "term": "c0"}
"""The same colours on the page."""
LABELS = {"other": "other pieces", "function": "function words", "special": "special tokens", "term": "terms"}
JAPANESE = {"other": "その他", "function": "機能語", "special": "特殊トークン", "term": "病名など（用語リスト）"}
SETTINGS = {"t-SNE": f"perplexity {PERPLEXITY:g}", "UMAP": f"{NEIGHBOURS} neighbours"}
NAMED = 14
"""Pieces of each kind whose texts the picture shows where they have room, the most frequent ones."""

Kinship = dict[str, tuple[float, float] | None]


def file_name(method: str) -> str:
    """Name of a method's picture."""
    return f"{method.lower().replace('-', '')}.png"


def draw(found: Map, pieces: Sequence[Piece], title: str, path: Path) -> None:
    """Draws a map: other pieces pale below, the kinds coloured above them, the most frequent ones of each named."""
    from matplotlib.patheffects import withStroke

    with picture(path, 6.4, 6.0) as figure:
        axes = figure.add_subplot()
        texts: dict[str, list[Text]] = {}
        for kind in KINDS:
            own = [place for place, piece in enumerate(pieces) if piece.kind == kind]
            if not own:
                continue
            x, y = found.points[own].T
            size = 1.5 if kind == "other" else 6
            axes.scatter(x, y, s=size, c=COLOURS[kind], linewidths=0, label=f"{LABELS[kind]} ({len(own):,})")
            texts[kind] = [
                axes.annotate(
                    drawable(pieces[place].text),
                    found.points[place],
                    xytext=(2, 2),
                    textcoords="offset points",
                    fontsize=6,
                    color=COLOURS[kind],
                    path_effects=[withStroke(linewidth=1.5, foreground="white")],
                    zorder=3,
                )
                for place in (own[:NAMED] if kind != "other" else [])
            ]
        axes.set(xticks=[], yticks=[])
        axes.axis("off")
        axes.set_aspect("equal", "datalim")
        axes.set_title(drawable(f"{title}: {found.method} ({SETTINGS[found.method]})"), fontsize=9)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=4, fontsize=7, markerscale=2)
        figure.draw_without_rendering()
        _remove_overlapping([text for kind in ("special", *KINDS) for text in texts.pop(kind, ())])


def _remove_overlapping(texts: Sequence[Text]) -> None:
    """Removes each text that lies on one before it."""
    kept: list[BboxBase] = []
    for text in texts:
        extent = text.get_window_extent()
        if extent.count_overlaps(kept):
            text.remove()
        else:
            kept.append(extent)


def embeddings_page(name: str, maps: Sequence[Map], pieces: Sequence[Piece], kinship: Kinship, matrix: str) -> str:
    """The page: a plot of each method, and how much the kinds lie together in all dimensions."""
    names = [(KEYS[kind], both(LABELS[kind], JAPANESE[kind])) for kind in KINDS]
    texts, kinds = [piece.text for piece in pieces], [KINDS.index(piece.kind) for piece in pieces]
    notes = [f"id {piece.id}" + (f" · {piece.part}" if piece.part else "") for piece in pieces]
    plots = (
        section(f"{found.method} ({SETTINGS[found.method]})", scatter(found.points, texts, notes, kinds, names))
        for found in maps
    )
    return page(
        ("Token embedding in two dimensions", "トークン埋め込みの2次元表示"),
        search_box(),
        *plots,
        _kinship(kinship),
        subtitle=f"{name} · {matrix}",
        facts=facts(
            [
                (both(LABELS[kind], JAPANESE[kind]), f"{sum(piece.kind == kind for piece in pieces):,}", "")
                for kind in KINDS
            ]
        ),
        script=script(),
    )


def _kinship(kinship: Kinship) -> Html:
    rows = [
        row(both(LABELS[kind], JAPANESE[kind]), f"{found[0]:.1%}", f"{found[1]:.2%}")
        for kind, found in kinship.items()
        if found
    ]
    head = [
        both("kind", "種類"),
        both("among the nearest pieces", "近傍の同種の割合"),
        both("among all", "全体での割合"),
    ]
    note = both(
        f"Share of the same kind among the {NEIGHBOURS} pieces with the largest cosine: two dimensions may show"
        " clusters that are none in all dimensions.",
        f"コサインが最大の{NEIGHBOURS}個のうち同じ種類のピースの割合。2次元のまとまりは、全次元では存在しないことがある。",
    )
    return section(both("Do the kinds lie together?", "種類ごとにまとまっているか"), table(head, rows), note=note)


def numbers(maps: Sequence[Map], pieces: Sequence[Piece], kinship: Kinship) -> dict[str, Any]:
    """The same as JSON; coordinates in the order of the pieces."""
    return {
        "pieces": [{"id": piece.id, "text": piece.text, "kind": piece.kind, "part": piece.part} for piece in pieces],
        "maps": {found.method: found.points.tolist() for found in maps},
        "kinship": {
            kind: None if found is None else {"nearest": found[0], "all": found[1]} for kind, found in kinship.items()
        },
    }
