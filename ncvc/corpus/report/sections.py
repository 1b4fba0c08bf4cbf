"""The parts of the page that count documents, bytes and tokens; each returns HTML, or nothing without data."""

from collections.abc import Sequence

from ncvc.corpus.report.data import ReportData, Source
from ncvc.corpus.report.labels import REASONS
from ncvc.corpus.report.labels import SCRIPTS as SCRIPT_NAMES
from ncvc.corpus.statistics import SCRIPTS, Statistics, TextStatistics, lower_bound
from ncvc.html import blocks
from ncvc.html.bars import bar, stacked
from ncvc.html.blocks import folded, heading_row, legend, row, section, table
from ncvc.html.histogram import histogram
from ncvc.html.labels import both, named, rank
from ncvc.html.markup import Html, element, joined
from ncvc.html.pie import pie
from ncvc.units import number, percent, size, token_count

FOLLOWING = 8
"""Empty bins after the last one with a document, for a histogram of a few bins to show some around them."""


def output(statistics: Statistics) -> tuple[int, int]:
    """Documents and bytes that came out: encoded ones, or where there are none those that stayed."""
    last = statistics.tokens or statistics.kept
    return last.documents, last.bytes


def facts(data: ReportData) -> Html:
    """The few numbers that everybody asks for."""
    read = sum(source.statistics.read.documents + source.quarantined for source in data.sources)
    read_bytes = sum(source.statistics.read.bytes for source in data.sources)
    out = [output(source.statistics) for source in data.sources]
    kept, kept_bytes = sum(documents for documents, _ in out), sum(each for _, each in out)
    encoded = [source.statistics.tokens for source in data.sources if source.statistics.tokens]
    seconds = sum(stage.seconds for stage in data.stages)
    boxes: list[tuple[Html, str, str | Html]] = [
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
    return blocks.facts(boxes)


def funnel(data: ReportData) -> Html:
    """Tabulates documents and bytes after each step of the pass, by source."""
    rows = []
    for source in data.sources:
        if source.statistics.read.documents + source.quarantined:
            rows += [heading_row(source.name, 6), *_funnel_of(source)]
    head = [both("step", "段階"), both("documents", "文書"), "%", both("size", "サイズ")]
    return section(
        both("From input to output", "入力から出力まで"),
        table([*head, both("documents left", "残り文書"), ""], rows),
        note=both(
            "Documents in are those out, dropped and quarantined, exactly. Sizes of drops are of cleaned text.",
            "入力文書数は、出力・除外・隔離の合計に正確に一致します。除外のサイズはクリーニング後のテキストの量です。",
        ),
    )


def _funnel_of(source: Source) -> list[Html]:
    statistics = source.statistics
    left = whole = statistics.read.documents + source.quarantined
    removed = source.removed_bytes
    rows = [_step(both("input", "入力"), whole, whole, size(statistics.read.bytes), left)]
    if source.quarantined:
        left -= source.quarantined
        rows.append(_step(both("quarantined: unreadable", "隔離：読み取り不能"), -source.quarantined, whole, "", left))
    for reason, drop in sorted(statistics.dropped.items(), key=lambda item: (rank(item[0], REASONS), item[0])):
        left -= drop.documents
        rows.append(_step(named(reason, REASONS), -drop.documents, whole, f"−{size(drop.bytes)}", left))
    documents, out_bytes = output(statistics)
    for name, count in (
        (both("removed by cleaning", "クリーニングによる削除"), removed.cleaning),
        (both("cut from documents by filters", "フィルターによる部分削除"), removed.filters),
        (both("repeated sentences", "既出の文"), removed.sentences),
    ):
        rows.append(_step(name, 0, whole, f"{'−' if count >= 0 else '+'}{size(abs(count))}", left))
    rows.append(_step(both("output", "出力"), documents, whole, size(out_bytes), documents, total=True))
    return rows


def _step(name: Html, documents: int, whole: int, bytes_changed: str, left: int, *, total: bool = False) -> Html:
    shown = number(documents).replace("-", "−") if documents else ""
    share = percent(abs(documents), whole) if documents else ""
    return row(name, shown, share, bytes_changed, number(left), bar=bar(left, whole), total=total)


def skipped(data: ReportData) -> Html:
    """Tabulates files that no reader takes, by source and kind; nothing where all files were read."""
    rows = []
    for source in data.sources:
        if source.skipped:
            rows.append(heading_row(source.name, 2))
            rows += [row(kind, number(files)) for kind, files in source.skipped.items()]
    if not rows:
        return Html("")
    return section(
        both("Files that were not read", "読み込まなかったファイル"),
        table([both("kind", "種類"), both("files", "ファイル数")], rows),
        note=both(
            "Files in the folders of a source that no reader takes; quarantine.jsonl names them.",
            "ソースのフォルダー内で、対応する形式がないファイル。名前は quarantine.jsonl にあります。",
        ),
    )


def passed_over(data: ReportData) -> Html:
    """Tabulates records of WARC files that are no pages, by source and kind; nothing where there are none."""
    rows = []
    for source in data.sources:
        if source.passed_over:
            rows.append(heading_row(source.name, 2))
            rows += [row(kind, number(records)) for kind, records in source.passed_over.items()]
    if not rows:
        return Html("")
    return section(
        both("Records that are no pages", "ページでないレコード"),
        table([both("media type or status", "メディアタイプまたはステータス"), both("records", "レコード数")], rows),
        note=both(
            "Responses and resources in WARC files whose text is not read, such as images and errors.",
            "WARC 内の応答とリソースのうち、画像やエラーなど、本文を読み込まないもの。",
        ),
    )


def proportions(data: ReportData) -> Html:
    """The papers' table 1 and figure 1 for this run."""
    outputs = [(source, *output(source.statistics)) for source in data.sources]
    counts = [source.statistics.tokens.tokens if source.statistics.tokens else 0 for source in data.sources]
    whole = sum(counts)
    rows = [
        row(
            source.name,
            number(documents),
            size(out_bytes),
            *((token_count(count), percent(count, whole)) if whole else ()),
        )
        for (source, documents, out_bytes), count in zip(outputs, counts, strict=True)
    ]
    last = (token_count(whole), "100.0%") if whole else ()
    total = (number(sum(o[1] for o in outputs)), size(sum(o[2] for o in outputs)), *last)
    rows.append(row(both("all", "合計"), *total, total=True))
    head = [both("corpus", "コーパス"), both("documents", "文書"), both("data size", "データサイズ")]
    shares = [(o[0].name, count or o[2]) for o, count in zip(outputs, counts, strict=True)]
    return section(
        both("Table 1 and figure 1: the corpus", "表 1・図 1：コーパスの内訳"),
        table([*head, both("tokens", "トークン数"), "%"] if whole else head, rows),
        pie(shares),
        note=both(
            "As in the NCVC-slm-1 papers, where OSCAR has 8.20 B of 8.99 B tokens and medical text 2.6 %.",
            "NCVC-slm-1 の論文と同じ形式（論文では 8.99 B トークン中、OSCAR 8.20 B、医学 2.6 %）。",
        ),
    )


def texts(data: ReportData) -> Html:
    """Lengths before and after, by source."""
    parts = []
    for source in data.sources:
        read, kept = source.statistics.read.lengths, source.statistics.kept.lengths
        parts += _lengths(source.name, kept, beneath=read, x_label=both("characters", "文字数"))
    keys = [("before", both("before", "処理前")), ("after", both("after", "処理後"))]
    return section(
        both("Length of the documents", "文書の長さ"),
        *([legend(keys), *parts] if parts else ()),
        note=both(
            "Characters; the scale is logarithmic, a bin is a quarter of a doubling.",
            "文字数。横軸は対数目盛で、階級の幅は 2 倍の 4 分の 1 です。",
        ),
    )


def _lengths(name: str, counts: Sequence[int], *, beneath: Sequence[int] = (), x_label: Html) -> list[Html]:
    """A source's histogram of the engine's bins under its name; nothing where it has no document."""
    bins = max(len(counts), len(beneath)) + FOLLOWING
    edges = [lower_bound(i) for i in range(bins + 1)]
    y_label = both("documents", "文書数")
    drawn = histogram(edges, counts, beneath=beneath, integer=True, x_label=x_label, y_label=y_label)
    return [element("h3", name), drawn] if drawn else []


def scripts(data: ReportData) -> Html:
    """Scripts of the characters before and after, by source."""
    order = ["kanji", "hiragana", "katakana", "latin", "digits", "symbols", "space", "other"]
    colours = {name: f"c{i}" for i, name in enumerate(order)}

    def counts(text: TextStatistics) -> list[tuple[str, int]]:
        by_name = dict(zip(SCRIPTS, text.scripts, strict=True))
        return [(name, by_name[name]) for name in order]

    parts = []
    for source in data.sources:
        before, after = counts(source.statistics.read), counts(source.statistics.kept)
        sums = sum(v for _, v in before), sum(v for _, v in after)
        if not any(sums):
            continue
        parts.append(element("h3", source.name))
        for name, each in ((both("before", "処理前"), before), (both("after", "処理後"), after)):
            parts.append(element("small", name, class_="soft"))
            parts.append(stacked([(colours[n], value) for n, value in each]))
        rows = [
            row(named(name, SCRIPT_NAMES), number(b), percent(b, sums[0]), number(a), percent(a, sums[1]))
            for (name, b), (_, a) in zip(before, after, strict=True)
        ]
        head = ["", both("before", "処理前"), "%", both("after", "処理後"), "%"]
        parts.append(folded(both("numbers", "数値"), table(head, rows)))
    keys = legend((colours[name], named(name, SCRIPT_NAMES)) for name in order)
    return section(
        both("Scripts", "文字種"),
        *([keys, *parts] if parts else ()),
        note=both("Share of the characters.", "文字数に占める割合。"),
    )


def vocabulary(data: ReportData) -> Html:
    """Tokens, fertility, the length of documents in tokens, the most frequent pieces."""
    rows, drawn = [], []
    for source in data.sources:
        each = source.statistics.tokens
        if each is None or not each.documents:
            continue
        characters = sum(source.statistics.kept.scripts)
        rows.append(
            row(
                source.name,
                number(each.tokens),
                number(each.morphemes),
                f"{each.tokens / each.morphemes:.3f}" if each.morphemes else "–",
                f"{characters / each.tokens:.2f}" if each.tokens else "–",
                f"{each.tokens / each.documents:,.0f}",
            )
        )
        drawn += _lengths(source.name, each.lengths, x_label=both("tokens", "トークン数"))
    if not rows:
        return Html("")
    head = ["", both("tokens", "トークン"), both("morphemes", "形態素"), both("tokens a morpheme", "トークン／形態素")]
    head += [both("characters a token", "文字／トークン"), both("tokens a document", "トークン／文書")]
    body = [table(head, rows), element("h3", both("Tokens a document", "文書あたりのトークン数")), *drawn]
    if data.pieces:
        pieces = (
            element("span", joined([p.piece.replace("\n", "⏎"), Html(" "), element("small", number(p.count))]))
            for p in data.pieces
        )
        body += [element("h3", both("Most frequent pieces", "頻出ピース")), element("div", *pieces, class_="pieces")]
    unknown = number(data.unknown_tokens)
    note = both(f"Unknown tokens: {unknown}.", f"未知トークン：{unknown}。")
    return section(both("Tokens", "トークン"), *body, note=note)
