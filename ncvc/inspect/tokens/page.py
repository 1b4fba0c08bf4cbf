"""Page of texts and their tokens, and of the fertility of tokenizers."""

from collections.abc import Sequence

from ncvc.html.blocks import row, section, table
from ncvc.html.labels import both, named
from ncvc.html.markup import Html, element, joined
from ncvc.html.page import page
from ncvc.inspect.tokens.fertility import Fertility
from ncvc.inspect.tokens.view import Change, Morpheme, RuleStep, TextView
from ncvc.units import number

RULES = {
    "punctuation": "句読点",
    "nfkc": "NFKC正規化",
    "dashes": "ダッシュ・ハイフン",
    "restore": "三点リーダー・℃",
    "personal": "電話番号・メール",
    "web": "URL・アカウント・タグ",
    "symbols": "記号の統一",
    "allowed": "許可文字以外",
    "repetition": "繰り返し",
    "white space": "空白",
}
COLOURS = 4
"""Pale colours of pieces by turns, `p0` to `p3` of the style."""


def tokens_page(name: str, views: Sequence[TextView], texts: int, fertilities: Sequence[Fertility]) -> str:
    """Builds the whole page; `texts`: the number of texts that fertility is of, of which `views` are the first."""
    shown = [_text(place, view) for place, view in enumerate(views, 1)]
    return page(
        ("Tokens", "トークン"),
        section(
            both("Fertility", "トークン化の効率"),
            _fertility(fertilities),
            note=both(
                f"Over {number(texts)} texts, cleaned. Characters and morphemes are the same for all; white space is"
                " not counted among them, but its pieces are.",
                f"クリーニング後の{number(texts)}件のテキスト。文字数と形態素数はすべてのトークナイザーで共通（空白を除く）。"
                "トークン数には空白も含む。",
            ),
        ),
        *shown,
        subtitle=name,
    )


def _fertility(rows: Sequence[Fertility]) -> Html:
    head = [
        both("tokenizer", "トークナイザー"),
        both("vocabulary", "語彙数"),
        both("pieces", "トークン数"),
        both("per character", "1文字あたり"),
        both("per morpheme", "1形態素あたり"),
        both("characters per piece", "1トークンの文字数"),
        both("unknown", "未知語率"),
    ]
    cells = [
        row(
            each.name,
            number(each.vocab_size),
            number(each.pieces),
            f"{each.per_character:.3f}",
            f"{each.per_morpheme:.3f}",
            f"{each.characters_per_piece:.3f}",
            f"{each.unknown_share:.2%}",
        )
        for each in rows
    ]
    return table(head, cells)


def _text(place: int, view: TextView) -> Html:
    counts = both(
        f"{number(len(view.morphemes))} morphemes, {number(view.pieces)} pieces",
        f"{number(len(view.morphemes))}形態素、{number(view.pieces)}トークン",
    )
    return section(
        both(f"Text {place}", f"テキスト {place}"),
        element("p", view.text),
        element("h3", both("Cleaning", "クリーニング")),
        table([both("rule", "規則"), both("edits", "編集数")], [_step(step) for step in view.steps])
        or element("p", both("No rule changes anything.", "どの規則も変更しない。"), class_="note"),
        element("h3", both("Morphemes and their pieces", "形態素とトークン")),
        _morphemes(view.morphemes),
        note=counts,
    )


def _step(step: RuleStep) -> Html:
    changed = element("div", joined([_segment(each) for each in step.segments]), class_="changed")
    return row(joined([element("b", named(step.rule, RULES)), changed]), number(step.edits))


def _segment(segment: str | Change) -> str | Html:
    if not isinstance(segment, Change):
        return segment
    before = element("del", segment.before.replace(" ", "␣")) if segment.before else Html("")
    return joined([before, element("ins", segment.after.replace(" ", "␣"))]) if segment.after else before


def _morphemes(morphemes: Sequence[Morpheme]) -> Html:
    boxes, place = [], 0
    for morpheme in morphemes:
        pieces = []
        for text, number_of in zip(morpheme.pieces, morpheme.ids, strict=True):
            inside = (_sign(text), element("small", str(number_of)))
            pieces.append(element("span", *inside, class_=f"p{place % COLOURS}"))
            place += 1
        boxes.append(element("div", element("b", _sign(morpheme.surface)), element("div", *pieces)))
    return element("div", *boxes, class_="morphemes")


def _sign(text: str) -> str:
    return text.replace("\n", "⏎")
