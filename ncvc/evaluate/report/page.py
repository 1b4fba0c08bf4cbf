"""`report.html`: the papers' tables with these models, every score with its interval, and a curve over seen tokens."""

from collections.abc import Sequence
from itertools import batched

from ncvc.evaluate.report.labels import UNPARSEABLE, interval, score_name, task_name, two_decimals
from ncvc.evaluate.report.tables import FilledTable, filled_tables
from ncvc.evaluate.result import ModelResult, Result
from ncvc.evaluate.row_scores import MAIN
from ncvc.evaluate.task_scores import Score
from ncvc.html.blocks import facts, folded, heading_row, row, section, table
from ncvc.html.labels import both, named
from ncvc.html.line_chart import COLOURS, Line, line_chart
from ncvc.html.markup import Html, element, joined
from ncvc.html.page import page
from ncvc.units import short


def report_page(result: Result) -> str:
    """The whole page."""
    return page(
        ("Evaluation", "評価"),
        *(_paper(filled) for filled in filled_tables(result)),
        _curve(result),
        *(_task(result, task) for suite in result.suites for task in suite.tasks),
        _exam(result),
        _notes(),
        subtitle=", ".join(each.model.name for each in result.models),
        facts=_facts(result),
    )


def _facts(result: Result) -> Html:
    boxes: list[tuple[str | Html, str | Html, str | Html]] = []
    for suite in result.suites:
        shots = len(suite.demonstrations) // 2
        remark = both(f"{shots} solved examples each", f"例題{shots}問つき") if shots else both("zero-shot", "例題なし")
        if result.plan.limit:
            remark = joined([remark, both(", the first of each task only", "、各課題の先頭のみ")])
        boxes.append((suite.name, both(f"{len(suite.rows):,} questions", f"{len(suite.rows):,}問"), remark))
    for each in result.models[:4]:
        size = each.facts.get("parameters")
        remark = (
            both("chat template", "対話形式") if each.facts.get("form") == "chat" else both("plain prompts", "平文")
        )
        boxes.append((each.model.name, short(size) if size else each.model.kind, remark))
    return facts(boxes)


def _paper(filled: FilledTable) -> Html:
    paper = filled.paper
    rows = [row(name, *cells, total=name.startswith("Total")) for name, cells in paper.rows]
    rows.append(heading_row(both("these models", "今回のモデル"), len(paper.heads) + 1))
    rows += [row(name, *(cell or "–" for cell in cells)) for name, cells in filled.own]
    if filled.leakage:
        name = both("test documents in the training split", "学習データにもあるテスト文書")
        rows.append(row(name, *(cell or "–" for cell in filled.leakage)))
    title = both(f"Table {paper.number}: {paper.english}", f"表{paper.number}　{paper.japanese}")
    return section(title, table(["", *paper.heads], rows))


def _task(result: Result, task: str) -> Html:
    first = result.models[0].tasks[task]
    names = list(dict.fromkeys(name for each in result.models for name in each.tasks[task].scores))
    rows = [
        row(score_name(name), *(_score(each.tasks[task].scores.get(name)) for each in result.models)) for name in names
    ]
    rows.append(
        row(both("unparseable", "読み取り不能"), *(_kinds(each.tasks[task].unparseable) for each in result.models))
    )
    if first.chance is not None:
        name = both(f"{MAIN[first.kind]} by chance", "主得点の偶然水準")
        rows.append(row(name, *(two_decimals(each.tasks[task].chance) for each in result.models)))
    if first.seen is not None:
        rows.append(
            row(
                both(f"{MAIN[first.kind]}, unseen documents only", "主得点（学習データにない文書のみ）"),
                *(two_decimals(each.tasks[task].unseen_score) for each in result.models),
            )
        )
    if len(result.models) > 1:
        rows.append(
            row(
                both("p-value beside the first", "1番目のモデルとの対応検定 p値"),
                *(_versus(each, task) for each in result.models),
            )
        )
    links = [element("a", each.model.name, href=f"pages/{each.model.slug}/{task}.html") for each in result.models]
    note = [both("Answers: ", "回答："), joined(links, Html(" · "))]
    if first.seen is not None:
        note.append(
            both(
                f" · {first.seen} of {first.rows} test documents are in the training split",
                f" · テスト文書{first.rows}件中{first.seen}件は学習データにもある",
            )
        )
    head = ["", *(each.model.name for each in result.models)]
    return section(task_name(task), table(head, rows), _subjects(result, task, head), note=joined(note))


