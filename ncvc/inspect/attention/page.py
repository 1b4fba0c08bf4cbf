"""Page of attention: maps under the pointer, and the shares of special places by layer and head."""

import base64
import json
from collections.abc import Sequence
from importlib import resources

import numpy as np

from ncvc.html.blocks import facts, folded, legend, row, section, table
from ncvc.html.labels import both
from ncvc.html.line_chart import Line, line_chart
from ncvc.html.markup import Html, element
from ncvc.html.page import page
from ncvc.inspect.attention.maps import Map
from ncvc.inspect.attention.packed import Packed
from ncvc.inspect.attention.shares import LABELS, Share
from ncvc.units import number

ACROSS = both(
    "Mean over the positions that have such a place before them. “Uniform” is a head that attends to all"
    " positions alike. Shares overlap: the first token and the ends of texts belong to earlier documents.",
    "該当する位置が前にあるトークンでの平均。「一様」はすべての位置に等しく注意した場合。"
    "割合は重なる：先頭トークンと文書末トークンは前の文書に含まれる。",
)
WITHIN = both(
    "Attention stays within a document, as in the model's training. Mean over the positions that have such a place"
    " before them. “Uniform” is a head that attends to all positions of the document alike.",
    "アテンションは学習時と同じく文書内に限る。該当する位置が前にあるトークンでの平均。"
    "「一様」は文書内のすべての位置に等しく注意した場合。",
)
"""Notes on shares, by whether attention crosses documents."""


def attention_page(name: str, packed: Packed, maps: Sequence[Sequence[Map]], shares: Sequence[Share]) -> str:
    """Builds the whole page; it holds the pieces of the texts."""
    script = resources.files(__package__).joinpath("attention.js").read_text(encoding="utf-8")
    return page(
        ("Attention", "アテンション"),
        section(
            both("Where attention goes", "アテンションの行き先"),
            _chart(shares),
            _table(shares),
            *(_by_head(share) for share in shares),
            note=WITHIN if packed.document_mask else ACROSS,
        ),
        section(
            both("Maps", "アテンションマップ"),
            _legend(),
            *(_map(each) for own in maps for each in own),
            note=both(
                "Rows ask, columns answer; strength follows the square root of the weight.",
                "行が参照元、列が参照先。色の濃さは重みの平方根。",
            ),
        ),
        _pieces(packed),
        subtitle=name,
        facts=facts(
            [
                (both("tokens", "トークン数"), number(len(packed)), ""),
                (both("documents", "文書数"), number(int(packed.documents[-1]) + 1), ""),
                (both("layers", "層数"), number(len(shares[0].values)), ""),
                (both("heads", "ヘッド数"), number(shares[0].values.shape[1]), ""),
            ]
        ),
        script=script,
    )


def _legend() -> Html:
    return legend([("c0", both("weight", "重み")), ("c1", both("end of text", "文書末"))])


def _chart(shares: Sequence[Share]) -> Html:
    lines = [
        Line(LABELS[share.kind][1], points, dots=points)
        for share in shares
        for points in [[(layer, float(own.mean())) for layer, own in enumerate(share.values, 1)]]
    ]
    return line_chart(
        lines, x_label=both("layer", "層"), y_label=both("mean over the heads", "ヘッド平均"), integer_x=True
    )


def _table(shares: Sequence[Share]) -> Html:
    head = [both("layer", "層"), *(both(*LABELS[share.kind]) for share in shares)]
    rows = [
        row(str(layer), *(f"{share.values[layer - 1].mean():.1%}" for share in shares))
        for layer in range(1, len(shares[0].values) + 1)
    ]
    rows.append(row(both("uniform", "一様"), *(f"{share.uniform:.1%}" for share in shares), total=True))
    return table(head, rows)


def _by_head(share: Share) -> Html:
    heads = range(1, share.values.shape[1] + 1)
    rows = [
        row(str(layer), *(f"{value:.1%}" for value in values)) for layer, values in enumerate(share.values.tolist(), 1)
    ]
    english, japanese = LABELS[share.kind]
    summary = both(f"{english}, by layer and head", f"{japanese}（層・ヘッド別）")
    return folded(summary, table([both("layer", "層"), *map(str, heads)], rows))


def _map(each: Map) -> Html:
    levels = np.round(255 * np.sqrt(np.clip(each.weights, 0, 1))).astype(np.uint8)
    data = base64.b64encode(levels.tobytes()).decode()
    canvas = element("canvas", data_map=data, style="width:100%;max-width:640px;display:block")
    return element("figure", element("h3", both(*each.name)), canvas, element("output"), style="margin:0 0 1rem")


def _pieces(packed: Packed) -> Html:
    pieces = json.dumps(packed.pieces, ensure_ascii=False)
    ends = json.dumps(np.flatnonzero(packed.is_end).tolist())
    return element("div", id="pieces", data_pieces=pieces, data_ends=ends)
