"""Draws norms, ranks, spectra and dead units by layer, and writes their page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ncvc.html.blocks import facts, folded, row, section, table
from ncvc.html.histogram import histogram
from ncvc.html.labels import both
from ncvc.html.line_chart import Line, line_chart
from ncvc.html.markup import Html, element
from ncvc.html.page import page
from ncvc.inspect.panels import Curve, panels
from ncvc.inspect.picture import drawable, picture
from ncvc.inspect.weights.measure import Measured, Weight, by_layer, matrix_parts, mean_rms
from ncvc.units import number

TOP = 8
"""Largest singular values that the numbers hold."""
BINS = 40
NAMED = 100
"""Rows whose pieces the page names."""
LAYER, STEP = both("layer", "層"), both("step", "ステップ")


def _rms(weight: Weight) -> float:
    return weight.rms


def _rank_share(weight: Weight) -> float:
    assert weight.ranks is not None
    return weight.ranks.effective / weight.ranks.full


def _layers(measured: Measured, part: str, value: Callable[[Weight], float]) -> tuple[list[float], list[float]]:
    own = by_layer(measured, part)
    return [float(weight.layer or 0) for weight in own], [value(weight) for weight in own]


def draw(found: Sequence[Measured], folder: Path) -> None:
    """Draws norms.png and ranks.png, a line a checkpoint; spectra.png of the last, a line a layer; rows.png; dead.png.

    The last one is left out where no unit is dead.
    """
    last = found[-1]
    for name, value, label in (
        ("norms", _rms, "root mean square"),
        ("ranks", _rank_share, "effective rank / full rank"),
    ):
        charts = {
            part: [Curve(each.name, *_layers(each, part, value)) for each in found] for part in matrix_parts(last)
        }
        panels(folder / f"{name}.png", charts, x_label="layer", y_label=label)
    spectra = {
        part: [
            Curve(f"layer {weight.layer}", range(1, len(weight.values) + 1), _positive(weight.values))
            for weight in by_layer(last, part)
            if weight.values is not None
        ]
        for part in matrix_parts(last)
    }
    panels(folder / "spectra.png", spectra, x_label="place", y_label="singular value", logarithmic=True)
    _draw_rows(found, folder / "rows.png")
    if any(dead.dead for each in found for dead in each.dead):
        units = [
            Curve(each.name, [d.layer for d in each.dead], [d.dead / d.units for d in each.dead]) for each in found
        ]
        panels(folder / "dead.png", {"MLP": units}, x_label="layer", y_label="share of dead units")


def _positive(values: np.ndarray) -> list[float]:
    """Singular values for a logarithmic axis, where noise below 1e-8 of the largest has no place."""
    return [float(value) if value > 1e-8 * values[0] else float("nan") for value in values]


def _draw_rows(found: Sequence[Measured], path: Path) -> None:
    shown = found if len(found) == 1 else (found[0], found[-1])
    edges = np.histogram_bin_edges(np.concatenate([each.rows.norms for each in shown]), BINS)
    with picture(path, 4.0, 2.8) as figure:
        axes = figure.add_subplot()
        for each in shown:
            axes.hist(each.rows.norms, edges.tolist(), histtype="step", linewidth=1.2, label=drawable(each.name))
        axes.set(xlabel="norm of an embedding row", ylabel="pieces")
        axes.legend(fontsize=7)


def weights_page(found: Sequence[Measured], texts: Sequence[str]) -> str:
    """The page; `texts` are the pieces by id."""
    last = found[-1]
    parts = matrix_parts(last)
    steps = [float(place if each.step is None else each.step) for place, each in enumerate(found)]
    over_steps = [
        Line(part, [(step, mean_rms(each, part)) for step, each in zip(steps, found, strict=True)]) for part in parts
    ]

    def chart(value: Callable[[Weight], float]) -> Html:
        lines = [Line(part, list(zip(*_layers(last, part, value), strict=True))) for part in parts]
        return line_chart(lines, x_label=LAYER, integer_x=True)

    return page(
        ("Weights", "重み"),
        section(both("Root mean square by layer", "層ごとの二乗平均平方根"), chart(_rms), note=last.name),
        section(
            both("The same over checkpoints, mean over layers", "チェックポイントごと（層の平均）"),
            line_chart(over_steps, x_label=STEP, integer_x=True) if len(found) > 1 else Html(""),
        ),
        section(
            both(
                "Effective rank by layer, as a share of the full rank", "層ごとの実効ランク（フルランクに対する割合）"
            ),
            chart(_rank_share),
            note=both(
                "exp of the entropy of the singular values, scaled to a sum of 1", "特異値の分布のエントロピーの指数"
            ),
        ),
        _dead(found),
        _rows(found, texts),
        _every_weight(last),
        subtitle=", ".join(each.name for each in found),
        facts=_facts(last),
    )


def _facts(last: Measured) -> Html:
    units, dead = sum(each.units for each in last.dead), sum(each.dead for each in last.dead)
    count = sum(int(np.prod(weight.shape)) for weight in last.weights)
    return facts(
        [
            (both("parameters", "パラメータ数"), number(count), last.name),
            (both("dead MLP units", "不活性なMLPユニット"), number(dead), both(f"of {units:,}", f"{units:,}中")),
            (both("embedding rows of zeros", "ゼロの埋め込み行"), number(len(last.rows.zero)), ""),
        ]
    )


def _dead(found: Sequence[Measured]) -> Html:
    head = [LAYER, both("units", "ユニット数"), *(each.name for each in found)]
    rows = [
        row(f"{dead.layer}", f"{dead.units:,}", *(f"{each.dead[place].dead:,}" for each in found))
        for place, dead in enumerate(found[-1].dead)
    ]
    note = both(
        "A unit is dead where a matrix before or behind it has less than 1/1000 of the median norm there.",
        "前後どちらかの行列で、ノルムが中央値の1/1000に満たないユニット。",
    )
    return section(both("Dead units of the MLP", "MLPの不活性ユニット"), table(head, rows), note=note)


def _rows(found: Sequence[Measured], texts: Sequence[str]) -> Html:
    last = found[-1].rows
    counts, edges = np.histogram(last.norms, BINS)
    head = [both("checkpoint", "チェックポイント"), both("mean norm", "平均ノルム"), both("rows of zeros", "ゼロの行")]
    head += [both("norm as at first", "初期値と同じノルム"), both("direction kept", "向きが不変")]
    body = [
        row(
            each.name,
            f"{each.rows.norms.mean():.4g}",
            f"{len(each.rows.zero):,}",
            "–" if each.rows.initial is None else f"{each.rows.initial:,}",
            "–" if each.rows.unturned is None else f"{len(each.rows.unturned):,}",
        )
        for each in found
    ]
    named = " ".join(texts[token] or f"#{token}" for token in (last.unturned or ())[:NAMED])
    note = both(
        "Norm as at first: within three standard deviations of what initialization gives, as trained rows may be, too."
        " Direction kept since the first checkpoint: no gradient has reached the row.",
        "初期値と同じノルム: 初期化が与える範囲（3標準偏差以内）。学習された行も含みうる。"
        "向きが不変: 最初のチェックポイントから勾配が届いていない行。",
    )
    return section(
        both("Rows of the embedding", "埋め込みの行"),
        table(head, body),
        histogram(edges.tolist(), counts.tolist(), x_label=both("norm", "ノルム"), y_label=both("pieces", "ピース数")),
        folded(both("Pieces whose direction was kept", "向きが不変のピース"), element("p", named, class_="example"))
        if named
        else Html(""),
        note=note,
    )


def _every_weight(last: Measured) -> Html:
    head: list[str | Html] = [both("weight", "重み"), both("shape", "形"), both("norm", "ノルム"), "RMS", "σ₁"]
    head += [both("stable rank", "安定ランク"), both("effective rank", "実効ランク")]
    rows = []
    for weight in last.weights:
        found = weight.ranks
        cells = [f"{found.spectral:.4g}", f"{found.stable:.1f}", f"{found.effective:.1f}"] if found else ["", "", ""]
        shape = " × ".join(f"{size:,}" for size in weight.shape)
        rows.append(row(weight.name, shape, f"{weight.norm:.4g}", f"{weight.rms:.4g}", *cells))
    return section(both("Every weight", "すべての重み"), folded(last.name, table(head, rows)))


def numbers(found: Sequence[Measured]) -> list[dict[str, Any]]:
    """The same as JSON, with the largest singular values of each matrix."""
    return [
        {
            "name": each.name,
            "step": each.step,
            "weights": [_weight(weight) for weight in each.weights],
            "dead": [{"layer": dead.layer, "units": dead.units, "dead": dead.dead} for dead in each.dead],
            "rows": {
                "mean_norm": float(each.rows.norms.mean()),
                "zero": each.rows.zero,
                "initial": each.rows.initial,
                "unturned": each.rows.unturned,
            },
        }
        for each in found
    ]


def _weight(weight: Weight) -> dict[str, Any]:
    found: dict[str, Any] = {"name": weight.name, "layer": weight.layer, "part": weight.part, "shape": weight.shape}
    found |= {"norm": weight.norm, "rms": weight.rms}
    if weight.ranks and weight.values is not None:
        ranks = weight.ranks
        found |= {"full_rank": ranks.full, "spectral_norm": ranks.spectral, "stable_rank": ranks.stable}
        found |= {"effective_rank": ranks.effective, "rank_of_99_percent": ranks.energy}
        found |= {"singular_values": weight.values[:TOP].tolist()}
    return found