def _subjects(result: Result, task: str, head: Sequence[str]) -> Html:
    """Means of the main score by subject, of the most questions first; folded away."""
    counts = {name: rows for each in result.models for name, (rows, _) in each.tasks[task].by_subject.items()}
    if not counts:
        return Html("")
    rows = []
    for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        cells = [each.tasks[task].by_subject.get(name) for each in result.models]
        label = joined([name, element("small", f" {count}", class_="soft")])
        rows.append(row(label, *(two_decimals(cell[1]) if cell else "–" for cell in cells)))
    return folded(both("by subject", "分野別"), table(head, rows))


def _versus(each: ModelResult, task: str) -> str:
    values = list(each.tasks[task].versus.values())
    return ("< 0.001" if values[0] < 0.001 else f"{values[0]:.3f}") if values else "–"


def _score(score: Score | None) -> Html | str:
    if score is None:
        return "–"
    return joined([two_decimals(score.value), element("small", f" {interval(score)}", class_="soft")])


def _kinds(unparseable: dict[str, int]) -> Html | str:
    if not unparseable:
        return "0"
    return joined(
        [joined([f"{count} ", named(kind, UNPARSEABLE)]) for kind, count in unparseable.items()], Html("<br>")
    )


def _exam(result: Result) -> Html:
    """Required and general sections and forbidden choices of the licensing examination, by year."""
    rows = []
    for each in result.models:
        exams = [(name, scores.exam) for name, scores in each.tasks.items() if scores.exam]
        if exams:
            rows.append(heading_row(each.model.name, 5))
        for name, exam in exams:
            rows.append(
                row(
                    task_name(name),
                    f"{exam.points} / {exam.total}",
                    f"{exam.required} / {exam.required_total}",
                    f"{exam.general} / {exam.general_total}",
                    f"{exam.forbidden_chosen} / {exam.forbidden_problems}",
                )
            )
    head = [
        "",
        both("points", "得点"),
        both("required sections", "必修"),
        both("other sections", "一般・臨床"),
        both("forbidden choices", "禁忌肢"),
    ]
    note = both(
        "80 % of the points of the required sections (B and E) are needed to pass.",
        "必修（B・E）は8割以上で合格。禁忌肢は選択した問題数／禁忌肢のある問題数。",
    )
    return section(
        both("Licensing examination: sections and forbidden choices", "医師国家試験：必修と禁忌肢"),
        table(head, rows),
        note=note,
    )


def _curve(result: Result) -> Html:
    """Scores over seen tokens, where at least two models say how many they saw (figure 6)."""
    seen = sorted(
        ((each.facts["tokens_seen"], each) for each in result.models if each.facts.get("tokens_seen")),
        key=lambda pair: pair[0],
    )
    if len({tokens for tokens, _ in seen}) < 2:
        return Html("")
    lines: list[Line] = []
    for task in result.models[0].tasks:
        points = [(tokens, value) for tokens, each in seen if (value := _main(each, task)) is not None]
        lines.append(Line(task_name(task), points, dots=points))
    charts = [_chart(some) for some in batched(lines, COLOURS)]
    return section(both("Scores over seen tokens", "学習トークン数と得点（図6）"), *charts)


def _chart(lines: Sequence[Line]) -> Html:
    return line_chart(lines, x_label=both("seen tokens", "学習トークン数"), y_label=both("score", "得点"))


def _main(each: ModelResult, task: str) -> float | None:
    scores = each.tasks[task]
    if scores.exam:
        return scores.exam.points / scores.exam.total if scores.exam.total else None
    return scores.main.value


def _notes() -> Html:
    return section(
        both("How to read this", "読み方"),
        element(
            "p",
            both(
                "Scores with * are computed as the benchmark's own script does, quirks included, and are what the"
                " papers give: the first capital letter anywhere counts, and the “partial” F1 counts every gold entity"
                " as soon as one matches exactly. The others are beside them. Small numbers are 95 % intervals by"
                " bootstrap, of rows with one score by Wilson; [–, –] where all samples of the rows give one value.",
                "*の得点は各ベンチマークの公式スクリプトと同じ計算（癖も含む）で、論文の値と比較できる。"
                "選択式は最初に現れた大文字、「部分一致」F1は1つでも完全一致すれば全正答が数えられる。"
                "小さな数字はブートストラップ（全問の得点が等しい場合はウィルソン）による95%信頼区間。"
                "再標本の値がすべて等しいときは [–, –]。",
            ),
        ),
    )
