"""Shows what clinical cleaning finds: lines before and after, with the private data marked, for a person to judge.

What it returns holds private text: it goes to a terminal, or into a file that its owner alone reads.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ncvc._native import clean
from ncvc.html.blocks import folded, row, section, table
from ncvc.html.labels import both
from ncvc.html.markup import Html, element, joined
from ncvc.html.page import page
from ncvc.printable import printable
from ncvc.units import number

TAG = re.compile(r"〔\*([^〕]+)〕")
MARK, PLAIN = "\033[7m", "\033[0m"


@dataclass(frozen=True)
class Shown:
    """A line with private data."""

    number: int
    """Counted from 1."""
    before: str
    after: str
    """Cleaned, with tags such as 〔*氏名〕."""
    found: list[tuple[str, str]] = field(default_factory=list)
    """Category, and the text that it stands for; empty if cleaning without the clinical set removes it too."""


def shown(line: str, number: int, *, hospitals: bool = False) -> Shown:
    """Cleans a line and finds what each tag in it stands for."""
    after = clean(line, clinical=True, hospitals=hospitals, replacement="tag")
    pieces = TAG.split(after)
    between, categories = pieces[::2], pieces[1::2]
    if not categories:
        return Shown(number, line, after)
    # What stands between two tags stays, so that what is between them otherwise is what they replace.
    pattern = "(.*?)".join(re.escape(piece) for piece in between)
    replaced = re.fullmatch(pattern, clean(line), re.DOTALL)
    texts = replaced.groups() if replaced else ("",) * len(categories)
    return Shown(number, line, after, [(c, t.strip("▁")) for c, t in zip(categories, texts, strict=True)])


def marked(line: Shown) -> Iterator[tuple[str, bool]]:
    """Yields the pieces of the line before cleaning, and whether each was found to be private."""
    at = 0
    for _, text in line.found:
        words = [re.escape(word) for word in text.split("▁")]
        place = re.compile(r"\s*".join(words)).search(line.before, at) if text else None
        if place:
            yield line.before[at : place.start()], False
            yield place[0], True
            at = place.end()
    yield line.before[at:], False


def counts(lines: Iterable[Shown]) -> Counter[str]:
    """Counts what was found by category."""
    return Counter(category for line in lines for category, _ in line.found)


def for_terminal(line: Shown) -> Iterator[str]:
    """Yields the rows of a line for a terminal: one, or what it was and what it becomes."""
    if not line.found:
        yield f"{line.number}  {printable(line.before)}"
        return
    before = "".join(
        f"{MARK}{printable(text)}{PLAIN}" if private else printable(text) for text, private in marked(line)
    )
    after = TAG.sub(lambda tag: f"{MARK}{tag[0]}{PLAIN}", printable(line.after))
    yield f"{line.number}"
    yield f"  before  {before}"
    yield f"  after   {after}"
    for category, text in line.found:
        yield f"  {category}  {printable(text) or '(removed without the clinical set too)'}"


def for_browser(lines: list[Shown], read: int) -> str:
    """Returns a page of the lines in which something was found, and of the others that were read."""
    rows = [row(category, number(count)) for category, count in counts(lines).most_common()]
    found = [_line(line) for line in lines if line.found]
    others = [_line(line) for line in lines if not line.found]
    return page(
        ("What clinical cleaning finds", "臨床用クリーニングの結果"),
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
        subtitle=both(
            "This page holds private text. Delete it after reading.",
            "このページは個人情報を含みます。読後は削除してください。",
        ),
    )


def _line(line: Shown) -> Html:
    before = joined([element("mark", text) if private else text for text, private in marked(line)])
    pieces = TAG.split(line.after)
    after = joined([element("mark", f"〔*{text}〕") if i % 2 else text for i, text in enumerate(pieces)])
    return joined([element("p", f"{line.number}. ", before), element("p", "→ ", after)])
