"""Shows what clinical cleaning removes: lines before and after, with the removed places marked, for a person to judge.

What it returns holds private text: it goes to a terminal, or into a file that its owner alone reads.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from ncvc._native import clean_traced, clinical_categories
from ncvc.html.blocks import folded, row, section, table
from ncvc.html.labels import both
from ncvc.html.markup import Html, element, joined
from ncvc.html.page import page
from ncvc.printable import printable
from ncvc.stdin_lines import JSON_LINES
from ncvc.units import number

TAG = re.compile(r"〔\*([^〕]+)〕")
MARK, PLAIN = "\033[7m", "\033[0m"
ENGLISH = {
    "記号番号": "insured symbol and number",
    "患者番号": "patient ID",
    "IPアドレス": "IP address",
    "電話番号": "telephone number",
    "メールアドレス": "e-mail address",
    "アカウント": "account",
    "ハッシュタグ": "hashtag",
}
"""English names of what the engine does not name so, or not by a clinical category; a URL is one in both languages."""
JSON_LINES_JAPANESE = (
    "先頭の行は JSON オブジェクトですが、項目名を含めて文字列として扱っています。"
    "--jsonl --text-field 項目名、または text_field を指定した ncvc preprocess --to text は、"
    "その項目だけをクリーニングします。"
)


@dataclass(frozen=True)
class Found:
    """Private data in a line."""

    start: int
    end: int
    category: str
    exact: bool
    """False if the place holds characters beside the data, which a rule wrote as one with it."""


@dataclass(frozen=True)
class Shown:
    """A line before and after cleaning."""

    number: int
    """Counted from 1."""
    before: str
    after: str
    """As `ncvc clean` writes it, with tags such as 〔*氏名〕 if asked for."""
    found: list[Found] = field(default_factory=list)


def shown(
    line: str, number: int, *, hospitals: bool = False, replacement: Literal["nothing", "tag"] = "nothing"
) -> Shown:
    """Cleans a line and finds the places of what is removed."""
    after, found = clean_traced(line, clinical=True, hospitals=hospitals, replacement=replacement)
    return Shown(number, line, after, [Found(*place) for place in found])


def marked(line: Shown) -> Iterator[tuple[str, list[str]]]:
    """Yields the pieces of the line before cleaning, each with the categories that are removed there, or none.

    Places that overlap, as where what is left of two removals is removed in turn, are one piece.
    """
    at = 0
    places: list[tuple[int, int, list[str]]] = []
    for found in line.found:
        if places and found.start < places[-1][1]:
            start, end, categories = places[-1]
            both_of = categories if found.category in categories else [*categories, found.category]
            places[-1] = (start, max(end, found.end), both_of)
        else:
            places.append((found.start, found.end, [found.category]))
    for start, end, categories in places:
        if at < start:
            yield line.before[at:start], []
        yield line.before[start:end], categories
        at = end
    if at < len(line.before):
        yield line.before[at:], []


def counts(lines: Iterable[Shown]) -> Counter[str]:
    """Counts what was found by category."""
    return Counter(found.category for line in lines for found in line.found)


def english(category: str) -> str:
    """Returns the English name of a category."""
    return _english_names().get(category, category)


@cache
def _english_names() -> dict[str, str]:
    # Of the categories with one tag the first, such as name before name_in_text.
    own = {tag.strip("〔*〕"): name.replace("_", " ") for name, tag, *_ in reversed(clinical_categories())}
    return own | ENGLISH


def for_terminal(line: Shown) -> Iterator[str]:
    """Yields the rows of a line for a terminal: one, or what it was and what it becomes."""
    if not line.found:
        yield f"{line.number}  {printable(line.before)}"
        return
    pieces = list(marked(line))
    before = "".join(f"{MARK}{printable(text)}{PLAIN}" if private else printable(text) for text, private in pieces)
    after = TAG.sub(lambda tag: f"{MARK}{tag[0]}{PLAIN}", printable(line.after))
    yield f"{line.number}"
    yield f"  before  {before}"
    yield f"  after   {after or '(an empty line)'}"
    for text, private in pieces:
        if private:
            yield f"  {', '.join(map(english, private))}: {printable(text)}"
    if not all(found.exact for found in line.found):
        yield "  a marked place holds characters beside the data, which cannot be told apart"


def for_browser(
    lines: list[Shown], read: int, *, replacement: Literal["nothing", "tag"] = "nothing", json_lines: bool = False
) -> str:
    """Returns a page of the lines in which something was found, and of the others that were read.

    `json_lines` says on it that the lines are JSON that was taken as text.
    """
    rows = [row(both(english(name), name), number(count)) for name, count in counts(lines).most_common()]
    found = [_line(line) for line in lines if line.found]
    others = [_line(line) for line in lines if not line.found]
    said = [
        both(
            "This page holds private text. Delete it after reading.",
            "このページは個人情報を含みます。読後は削除してください。",
        ),
        _output(replacement),
    ]
    if json_lines:
        said.append(both(JSON_LINES, JSON_LINES_JAPANESE))
    return page(
        ("What clinical cleaning removes", "臨床用クリーニングの結果"),
        section(both("By category", "種類別"), table([both("category", "種類"), both("found", "件数")], rows)),
        section(both("Lines with private data", "個人情報を含む行"), *found),
        section(
            both("Lines without", "個人情報が見つからなかった行"),
            folded(
                both(f"{number(len(others))} of {number(read)} lines", f"{number(read)} 行中 {number(len(others))} 行"),
                *others,
            )
            if others
            else Html(""),
        ),
        subtitle=joined(said, Html("<br>")),
    )


def _output(replacement: Literal["nothing", "tag"]) -> Html:
    """Says which output stands behind the arrows."""
    if replacement == "tag":
        return both(
            "Marked: the places that are replaced. Behind →: the output with tags (--replacement tag); by default the"
            " private data and its labels are removed.",
            "印：置き換えられる箇所。→：タグ付きの出力（--replacement tag）。既定では見出しとともに削除されます。",
        )
    return both(
        "Marked: the places that are removed, labels with them. Behind →: the output as ncvc clean --clinical and"
        " ncvc preprocess write it.",
        "印：削除される箇所（見出しを含む）。→：ncvc clean --clinical と ncvc preprocess が実際に出力するテキスト。",
    )


def _line(line: Shown) -> Html:
    before = joined([_private(text, private) if private else text for text, private in marked(line)])
    pieces = TAG.split(line.after)
    after = joined([element("mark", f"〔*{text}〕") if i % 2 else text for i, text in enumerate(pieces)])
    empty = element("small", both("(an empty line)", "（空行）"), class_="soft")
    rows = [element("p", f"{line.number}. ", before), element("p", "→ ", after if line.after else empty)]
    if not all(found.exact for found in line.found):
        note = both(
            "A marked place holds characters beside the data, which cannot be told apart.",
            "印の箇所には、区別できない前後の文字も含まれます。",
        )
        rows.append(element("p", note, class_="soft"))
    return joined(rows)


def _private(text: str, categories: list[str]) -> Html:
    name = both(", ".join(map(english, categories)), "・".join(categories))
    return element("ruby", element("mark", text), element("rt", name))
