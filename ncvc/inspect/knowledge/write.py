"""Draws the probabilities of choices over the layers, and writes the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ncvc.html.bars import bar
from ncvc.html.blocks import facts, row, section, table
from ncvc.html.labels import both
from ncvc.html.line_chart import Line, line_chart
from ncvc.html.markup import Html, element
from ncvc.html.page import page
from ncvc.inspect.knowledge.lens import Choice, Knowledge
from ncvc.inspect.knowledge.question import Question
from ncvc.inspect.picture import drawable, picture

SHORT = 22
"""Characters of a choice in a legend."""
LAYER = both("layer (0: embedding)", "層（0: 埋め込み）")


def _short(name: str) -> str:
    return name if len(name) <= SHORT else f"{name[:SHORT]}…"


def _name(choice: Choice, question: Question) -> str:
    return f"{_short(choice.name)}{' ✓' if choice.name in question.gold else ''}"


def draw(found: Knowledge, question: Question, path: Path) -> None:
    """Draws the share of each choice by layer, and its log-likelihood per character."""
    shares = found.shares
    layers = list(range(len(shares)))
    with picture(path, 7.2, 3.4) as figure:
        left, right = figure.subplots(1, 2)
        for place, choice in enumerate(found.choices):
            right_one = choice.name in question.gold
            style: dict[str, Any] = {"linewidth": 2.2 if right_one else 1.2, "color": f"C{place % 10}"}
            left.plot(layers, shares[:, place], label=drawable(_name(choice, question)), **style)
            right.plot(layers, [value / choice.characters for value in choice.logprobs], **style)
        left.axhline(1 / len(found.choices), color="0.6", linewidth=0.8, linestyle="--")
        left.set(ylim=(-0.02, 1.02), xlabel="layer", ylabel="probability among the choices")
        right.set(xlabel="layer", ylabel="log-likelihood per character (nats)")
        for axes in (left, right):
            axes.grid(alpha=0.3, linewidth=0.5)
            axes.locator_params(axis="x", integer=True)
        figure.legend(loc="outside lower center", ncols=min(3, len(found.choices)), fontsize=7)


def knowledge_page(name: str, found: Knowledge, question: Question) -> str:
    """The page: the question, a chart and a table of the choices, and the likeliest next piece of each layer."""
    shares = found.shares
    lines = [
        Line(_name(choice, question), [(float(layer), float(row[place])) for layer, row in enumerate(shares)])
        for place, choice in enumerate(found.choices)
    ]
    per_character = [
        Line(
            _name(choice, question),
            [(float(layer), value / choice.characters) for layer, value in enumerate(choice.logprobs)],
        )
        for choice in found.choices
    ]
    note = both(
        "Each layer's hidden state, read by the model's own last norm and head; behind the last layer that is its"
        " answer.",
        "各層の隠れ状態を、モデル自身の最終正規化と出力層で読んだもの。最終層の値はモデルの答えそのもの。",
    )
    return page(
        ("Choices by layer", "層ごとの選択肢の確率"),
        section(both("Question", "質問"), element("div", found.prompt, class_="example")),
        section(
            both("Probability among the choices", "選択肢の中での確率"),
            line_chart(lines, x_label=LAYER, integer_x=True),
            note=note,
        ),
        section(
            both("Log-likelihood per character, in nats", "1文字あたりの対数尤度（nat）"),
            line_chart(per_character, x_label=LAYER, integer_x=True),
        ),
        _choices(found, question),
        _by_layer(found, question),
        subtitle=name,
        facts=_facts(found, question),
    )


def _facts(found: Knowledge, question: Question) -> Html:
    last = found.shares[-1]
    best = found.choices[int(last.argmax())]
    boxes: list[tuple[str | Html, str | Html, str | Html]] = [
        (both("layers", "層数"), f"{len(found.shares) - 1}", ""),
        (both("likeliest choice", "最も確からしい選択肢"), _short(best.name), f"{last.max():.1%}"),
    ]
    if question.gold:
        is_right = best.name in question.gold
        boxes.append((both("answer", "正誤"), both("right", "正") if is_right else both("wrong", "誤"), ""))
    return facts(boxes)


def _choices(found: Knowledge, question: Question) -> Html:
    head = [both("choice", "選択肢"), both("tokens", "トークン"), both("log-likelihood", "対数尤度")]
    head += [both("per character", "1文字あたり"), both("probability", "確率"), Html("")]
    rows = [
        row(
            f"{choice.name}{' ✓' if choice.name in question.gold else ''}",
            f"{choice.tokens:,}",
            f"{choice.logprobs[-1]:.4f}",
            f"{choice.logprobs[-1] / choice.characters:.4f}",
            f"{share:.1%}",
            bar=bar(float(share), 1),
        )
        for choice, share in zip(found.choices, found.shares[-1], strict=True)
    ]
    return section(both("Behind the last layer", "最終層"), table(head, rows))


def _by_layer(found: Knowledge, question: Question) -> Html:
    head = [both("layer", "層"), *(_name(choice, question) for choice in found.choices)]
    head += [both("likeliest next piece", "次に最も確からしいピース")]
    rows = [
        row(f"{layer}", *(f"{share:.1%}" for share in shares), f"{piece.replace(chr(10), '⏎')} {probability:.1%}")
        for layer, (shares, (piece, probability)) in enumerate(zip(found.shares, found.next_pieces, strict=True))
    ]
    return section(both("Every layer", "すべての層"), table(head, rows))


def numbers(found: Knowledge, question: Question) -> dict[str, Any]:
    """The same as JSON; lists are by layer, the embedding first."""
    shares = found.shares
    return {
        "prompt": found.prompt,
        "gold": list(question.gold),
        "choices": [
            {
                "name": choice.name,
                "text": choice.text,
                "tokens": choice.tokens,
                "characters": choice.characters,
                "logprobs": list(choice.logprobs),
                "probabilities": shares[:, place].tolist(),
            }
            for place, choice in enumerate(found.choices)
        ],
        "next_pieces": [{"piece": piece, "probability": probability} for piece, probability in found.next_pieces],
    }
