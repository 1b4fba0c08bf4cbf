"""The parts of the page that are read: examples of what changed and went, duplicates, time and config."""

from ncvc._native import clinical_categories
from ncvc.corpus.report.data import Change, DropStatistics, Excerpt, Place, ReportData, RuleStatistics
from ncvc.corpus.report.labels import REASONS, RULES
from ncvc.html import charts
from ncvc.html.blocks import row, section, table
from ncvc.html.labels import both, escaped, named, rank
from ncvc.units import number, percent, size

SHOWN = 3
"""Examples of a rule or reason in each source."""


def drops(data: ReportData) -> str:
    """The reasons of all sources, the most frequent first, with how the dropped documents begin."""
    reasons: dict[str, list[DropStatistics]] = {}
    for source in data.sources:
        for reason, drop in source.statistics.dropped.items():
            reasons.setdefault(reason, []).append(drop)
    counts = {reason: sum(drop.documents for drop in each) for reason, each in reasons.items()}
    parts: list[str] = []
    for reason in sorted(counts, key=lambda reason: (-counts[reason], reason)):
        examples = [example for drop in reasons[reason] for example in _found(drop.examples)]
        shown = "".join(_example(place, excerpt_html(excerpt)) for place, excerpt in examples)
        parts.append(_folded(named(reason, REASONS), counts[reason], both("documents", "文書"), shown, not parts))
    return section(
        both("Why documents were left out", "文書が除外された理由"),
        "".join(parts),
        both("Beginnings of dropped documents, after cleaning.", "除外された文書の冒頭（クリーニング後）。"),
    )


def rules(data: ReportData) -> str:
    """What each cleaning rule changed."""
    by_rule: dict[str, list[RuleStatistics]] = {}
    for source in data.sources:
        for name, rule in source.statistics.rules.items():
            by_rule.setdefault(name, []).append(rule)
    read = sum(source.statistics.read.documents for source in data.sources)
    parts: list[str] = []
    names = RULES | {name.replace("_", " "): tag.strip("〔*〕") for name, tag, *_ in clinical_categories()}
    for name in sorted(by_rule, key=lambda name: (rank(name, names), name)):
        documents = sum(rule.documents for rule in by_rule[name])
        edits = number(sum(rule.edits for rule in by_rule[name]))
        unit = both(
            f"documents ({percent(documents, read)}), {edits} edits",
            f"文書（{percent(documents, read)}）、{edits} 箇所",
        )
        examples = [example for rule in by_rule[name] for example in _found(rule.examples)]
        shown = "".join(_example(place, _change(change)) for place, change in examples)
        parts.append(_folded(named(name, names), documents, unit, shown, not parts))
    return section(
        both("What cleaning changed", "クリーニングによる変更"),
        "".join(parts),
        both(
            "■■■ stands for removed personal data, which this report never holds.",
            "■■■ は削除された個人情報です。このレポートに原文は一切含まれません。",
        ),
    )


def _found[T](examples: list[tuple[Place, T | None]]) -> list[tuple[Place, T]]:
    return [(place, example) for place, example in examples if example is not None][:SHOWN]


def _folded(name: str, count: int, unit: str, body: str, opened: bool) -> str:
    head = f'<summary><b>{name}</b> <span class="n">{number(count)} {unit}</span></summary>'
    return f"<details{' open' if opened else ''}>{head}{body}</details>"


def _example(place: Place, text: str) -> str:
    where = f"{escaped(place.file)} · {both('document', '文書')} {number(place.document)}"
    return f'<div class="example">{text}<small>{where}</small></div>'


def _change(change: Change) -> str:
    before = f"<del>{escaped(change.before)}</del>" if change.before else ""
    after = f"<ins>{escaped(change.after)}</ins>" if change.after else ""
    return f"…{escaped(change.left)}{before}{after}{escaped(change.right)}…"


def excerpt_html(excerpt: Excerpt) -> str:
    """The beginning of a document, and how much follows."""
    more = f"{number(excerpt.more)}"
    rest = (
        f' <span class="soft">… {both(f"{more} more characters", f"ほか {more} 文字")}</span>' if excerpt.more else ""
    )
    return escaped(excerpt.text) + rest


def duplicates(data: ReportData) -> str:
    """How much was there twice, and the largest clusters."""
    found = data.duplicates
    if found is None:
        return ""
    rows = [
        row(both("documents equal to an earlier one", "既出と同一の文書"), number(found.documents), ""),
        row(both("documents nearly equal to an earlier one", "既出とほぼ同一の文書"), number(found.near_documents), ""),
        row(both("sentences of an earlier document", "既出の文"), number(found.sentences), size(found.sentence_bytes)),
    ]
    parts = [table(["", both("found", "件数"), both("size", "サイズ")], rows)]
    if found.clusters:
        parts.append(f"<h3>{both('Largest clusters', '最大のクラスター')}</h3>")
    for cluster in found.clusters:
        members = "".join(
            f"<li>{escaped(member.file)} · {both('document', '文書')} {number(member.document)}"
            f" · {both('similarity', '類似度')} {member.similarity:.3f}</li>"
            for member in cluster.members
        )
        count = f"<b>{number(cluster.size)}</b> {both('documents', '文書')}"
        head = f"<summary>{count}: {excerpt_html(cluster.first)}</summary>"
        parts.append(f"<details>{head}<ul>{members}</ul></details>")
    return section(
        both("Duplicates", "重複"),
        "".join(parts),
        both("The first in input order stays, over all sources.", "全ソースを通じて、入力順で最初のものが残ります。"),
    )


def time(data: ReportData) -> str:
    """Seconds and speed of each stage."""
    most = max((stage.seconds for stage in data.stages), default=0.0)
    rows = [
        f'<tr><td>{escaped(stage.name)}</td><td class="n">{stage.seconds:,.1f} s</td>'
        f'<td class="n">{size(stage.bytes)}</td><td class="n">{_rate(stage.bytes, stage.seconds)}</td>'
        f'<td class="bars">{charts.bar(stage.seconds, most)}</td></tr>'
        for stage in data.stages
    ]
    head = [both("stage", "段階"), both("time", "時間"), both("text in", "入力"), both("speed", "速度"), ""]
    return section(both("Time", "処理時間"), table(head, rows) if rows else "")


def _rate(done: int, seconds: float) -> str:
    return f"{done / 1e6 / seconds:,.1f} MB/s" if seconds else "–"
