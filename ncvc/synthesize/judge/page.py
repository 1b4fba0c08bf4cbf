"""Builds the page on which pairs are judged; it holds no name of a writer or prompt."""

import json
from importlib import resources
from pathlib import Path

from ncvc.files import whole_file
from ncvc.html.blocks import section
from ncvc.html.labels import both
from ncvc.html.markup import Html, element, joined
from ncvc.html.page import page
from ncvc.outputs import is_page_or_picture, require_own_file, sealed
from ncvc.synthesize.judge.pairs import Choice, Pair, digest_of
from ncvc.synthesize.report.sample import Document


def write_page(pairs: list[Pair], choice: Choice, path: Path, output: Path) -> None:
    """Writes the page of the pairs of `output`; raises `NcvcError` where something else has its name."""
    file = require_own_file(path, is_page_or_picture, [output])
    script = resources.files(__package__).joinpath("judge.js").read_text(encoding="utf-8")
    blind = {"data_page": digest_of(pairs), "data_choice": json.dumps(choice.dump())}
    text = page(("Which text is better?", "どちらの文章がよいか"), _controls(blind), *map(_pair, pairs), script=script)
    with whole_file(file) as partial:
        partial.write_text(sealed(text), encoding="utf-8")


def _controls(blind: dict[str, str]) -> Html:
    lost = both(
        "The browser keeps nothing for this page: save the answers before you close it.",
        "このブラウザはこのページの回答を保持しない。閉じる前に回答を保存すること。",
    )
    return element(
        "div",
        element("button", both("Back", "前へ"), type="button", id="back"),
        element("b", "", id="shown"),
        element("button", both("Next", "次へ"), type="button", id="next"),
        element("button", both("Save answers", "回答を保存"), type="button", id="save"),
        element("small", both("keys 1, 2, 3, ← and →", "キー 1・2・3・←・→")),
        Html(f'<p id="state" class="note" hidden>{lost}</p>'),
        class_="filter",
        **blind,
    )


def _pair(pair: Pair) -> Html:
    choices = [("left", both("1 · left", "1 · 左")), ("tie", both("2 · alike", "2 · 同程度"))]
    choices.append(("right", both("3 · right", "3 · 右")))
    inputs = (
        element("label", Html(f'<input type="radio" name="{pair.id}" value="{value}">'), label)
        for value, label in choices
    )
    columns = element("div", _text(pair.left), _text(pair.right), class_="pair")
    asked = element("fieldset", *inputs, class_="verdicts")
    shown = section(pair.topic, columns, asked)
    return Html(shown.replace("<section>", f'<section data-pair="{pair.id}">', 1))


def _text(document: Document) -> Html:
    return element("div", joined([document["text"]]), class_="example")
