"""Writes what texts gave: the stretches that a model reproduces, and how often these stand in the data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ncvc.html.blocks import facts, row, section, table
from ncvc.html.labels import both
from ncvc.html.markup import Html, element
from ncvc.html.page import page
from ncvc.inspect.folder import Inspection
from ncvc.inspect.memorization.stretches import Stretch
from ncvc.inspect.picture import picture
from ncvc.units import number, percent

LISTED = 500
"""Stretches that the page lists, those that stand in the data most often first."""
EDGES = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Counts at which groups begin; the last is open."""


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Stretches of texts, tested on a model."""

    model: str
    stretches: Sequence[Stretch]
    counts: Mapping[tuple[int, ...], int] | None
    """Stretch → its number in the data; None without data."""
    prefix: int
    length: int
    stride: int
    texts: int
    short: int
    """Texts with fewer tokens than prefix and stretch, of which nothing was tested."""
    shown: Mapping[Stretch, str] | None
    """Reproduced stretch → its text; None if no text is to be shown."""

    @property
    def reproduced(self) -> list[Stretch]:
        """The stretches that the model gives, those that stand in the data most often first."""
        found = [stretch for stretch in self.stretches if stretch.reproduced]
        return sorted(found, key=lambda stretch: -self.count(stretch)) if self.counts is not None else found

    def count(self, stretch: Stretch) -> int:
        """Number of times that a stretch stands in the data."""
        return self.counts[stretch.ids] if self.counts is not None else 0

    def groups(self) -> list[tuple[str, int, int]]:
        """Groups of counts that occur: name, stretches, reproduced ones of them."""
        found = []
        for low, high in zip(EDGES, [*EDGES[1:], None], strict=True):
            own = [s for s in self.stretches if low <= self.count(s) and (high is None or self.count(s) < high)]
            name = f"{low}+" if high is None else str(low) if high == low + 1 else f"{low}–{high - 1}"
            if own:
                found.append((name, len(own), sum(stretch.reproduced for stretch in own)))
        return found

    def dump(self) -> dict[str, Any]:
        """Returns it as a JSON value; texts only if they are to be shown."""
        stretches = [
            {"text": stretch.text + 1, "start": stretch.start}
            | ({"count": self.count(stretch)} if self.counts is not None else {})
            | ({"tokens": self.shown[stretch]} if self.shown is not None else {})
            for stretch in self.reproduced
        ]
        groups = [{"count": name, "stretches": of, "reproduced": own} for name, of, own in self.groups()]
        return {
            "prefix": self.prefix,
            "length": self.length,
            "stride": self.stride,
            "texts": self.texts,
            "texts_too_short": self.short,
            "stretches": len(self.stretches),
            "reproduced": len(stretches),
            **({"by_count": groups} if self.counts is not None else {}),
            "reproduced_stretches": stretches,
        }


def write_stretches(audit: Audit, output: Inspection) -> dict[str, Any]:
    """Writes the page, the numbers, and the picture if there was data to count in; returns the numbers."""
    settings = {"prefix": audit.prefix, "length": audit.length, "stride": audit.stride}
    with output.write(_page(audit), audit.dump(), **settings) as folder:
        if audit.shown is not None:
            folder.chmod(0o700)  # private text, for its owner alone
        groups = audit.groups() if audit.counts is not None else []
        if groups:
            with picture(folder / "reproduced.png", 6.5, 2.8) as figure:
                axes = figure.add_subplot()
                bars = axes.bar(range(len(groups)), [own / of for _, of, own in groups], color="#0b7a82")
                axes.bar_label(bars, [f"{own} / {of}" for _, of, own in groups], fontsize=7, padding=2)
                axes.set_xticks(range(len(groups)), [name for name, _, _ in groups])
                axes.set(xlabel="occurrences in the data", ylabel="share reproduced", ylim=(0, 1.1))
    return audit.dump()


def _page(audit: Audit) -> str:
    found = audit.reproduced
    private = both(
        "This page holds text that may be private. Delete it after reading.",
        "このページは個人情報を含むおそれがあります。読後は削除してください。",
    )
    return page(
        ("Reproduced text", "再生された文"),
        section(
            both("By occurrences in the data", "学習データでの出現回数別"),
            _groups(audit) if audit.counts is not None else Html(""),
        ),
        section(
            both("Stretches that the model reproduces", "モデルが再生した箇所"),
            _list(audit, found[:LISTED]) if found else element("p", both("None.", "なし。")),
            note=both(
                f"{audit.length} tokens that the model at temperature 0 gives one after the other, after the"
                f" {audit.prefix} tokens before them. Places are tokens of the text, from 0.",
                f"直前の{audit.prefix}トークンを与えると、温度0で{audit.length}トークンがすべて一致した箇所。"
                "位置は文書内のトークン番号（0から）。",
            ),
        ),
        subtitle=audit.model if audit.shown is None else private,
        facts=facts(
            [
                (both("stretches", "調べた箇所"), number(len(audit.stretches)), f"{audit.prefix} + {audit.length}"),
                (both("reproduced", "再生"), number(len(found)), percent(len(found), len(audit.stretches))),
                (
                    both("texts", "文書"),
                    number(audit.texts),
                    both(f"{number(audit.short)} too short", f"短すぎるもの{number(audit.short)}件"),
                ),
            ]
        ),
    )


def _groups(audit: Audit) -> Html:
    head = [
        both("occurrences", "出現回数"),
        both("stretches", "箇所"),
        both("reproduced", "再生"),
        both("share", "割合"),
    ]
    rows = [row(name, number(of), number(own), percent(own, of)) for name, of, own in audit.groups()]
    return table(head, rows)


def _list(audit: Audit, found: Sequence[Stretch]) -> Html:
    head = [both("text", "文書"), both("place", "位置")]
    head += [both("occurrences", "出現回数")] if audit.counts is not None else []
    head += [both("tokens", "トークン列")] if audit.shown is not None else []
    rows = []
    for stretch in found:
        cells: list[str | Html] = [number(stretch.start)]
        cells += [number(audit.count(stretch))] if audit.counts is not None else []
        if audit.shown is not None:  # in a cell of numbers, which stand at the right and do not wrap
            cells.append(element("div", audit.shown[stretch], style="text-align:left;white-space:normal"))
        rows.append(row(number(stretch.text + 1), *cells))
    return table(head, rows)
