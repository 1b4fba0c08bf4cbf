"""Builds `report.html`."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ncvc.html.bars import stacked
from ncvc.html.blocks import facts, folded, heading_row, legend, row, section, table
from ncvc.html.histogram import histogram
from ncvc.html.labels import both, named
from ncvc.html.markup import Html, element, joined
from ncvc.html.page import page
from ncvc.outputs import sealed
from ncvc.synthesize.checks import REASONS
from ncvc.synthesize.plan import Plan
from ncvc.synthesize.report.labels import KINDS
from ncvc.synthesize.report.labels import REASONS as WORDS
from ncvc.synthesize.report.sample import EDGES, Document, TaskSample, distinct_share, sample_tasks, topic_of
from ncvc.synthesize.write import KEPT, Group, Outcome
from ncvc.units import number, percent

LONGEST_SHOWN = 1200
"""Characters of a sample that are shown."""


def write_report(plan: Plan, outcome: Outcome, summary: dict[str, Any], output: Path) -> None:
    """Writes `report.html` into the output folder, from its documents and the counts."""
    samples = sample_tasks(plan, output)
    body = [
        _reasons(outcome),
        _groups(outcome),
        *(_lengths(name, sample) for name, sample in samples.items()),
        _diversity(samples, outcome),
        _use(summary),
        *(_samples(name, sample) for name, sample in samples.items()),
    ]
    text = page(("Synthetic text", "合成テキスト"), *body, facts=_facts(summary))
    (output / "report.html").write_text(sealed(text), encoding="utf-8")


def _facts(summary: dict[str, Any]) -> Html:
    of = summary["requests"]
    names = {"kept": "採用", "set_aside": "除外", "failed": "失敗", "missing": "未依頼"}
    boxes: list[tuple[str | Html, str | Html, str | Html]] = [(both("requests", "依頼"), number(of), "")]
    for name, japanese in names.items():
        if summary[name] or name != "missing":
            boxes.append((both(name.replace("_", " "), japanese), number(summary[name]), percent(summary[name], of)))
    return facts(boxes)


def _reasons(outcome: Outcome) -> Html:
    counts = [(reason, outcome.total(reason)) for reason in (KEPT, *REASONS, "failed", "missing")]
    whole = outcome.requests
    rows = [row(named(reason, WORDS), number(count), percent(count, whole)) for reason, count in counts if count]
    head = [both("outcome", "結果"), both("requests", "依頼"), both("share", "割合")]
    note = both(
        "Each request counts once: texts set aside are in aside/, one file a reason, and keep their answers.",
        "依頼はそれぞれ一度だけ数える。除外したテキストは理由ごとに aside/ にあり、回答をそのまま残す。",
    )
    return section(both("Kept, set aside, failed", "採用・除外・失敗"), table(head, rows), note=note)


def _groups(outcome: Outcome) -> Html:
    """Kept and set aside by kind of topic, writer and prompt."""
    parts: list[tuple[Html, Callable[[Group], tuple[str, str]]]] = [
        (both("kind of topic", "主題の種類"), lambda group: (group[0], group[1])),
        (both("writer", "書き手"), lambda group: (group[0], group[2])),
        (both("prompt", "指示文"), lambda group: (group[0], group[3])),
    ]
    rows: list[Html] = []
    for title, key in parts:
        rows.append(heading_row(title, 6))
        sums: dict[tuple[str, str], Counter[str]] = {}
        for group, counts in outcome.states.items():
            sums.setdefault(key(group), Counter()).update(counts)
        for (task, name), counts in sorted(sums.items()):
            aside = sum(counts[reason] for reason in REASONS)
            why = [(reason, count) for reason in REASONS if (count := counts[reason])]
            most = max(why, key=lambda each: each[1], default=None)
            rest = counts["failed"] + counts["missing"]
            bar = stacked([("c0", counts[KEPT]), ("c3", aside), ("c7", rest)])
            shown = KINDS.get(name)
            label = joined([f"{task} · ", both(name, shown) if shown else name])
            main = named(most[0], WORDS) if most else "–"
            cells = (number(counts.total()), number(counts[KEPT]), percent(counts[KEPT], counts.total()), main)
            rows.append(row(label, *cells, bar=bar))
    head = [
        both("group", "区分"),
        both("requests", "依頼"),
        both("kept", "採用"),
        both("share", "割合"),
        both("first reason", "主な理由"),
        "",
    ]
    keys = legend(
        [
            ("c0", both("kept", "採用")),
            ("c3", both("set aside", "除外")),
            ("c7", both("failed, missing", "失敗・未依頼")),
        ]
    )
    title = both("By topic, writer and prompt", "主題・書き手・指示文ごと")
    return section(title, keys, table(head, rows))


def _lengths(task: str, sample: TaskSample) -> Html:
    edges = [*EDGES[:-1], EDGES[-2] + 2000]
    chart = histogram(
        edges,
        sample.lengths,
        integer=True,
        x_label=both("characters; the last bar holds all that is longer", "文字数。最後の棒はそれ以上のすべて"),
        y_label=both("documents", "文書"),
    )
    return section(joined([both("Lengths", "長さ"), Html(" · "), task]), chart)


def _diversity(samples: dict[str, TaskSample], outcome: Outcome) -> Html:
    rows = []
    for task, sample in samples.items():
        for writer, texts in sample.measured.items():
            rows.append(row(f"{task} · {writer}", number(len(texts)), f"{distinct_share(texts):.1%}"))
        if len(sample.measured) > 1:
            every = [text for texts in sample.measured.values() for text in texts]
            all_of = joined([f"{task} · ", both("all writers", "全書き手")])
            rows.append(row(all_of, number(len(every)), f"{distinct_share(every):.1%}", total=True))
    head = [both("texts", "テキスト"), both("measured", "測った数"), both("distinct 4-grams", "異なる4文字列の割合")]
    alike = [
        row(f"{own} ≈ {other}", number(count))
        for (own, other), count in sorted(outcome.alike.items(), key=lambda each: -each[1])
    ]
    between = table([both("writer of the duplicate ≈ of the earlier text", "重複の書き手 ≈ 先の書き手"), ""], alike)
    note = both(
        "Of up to 200 documents each, the first 500 characters; near-duplicates among all documents.",
        "それぞれ最大200文書の先頭500文字。ほぼ重複は全文書のあいだで調べる。",
    )
    return section(both("Diversity", "多様さ"), table(head, rows), between, note=note)


def _use(summary: dict[str, Any]) -> Html:
    rows = [
        row(writer, number(used["prompt_tokens"]), number(used["answer_tokens"]), f"{used['cost']:,.4g}")
        for writer, used in summary["answers"].items()
    ]
    head = [
        both("writer", "書き手"),
        both("tokens of prompts", "指示文のトークン"),
        both("tokens of answers", "回答のトークン"),
        both("price of the answers", "回答の費用"),
    ]
    return section(both("Tokens and price", "トークンと費用"), table(head, rows))


def _samples(task: str, sample: TaskSample) -> Html:
    shown = []
    for i, documents in enumerate(sample.samples):
        columns = element("div", *map(_document, documents), class_="pair" if len(documents) > 1 else "")
        shown.append(folded(f"{i + 1}. {topic_of(documents[0])}", columns, is_open=i == 0))
    note = both(
        "Chosen at random, side by side where two writers wrote on one topic. For a blind comparison:"
        " ncvc synthesize judge.",
        "無作為に選び、二人の書き手が同じ主題で書いたものは並べる。書き手を伏せて比べるには ncvc synthesize judge。",
    )
    return section(joined([both("Samples", "見本"), Html(" · "), task]), *shown, note=note)


def _document(document: Document) -> Html:
    text = document["text"]
    rest = f" … ({number(len(text) - LONGEST_SHOWN)})" if len(text) > LONGEST_SHOWN else ""
    origin = f"{document['writer']} · {document['prompt']} · {number(len(text))}"
    return element("div", element("small", origin), text[:LONGEST_SHOWN] + rest, class_="example")
