"""The parts of the page that are read: examples of what changed and went, duplicates, time and config."""

from ncvc._native import clinical_categories
from ncvc.corpus.report.data import Member, ReportData
from ncvc.corpus.report.labels import CATEGORIES, REASONS, RULES, STAGES
from ncvc.corpus.statistics import Change, DropStatistics, Excerpt, Place, RuleStatistics
from ncvc.html.bars import bar
from ncvc.html.blocks import folded, row, section, table
from ncvc.html.labels import both, named, rank
from ncvc.html.markup import Html, element, escaped, joined
from ncvc.units import number, percent, size

SHOWN = 3
"""Examples of a rule or reason in each source."""


def drops(data: ReportData) -> Html:
    """The reasons of all sources, the most frequent first, with how the dropped documents begin."""
    reasons: dict[str, list[DropStatistics]] = {}
    for source in data.sources:
        for reason, drop in source.statistics.dropped.items():
            reasons.setdefault(reason, []).append(drop)
    counts = {reason: sum(drop.documents for drop in each) for reason, each in reasons.items()}
    parts: list[Html] = []
    for reason in sorted(counts, key=lambda reason: (-counts[reason], reason)):
        examples = [example for drop in reasons[reason] for example in _found(drop.examples)]
        shown = [_example(place, _excerpt(excerpt)) for place, excerpt in examples]
        summary = _summary(named(reason, REASONS), counts[reason], both("documents", "文書"))
        parts.append(folded(summary, *shown, is_open=not parts))
    return section(
        both("Why documents were left out", "文書が除外された理由"),
        *parts,
        note=both("Beginnings of dropped documents, after cleaning.", "除外された文書の冒頭（クリーニング後）。"),
    )


def rules(data: ReportData) -> Html:
    """Draws the changes by cleaning rule, with examples."""
    by_rule: dict[str, list[RuleStatistics]] = {}
    for source in data.sources:
        for name, rule in source.statistics.rules.items():
            by_rule.setdefault(name, []).append(rule)
    read = sum(source.statistics.read.documents for source in data.sources)
    parts: list[Html] = []
    names = RULES | {name.replace("_", " "): tag.strip("〔*〕") for name, tag, *_ in clinical_categories()} | CATEGORIES
    for name in sorted(by_rule, key=lambda name: (rank(name, names), name)):
        documents = sum(rule.documents for rule in by_rule[name])
        edits = number(sum(rule.edits for rule in by_rule[name]))
        unit = both(
            f"documents ({percent(documents, read)}), {edits} edits",
            f"文書（{percent(documents, read)}）、{edits} 箇所",
        )
        examples = [example for rule in by_rule[name] for example in _found(rule.examples)]
        shown = [_example(place, _change(change)) for place, change in examples]
        parts.append(folded(_summary(named(name, names), documents, unit), *shown, is_open=not parts))
    return section(
        both("What cleaning changed", "クリーニングによる変更"),
        *parts,
        note=both(
            "■■■ stands for removed personal data, which this report never holds. Of two equal marks that meet where"
            " data is removed, “repetition” takes one.",
            "■■■ は削除された個人情報を表します。削除された個人情報がこのレポートに含まれることはありません。"
            "個人情報の削除で同じ記号が隣り合うと、「過剰な繰り返しの削除」が一つにします。",
        ),
    )


def _found[T](examples: list[tuple[Place, T | None]]) -> list[tuple[Place, T]]:
    return [(place, example) for place, example in examples if example is not None][:SHOWN]


def _summary(name: Html, count: int, unit: Html) -> Html:
    return joined([element("b", name), Html(" "), element("span", Html(f"{number(count)} {unit}"), class_="n")])


def _place(file: str, document: int) -> Html:
    return joined([file, Html(" · "), both("document", "文書"), Html(f" {number(document)}")])


def _example(place: Place, text: Html) -> Html:
    return element("div", text, element("small", _place(place.file, place.document)), class_="example")


def _change(change: Change) -> Html:
    dots = Html("…")
    before = element("del", change.before) if change.before else ""
    after = element("ins", change.after) if change.after else ""
    return joined([dots, change.left, before, after, change.right, dots])


def _excerpt(excerpt: Excerpt) -> Html:
    """The beginning of a document, and how much follows."""
    if not excerpt.more:
        return escaped(excerpt.text)
    more = both(f"{number(excerpt.more)} more characters", f"ほか {number(excerpt.more)} 文字")
    return joined([excerpt.text, Html(" "), element("span", Html("… "), more, class_="soft")])


def duplicates(data: ReportData) -> Html:
    """Draws the numbers of duplicates, and the largest clusters."""
    found = data.duplicates
    if found is None:
        return Html("")
    rows = [
        row(both("documents equal to an earlier one", "既出と同一の文書"), number(found.documents), ""),
        row(both("documents nearly equal to an earlier one", "既出とほぼ同一の文書"), number(found.near_documents), ""),
        row(both("sentences of an earlier document", "既出の文"), number(found.sentences), size(found.sentence_bytes)),
    ]
    parts = [table(["", both("found", "件数"), both("size", "サイズ")], rows)]
    if found.clusters:
        parts.append(element("h3", both("Largest clusters", "最大のクラスター")))
    for cluster in found.clusters:
        count = joined([element("b", Html(number(cluster.size))), Html(" "), both("documents", "文書"), Html(": ")])
        members = element("ul", *(_member(member) for member in cluster.members))
        parts.append(folded(joined([count, _excerpt(cluster.first)]), members))
    return section(
        both("Duplicates", "重複"),
        *parts,
        note=both(
            "The first in input order stays, over all sources.", "全ソースを通じて、入力順で最初のものが残ります。"
        ),
    )


def _member(member: Member) -> Html:
    similarity = joined([both("similarity", "類似度"), Html(f" {member.similarity:.3f}")])
    return element("li", _place(member.file, member.document), Html(" · "), similarity)


def time(data: ReportData) -> Html:
    """Seconds and speed of each stage."""
    most = max((stage.seconds for stage in data.stages), default=0.0)
    rows = [
        row(
            named(stage.name, STAGES),
            f"{stage.seconds:,.1f} s",
            size(stage.bytes),
            _rate(stage.bytes, stage.seconds),
            bar=bar(stage.seconds, most),
        )
        for stage in data.stages
    ]
    head = [both("stage", "段階"), both("time", "時間"), both("text in", "入力"), both("speed", "速度"), ""]
    return section(both("Time", "処理時間"), table(head, rows))


def _rate(done: int, seconds: float) -> str:
    return f"{done / 1e6 / seconds:,.1f} MB/s" if seconds else "–"
