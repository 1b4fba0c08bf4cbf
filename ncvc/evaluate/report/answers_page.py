"""A page of a model's answers in one task: question, gold answer, answer and verdict, filtered without a script."""

from collections import Counter

from ncvc.evaluate.report.labels import UNPARSEABLE, VERDICTS, score_name, task_name, two_decimals
from ncvc.evaluate.result import ModelResult, ScoredRow
from ncvc.html.blocks import folded
from ncvc.html.labels import both, named
from ncvc.html.markup import Html, element, joined
from ncvc.html.page import page

SHOWN = 4000
"""Characters of an answer that are shown; `answers/MODEL/TASK.jsonl` has all of it."""


def answers_page(result: ModelResult, task: str) -> str:
    """The whole page."""
    rows = result.rows[task]
    counts = Counter[str](row.score.verdict for row in rows)
    back = element("a", both("report", "レポート"), href="../../report.html")
    return page(
        (f"{task_name(task)}: answers", f"{task_name(task)}：回答"),
        _filter(counts, len(rows)),
        *(_answer(number, row) for number, row in enumerate(rows, start=1)),
        subtitle=joined([result.model.name, Html(" · "), back]),
    )


def _filter(counts: Counter[str], of: int) -> Html:
    """Radio buttons, by which the page's style hides the other verdicts."""
    choices = [("every", both("all", "すべて"), of)]
    choices += [(name, named(name, VERDICTS), counts[name]) for name in VERDICTS]
    return element(
        "fieldset",
        element("legend", both("Show", "表示")),
        *(
            element(
                "label",
                Html(f'<input type="radio" name="verdict" id="show-{name}"{" checked" if name == "every" else ""}>'),
                label,
                element("small", f"{count:,}"),
            )
            for name, label, count in choices
        ),
        class_="filter",
    )


def _answer(place: int, scored: ScoredRow) -> Html:
    row, record, score = scored.row, scored.record, scored.score
    verdict = [element("b", named(score.verdict, VERDICTS), class_=f"verdict {score.verdict}")]
    if score.unparseable:
        verdict.append(element("span", named(score.unparseable, UNPARSEABLE), class_="note"))
    if row.document_in_train:
        seen = both("document in the training split", "文書は学習データにもある")
        verdict.append(element("span", seen, class_="note"))
    facts = " · ".join(filter(None, (f"{place}", row.subject, row.id)))
    text = record.answer if len(record.answer) <= SHOWN else f"{record.answer[:SHOWN]}…"
    scores = [joined([score_name(name), Html(" "), two_decimals(value)]) for name, value in score.scores.items()]
    return element(
        "section",
        element("p", joined(verdict, Html(" ")), class_="verdicts"),
        element("div", element("small", facts), row.question, class_="example"),
        element(
            "div",
            element("div", element("small", both("gold", "正答")), row.answer, class_="example"),
            element("div", element("small", both("answer", "回答")), text or both("nothing", "なし"), class_="example"),
            class_="pair",
        ),
        folded(
            both("prompt and scores", "プロンプトと得点"),
            element("p", joined(scores, Html(" · ")), class_="note"),
            element("pre", record.prompt),
        ),
        class_=f"answer {score.verdict}",
    )
