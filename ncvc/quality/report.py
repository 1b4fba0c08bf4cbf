"""`report.html`: both models on the held-out documents, what each threshold drops, and documents to look at."""

from collections.abc import Callable

import numpy as np

from ncvc.html.blocks import facts, folded, row, section, table
from ncvc.html.labels import both, named
from ncvc.html.line_chart import Line, line_chart
from ncvc.html.markup import Html, element, joined
from ncvc.html.page import page
from ncvc.quality.fitted import Fitted, convincing
from ncvc.quality.measures import MIDDLE, Measures

MODELS = {
    "linear": both("linear, n-grams of characters", "線形（文字n-gram）"),
    "forest": both("random forest, embeddings", "ランダムフォレスト（埋め込み）"),
}
LEFT_OUT = {"no label": "高・低以外の回答", "no embedding": "埋め込みなし"}
"""Reason → label."""
SHOWN = 20
"""Documents of each kind that are shown."""
CHARACTERS = 300
"""Characters of each that are shown."""


def report_page(fitted: Fitted) -> str:
    """The whole page."""
    return page(
        ("Quality classifier", "品質分類器"),
        _labels(fitted),
        _measures(fitted),
        _calibration(fitted),
        *(_going(name, found) for name, found in fitted.measures.items()),
        *(_documents(fitted, name) for name in fitted.scores),
        facts=_facts(fitted),
    )


def _facts(fitted: Fitted) -> Html:
    high = float(fitted.is_high.mean())
    reasons = (joined([named(reason, LEFT_OUT), f" {count:,}"]) for reason, count in fitted.left_out.items())
    return facts(
        [
            (both("trained on", "学習"), f"{fitted.trained:,}", both("documents", "文書")),
            (both("measured on", "評価"), f"{len(fitted.texts):,}", both("held-out documents", "学習に使わない文書")),
            (both("labelled 高", "高の割合"), f"{high:.1%}", both("of these", "評価文書中")),
            (both("left out", "除外"), f"{sum(fitted.left_out.values()):,}", joined(reasons, Html(" · "))),
        ]
    )


def _labels(fitted: Fitted) -> Html:
    """Names the labellers, whose answers are all that a model can learn."""
    labellers = fitted.labels["labellers"]
    rows = [row(name, *(f"{counts[key]:,}" for key in ("高", "低", "left_out"))) for name, counts in labellers.items()]
    head = [both("labeller", "ラベル付け"), "高", "低", both("other answers", "それ以外の回答")]
    agreed = [
        row(" · ".join(pair["labellers"]), f"{pair['documents']:,}", f"{pair['equal']:,}", _kappa(pair["kappa"]))
        for pair in fitted.labels["agreement"]
    ]
    pairs = [both("of two", "二者"), both("documents", "文書"), both("alike", "一致"), both("kappa", "カッパ係数")]
    first = next(iter(labellers))
    note = both(f"The labels of {first} count.", f"{first} のラベルを用いた。")
    more = [table(pairs, agreed)] if agreed else []
    return section(both("Labels", "ラベル"), table(head, rows), *more, note=note)


