"""The parts of the page that count documents, bytes and tokens; each returns HTML, or nothing without data."""

from ncvc.corpus.report.data import SCRIPTS, ReportData, Source, Statistics, TextStatistics
from ncvc.corpus.report.labels import REASONS
from ncvc.corpus.report.labels import SCRIPTS as SCRIPT_NAMES
from ncvc.html import charts
from ncvc.html.blocks import row, section, table
from ncvc.html.labels import both, escaped, named, rank
from ncvc.units import number, percent, size, token_count


def output(statistics: Statistics) -> tuple[int, int]:
    """Documents and bytes that came out: encoded ones, or where there are none those that stayed."""
    last = statistics.tokens or statistics.kept
    return last.documents, last.bytes


def facts(data: ReportData) -> str:
    """The few numbers that everybody asks for."""
    read = sum(source.statistics.read.documents + source.quarantined for source in data.sources)
    read_bytes = sum(source.statistics.read.bytes for source in data.sources)
    out = [output(source.statistics) for source in data.sources]
    kept, kept_bytes = sum(documents for documents, _ in out), sum(each for _, each in out)
    encoded = [source.statistics.tokens for source in data.sources if source.statistics.tokens]
    seconds = sum(stage.seconds for stage in data.stages)
    boxes = [
        (both("documents in", "入力文書"), number(read), size(read_bytes)),
        (both("documents out", "出力文書"), number(kept), size(kept_bytes)),
        (both("text left", "残ったテキスト"), percent(kept_bytes, read_bytes), both("of the bytes", "バイト比")),
    ]
    if encoded:
        morphemes = sum(each.morphemes for each in encoded)
        total = sum(each.tokens for each in encoded)
        per = f"{total / morphemes:.3f}" if morphemes else "–"
        boxes.append((both("tokens", "トークン"), token_count(total), both(f"{per} a morpheme", f"形態素あたり {per}")))
    if seconds:
        boxes.append((both("speed", "速度"), f"{read_bytes / 1e6 / seconds:.1f} MB/s", f"{seconds:,.0f} s"))
    cells = "".join(
        f"<div><small>{name}</small><b>{value}</b><small>{more}</small></div>" for name, value, more in boxes
    )
    return f'<div class="facts">{cells}</div>'


def funnel(data: ReportData) -> str:
    """What went in, what each step left out, what came out, by source."""
    rows = []
    for source in data.sources:
        rows.append(f'<tr class="group"><td colspan="6">{escaped(source.name)}</td></tr>')
        rows += _funnel_of(source)
    head = [
        both("step", "段階"),
        both("documents", "文書"),
        "%",
        both("size", "サイズ"),
        both("documents left", "残り文書"),
    ]
    return section(
        both("From input to output", "入力から出力まで"),
        table([*head, ""], rows),
        both(
            "Documents in are those out, dropped and quarantined, exactly. Sizes of drops are of cleaned text.",
            "入力文書数は、出力・除外・隔離の合計に正確に一致します。除外のサイズはクリーニング後のテキストの量です。",
        ),
    )


def _funnel_of(source: Source) -> list[str]:
    statistics = source.statistics
    left = whole = statistics.read.documents + source.quarantined
    bytes_left = statistics.read.bytes
    rows = [_step(both("input", "入力"), whole, whole, size(bytes_left), left)]
    if source.quarantined:
        left -= source.quarantined
        rows.append(_step(both("quarantined: unreadable", "隔離：読み取り不能"), -source.quarantined, whole, "", left))
    for reason, drop in sorted(statistics.dropped.items(), key=lambda item: (rank(item[0], REASONS), item[0])):
        left -= drop.documents
        bytes_left -= drop.bytes
        rows.append(_step(named(reason, REASONS), -drop.documents, whole, f"−{size(drop.bytes)}", left))
    documents, out_bytes = output(statistics)
    changed = bytes_left - out_bytes
    sign = "−" if changed >= 0 else "+"
    name = both("removed inside documents (cleaning, sentences)", "文書内の削除（クリーニング、文）")
    rows.append(_step(name, 0, whole, f"{sign}{size(abs(changed))}", left))
    rows.append(_step(both("output", "出力"), documents, whole, size(out_bytes), documents, kind="sum"))
    return rows


def _step(name: str, documents: int, whole: int, bytes_changed: str, left: int, *, kind: str = "") -> str:
    shown = number(documents).replace("-", "−") if documents else ""
    share = percent(abs(documents), whole) if documents else ""
    cells = "".join(f'<td class="n">{cell}</td>' for cell in (shown, share, bytes_changed, number(left)))
    return f'<tr class="{kind}"><td>{name}</td>{cells}<td class="bars">{charts.bar(left, whole)}</td></tr>'


