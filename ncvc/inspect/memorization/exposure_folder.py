"""Writes what canaries gave: exposure and extraction over the number of repetitions, for one or several models."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ncvc.html.bars import bar
from ncvc.html.blocks import facts, folded, heading_row, row, section, table
from ncvc.html.labels import both
from ncvc.html.markup import Html
from ncvc.html.page import page
from ncvc.inspect.folder import Inspection
from ncvc.inspect.memorization.canaries import FORMS
from ncvc.inspect.memorization.exposure import Exposed, Group, by_count, chance
from ncvc.inspect.picture import drawable, picture
from ncvc.units import number

SHIFT = 0.08
"""Of the points of several models, so that they do not hide each other."""

type Found = Mapping[str, Sequence[Exposed]]
"""Model → its canaries."""


def numbers(found: Found, size: int, seed: int) -> dict[str, Any]:
    """The outcome as a JSON value; it holds no secret."""
    return {
        "sample": {
            "alternatives": size,
            "seed": seed,
            "most_bits": float(np.log2(size + 1)),
            "chance_bits": chance(size + 1),
            "forms": {form.name: {"length": form.length, "possible": form.size} for form in FORMS},
        },
        "models": {
            name: {
                "by_count": [group.dump() for group in by_count(exposed)],
                "canaries": [each.dump() for each in exposed],
            }
            for name, exposed in found.items()
        },
    }


def write_exposure(found: Found, output: Inspection, size: int, seed: int) -> dict[str, Any]:
    """Writes the picture, the page and the numbers; returns these."""
    said = numbers(found, size, seed)
    with output.write(_page(found, size), said, alternatives=size, seed=seed) as folder:
        draw(found, folder / "exposure.png", size)
    return said


def draw(found: Found, path: Path, size: int) -> None:
    """Draws exposure and extraction beside each other."""
    with picture(path, 6.5, 3.2) as figure:
        exposures, extractions = figure.subplots(1, 2)
        counts = sorted({each.canary.count for exposed in found.values() for each in exposed})
        for place, (name, exposed) in enumerate(found.items()):
            _draw_model(exposures, extractions, drawable(name), exposed, counts, place, len(found))
        exposures.axhline(np.log2(size + 1), color="0.5", linewidth=0.8, linestyle="--")
        exposures.axhline(chance(size + 1), color="0.5", linewidth=0.8, linestyle=":")
        exposures.set(ylabel=f"exposure (bits, {size + 1:,} secrets)", ylim=(-0.3, np.log2(size + 1) + 0.6))
        extractions.set(ylabel="extracted by prefix", ylim=(-0.03, 1.03))
        for axes in (exposures, extractions):
            axes.set_xticks(range(len(counts)), [str(count) for count in counts])
            axes.set_xlabel("documents that hold the secret")
            axes.grid(alpha=0.3)
        exposures.set_title("dashed: most; dotted: chance", fontsize=7)
        if len(found) > 1:
            figure.legend(*exposures.get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=7)


def _draw_model(
    exposures: Any, extractions: Any, name: str, exposed: Sequence[Exposed], counts: list[int], place: int, of: int
) -> None:
    """Draws a model: a dot a canary, and lines through the means."""
    colour, shift = f"C{place}", SHIFT * (place - (of - 1) / 2)
    groups = by_count(exposed)
    places = [counts.index(group.count) + shift for group in groups]
    exposures.plot(
        [counts.index(each.canary.count) + shift for each in exposed],
        [each.exposure for each in exposed],
        ".",
        color=colour,
        markersize=4,
        alpha=0.35,
    )
    exposures.plot(places, [group.mean for group in groups], "o-", color=colour, markersize=4, label=name)
    shares = [group.extracted / group.canaries for group in groups]
    extractions.plot(places, shares, "o-", color=colour, markersize=4)


def _page(found: Found, size: int) -> str:
    by_chance = chance(size + 1)
    return page(
        ("Memorization of canaries", "カナリアの記憶"),
        section(
            both("Exposure by repetition", "反復回数と露出度"),
            _table(found, np.log2(size + 1)),
            note=both(
                f"Exposure is log2 |R| − log2 rank among {number(size + 1)} secrets of the form, the secret and"
                f" {number(size)} random ones, by their probability after the text before them (Carlini et al. 2019)."
                f" An unknown secret has {by_chance:.2f} bits in the mean; the most is {np.log2(size + 1):.2f}.",
                f"露出度は log2|R| − log2順位。同じ形の秘密{number(size + 1)}個（本物と乱数{number(size)}個）を、"
                f"前の文のあとの確率で順位付けしたもの（Carlini et al. 2019）。"
                f"未知の秘密では平均{by_chance:.2f}ビット、最大は{np.log2(size + 1):.2f}ビット。",
            ),
        ),
        section(both("Canaries", "カナリア"), *(_canaries(name, exposed) for name, exposed in found.items())),
        subtitle=", ".join(found),
        facts=facts(
            [
                (both("canaries", "カナリア"), number(len(next(iter(found.values())))), ""),
                (both("alternatives", "比較した乱数"), number(size), both("for each", "1個あたり")),
                (both("by chance", "偶然水準"), f"{by_chance:.2f}", both("bits", "ビット")),
            ]
        ),
    )


def _table(found: Found, most: float) -> Html:
    head = [
        both("documents", "文書数"),
        both("canaries", "カナリア数"),
        both("mean exposure", "平均露出度"),
        both("least–most", "最小–最大"),
        both("extracted", "抽出できた数"),
        "",
    ]
    rows = []
    for name, exposed in found.items():
        if len(found) > 1:
            rows.append(heading_row(name, len(head)))
        rows += [_group(group, most) for group in by_count(exposed)]
    return table(head, rows)


def _group(group: Group, most: float) -> Html:
    return row(
        number(group.count),
        number(group.canaries),
        f"{group.mean:.2f}",
        f"{group.low:.2f}–{group.high:.2f}",
        f"{number(group.extracted)} / {number(group.canaries)}",
        bar=bar(group.mean, most),
    )


def _canaries(name: str, exposed: Sequence[Exposed]) -> Html:
    head = [
        both("canary", "カナリア"),
        both("form", "形"),
        both("documents", "文書数"),
        both("rank", "順位"),
        both("exposure", "露出度"),
        both("perplexity", "パープレキシティ"),
        both("extracted", "抽出"),
    ]
    rows = [
        row(
            each.canary.id,
            each.canary.form,
            number(each.canary.count),
            number(each.rank),
            f"{each.exposure:.2f}",
            f"{each.perplexity:,.2f}",
            both("yes", "可") if each.extracted else "–",
        )
        for each in exposed
    ]
    return folded(name, table(head, rows))