def _kappa(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _measures(fitted: Fitted) -> Html:
    rows: list[tuple[Html, Callable[[Measures], str]]] = [
        (both("accuracy", "正解率"), lambda found: f"{found.accuracy:.1%}"),
        (both("accuracy of saying the same always", "多数派に答え続けた正解率"), _always),
        (both("precision of 低", "低の適合率"), lambda found: _percent(found.low_precision)),
        (both("recall of 低", "低の再現率"), lambda found: _percent(found.low_recall)),
        (both("area under the ROC curve", "ROC曲線下面積"), lambda found: f"{found.auc:.4f}" if found.auc else "–"),
        (
            both("Brier score (smaller is better)", "ブライアスコア（小さいほど良い）"),
            lambda found: f"{found.brier:.4f}",
        ),
    ]
    cells = [row(name, *(value(found) for found in fitted.measures.values())) for name, value in rows]
    note = both(
        f"A document is called 低 below a score of {MIDDLE}; the score is the probability of 高.",
        f"スコア（高である確率）が{MIDDLE}未満の文書を低とする。",
    )
    head = ["", *(MODELS[name] for name in fitted.measures)]
    return section(both("On held-out documents", "学習に使わない文書での評価"), table(head, cells), note=note)


def _always(found: Measures) -> str:
    return f"{max(found.high, 1 - found.high):.1%}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _calibration(fitted: Fitted) -> Html:
    lines = [Line("perfect", [(0.0, 0.0), (1.0, 1.0)], label=both("perfect", "理想"))]
    for name, found in fitted.measures.items():
        points = [(each.score, each.high) for each in found.bins]
        lines.append(Line(name, points, dots=points, label=MODELS[name]))
    chart = line_chart(lines, x_label=both("mean score", "平均スコア"), y_label=both("labelled 高", "高の割合"))
    head = [both("score", "スコア"), *(MODELS[name] for name in fitted.measures)]
    counts = {name: {int(each.score * 10): each for each in found.bins} for name, found in fitted.measures.items()}
    rows = []
    for place in range(10):
        cells = [counts[name].get(place) for name in counts]
        if any(cells):
            said = (f"{each.high:.1%} / {each.documents:,}" if each else "–" for each in cells)
            rows.append(row(f"{place / 10:.1f}–{(place + 1) / 10:.1f}", *said))
    note = both(
        "Of documents with a score of 0.8, 80 % should be labelled 高. The table: share of 高 / documents.",
        "スコア0.8の文書は80%が高であるべき。表は高の割合／文書数。",
    )
    return section(both("Calibration", "較正"), chart, folded(both("numbers", "数値"), table(head, rows)), note=note)


def _going(name: str, found: Measures) -> Html:
    lines = [
        Line("all", [(each.threshold, each.all) for each in found.going], label=both("all", "全体")),
        Line("低", [(each.threshold, each.low) for each in found.going]),
        Line("高", [(each.threshold, each.high) for each in found.going]),
    ]
    chart = line_chart(lines, x_label=both("threshold", "しきい値"), y_label=both("share that goes", "除外の割合"))
    rows = [
        row(f"{each.threshold:.2f}", *(f"{v:.1%}" for v in (each.all, each.low, each.high))) for each in found.going
    ]
    head = [both("threshold", "しきい値"), both("all", "全体"), both("of 低", "低のうち"), both("of 高", "高のうち")]
    title = joined([both("What each threshold drops: ", "しきい値ごとの除外："), MODELS[name]])
    return section(title, chart, folded(both("numbers", "数値"), table(head, rows)))


def _documents(fitted: Fitted, name: str) -> Html:
    scores = fitted.scores[name]
    parts = []
    for label, of_high in (("高", True), ("低", False)):
        most, least = convincing(scores, fitted.is_high, of_high=of_high, most=SHOWN)
        parts += [
            folded(
                both(f"labelled {label}: most convincing", f"{label}：最も確信のある文書"), _list(fitted, scores, most)
            ),
            folded(
                both(f"labelled {label}: least convincing", f"{label}：最も疑わしい文書"), _list(fitted, scores, least)
            ),
        ]
    title = joined([both("Documents to look at: ", "確認用の文書："), MODELS[name]])
    note = both("The score stands before the beginning of each text.", "数字はスコア、続いて文書の冒頭。")
    return section(title, *parts, note=note)


def _list(fitted: Fitted, scores: np.ndarray, places: list[int]) -> Html:
    items = []
    for place in places:
        text = fitted.texts[place].replace("▁", " ")
        shown = text if len(text) <= CHARACTERS else f"{text[:CHARACTERS]}…"
        items.append(element("li", element("b", f"{scores[place]:.3f}"), Html(" "), shown.replace("\n", " ⏎ ")))
    return element("ol", *items)