def proportions(data: ReportData) -> str:
    """The papers' table 1 and figure 1 for this run."""
    outputs = [(source, *output(source.statistics)) for source in data.sources]
    counts = [source.statistics.tokens.tokens if source.statistics.tokens else 0 for source in data.sources]
    whole = sum(counts)
    rows = [
        row(
            escaped(source.name),
            number(documents),
            size(out_bytes),
            *((token_count(count), percent(count, whole)) if whole else ()),
        )
        for (source, documents, out_bytes), count in zip(outputs, counts, strict=True)
    ]
    last = (token_count(whole), "100.0%") if whole else ()
    total = (number(sum(o[1] for o in outputs)), size(sum(o[2] for o in outputs)), *last)
    rows.append(row(both("all", "合計"), *total, kind="sum"))
    head = [both("corpus", "コーパス"), both("documents", "文書"), both("data size", "データサイズ")]
    shares = [(o[0].name, count or o[2]) for o, count in zip(outputs, counts, strict=True)]
    return section(
        both("Table 1 and figure 1: the corpus", "表 1・図 1：コーパスの内訳"),
        table([*head, both("tokens", "トークン数"), "%"] if whole else head, rows) + charts.pie(shares),
        both(
            "As in the NCVC-slm-1 papers, where OSCAR has 8.20 B of 8.99 B tokens and medical text 2.6 %.",
            "NCVC-slm-1 の論文と同じ形式（論文では 8.99 B トークン中、OSCAR 8.20 B、医学 2.6 %）。",
        ),
    )


def texts(data: ReportData) -> str:
    """Lengths and scripts before and after, by source."""
    legend = (
        f'<ul class="legend row"><li><span class="key before"></span>{both("before", "処理前")}</li>'
        f'<li><span class="key after"></span>{both("after", "処理後")}</li></ul>'
    )
    parts = []
    for source in data.sources:
        read, kept = source.statistics.read, source.statistics.kept
        parts.append(f"<h3>{escaped(source.name)}</h3>{charts.histogram(read.lengths, kept.lengths)}")
    lengths = section(
        both("Length of the documents", "文書の長さ"),
        legend + "".join(parts),
        both("Characters; the scale is logarithmic, a bin is a quarter of a doubling.", "文字数。横軸は対数目盛です。"),
    )
    return lengths + section(
        both("Scripts", "文字種"), _scripts(data), both("Share of the characters.", "文字数に占める割合。")
    )


def _scripts(data: ReportData) -> str:
    order = ["kanji", "hiragana", "katakana", "latin", "digits", "symbols", "space", "other"]
    colours = {name: f"c{i}" for i, name in enumerate(order)}
    keys = "".join(f'<li><span class="key {colours[n]}"></span>{named(n, SCRIPT_NAMES)}</li>' for n in order)

    def counts(text: TextStatistics) -> list[tuple[str, int]]:
        by_name = dict(zip(SCRIPTS, text.scripts, strict=True))
        return [(name, by_name[name]) for name in order]

    parts = [f'<ul class="legend row">{keys}</ul>']
    for source in data.sources:
        before, after = counts(source.statistics.read), counts(source.statistics.kept)
        parts.append(f"<h3>{escaped(source.name)}</h3>")
        for name, each in ((both("before", "処理前"), before), (both("after", "処理後"), after)):
            parts.append(
                f'<small class="soft">{name}</small>{charts.stacked([(colours[n], value) for n, value in each])}'
            )
        sums = sum(v for _, v in before), sum(v for _, v in after)
        rows = [
            row(named(name, SCRIPT_NAMES), number(b), percent(b, sums[0]), number(a), percent(a, sums[1]))
            for (name, b), (_, a) in zip(before, after, strict=True)
        ]
        head = ["", both("before", "処理前"), "%", both("after", "処理後"), "%"]
        parts.append(f"<details><summary>{both('numbers', '数値')}</summary>{table(head, rows)}</details>")
    return "".join(parts)


def vocabulary(data: ReportData) -> str:
    """Tokens, fertility, the length of documents in tokens, the most frequent pieces."""
    rows, drawn = [], []
    for source in data.sources:
        each = source.statistics.tokens
        if each is None:
            continue
        characters = sum(source.statistics.kept.scripts)
        rows.append(
            row(
                escaped(source.name),
                number(each.tokens),
                number(each.morphemes),
                f"{each.tokens / each.morphemes:.3f}" if each.morphemes else "–",
                f"{characters / each.tokens:.2f}" if each.tokens else "–",
                f"{each.tokens / each.documents:,.0f}" if each.documents else "–",
            )
        )
        drawn.append(f"<h3>{escaped(source.name)}</h3>{charts.histogram([], each.lengths)}")
    if not rows:
        return ""
    head = ["", both("tokens", "トークン"), both("morphemes", "形態素"), both("tokens a morpheme", "トークン／形態素")]
    head += [both("characters a token", "文字／トークン"), both("tokens a document", "トークン／文書")]
    title = f"<h3>{both('Tokens a document', '文書あたりのトークン数')}</h3>"
    body = table(head, rows) + title + "".join(drawn)
    if data.pieces:
        pieces = "".join(f"<span>{escaped(p.piece)} <small>{number(p.count)}</small></span>" for p in data.pieces)
        body += f'<h3>{both("Most frequent pieces", "頻出ピース")}</h3><div class="pieces">{pieces}</div>'
    unknown = number(data.unknown_tokens)
    return section(both("Tokens", "トークン"), body, both(f"Unknown tokens: {unknown}.", f"未知トークン：{unknown}。"))
