"""The demo's stand-ins for language models: what they answer, and that the checks of a synthesis take it."""

import json
import urllib.request
from typing import Any

from ncvc.demo.grammar import Grammar
from ncvc.demo.stand_in import stand_ins, write_exercise, write_text
from ncvc.synthesize.config import ChecksConfig
from ncvc.synthesize.structured import parse_exercise


def ask(address: str, **asked: Any) -> str:
    request = urllib.request.Request(
        f"{address}/chat/completions", json.dumps(asked).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        text: str = json.load(answer)["choices"][0]["message"]["content"]
        return text


def turn(text: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": "「前置き」"}, {"role": "user", "content": text}]


def test_each_model_answers_by_its_rule() -> None:
    good = "肺炎の患者に抗菌薬を投与し、発熱と咳嗽が改善するまで入院で経過を観察した。"
    with stand_ins() as address:
        assert ask(address, model="rule", messages=turn(good)) == "高"
        assert ask(address, model="rule", messages=turn("買って良かった!")) == "低"
        assert ask(address, model="strict", messages=turn(good * 20 + "楽しい!!")) == "低"
        prompt = "「痛風」について書いてください。"
        assert ask(address, model="rules", messages=turn(prompt)) == write_text(prompt)
        asked = ask(address, model="rules", messages=turn(prompt), response_format={"type": "json_schema"})
        assert asked == write_exercise(prompt)


def test_texts_are_on_their_topic_long_enough_and_different() -> None:
    topics = Grammar.load().words["disease"][:40]
    texts = [write_text(f"「{topic}」について、教科書の一節を書いてください。") for topic in topics]
    assert all(topic in text for topic, text in zip(topics, texts, strict=True))
    assert min(map(len, texts)) >= 200
    assert all(text.endswith("。") and "{" not in text for text in texts)
    grams = [{text[i : i + 5] for i in range(len(text) - 4)} for text in texts]
    alike = [len(a & b) / len(a | b) for n, a in enumerate(grams) for b in grams[:n]]
    assert max(alike) < ChecksConfig().near  # type: ignore[operator]
    assert write_text("「痛風」の章") == write_text("「痛風」の章")


def test_exercises_have_five_choices_and_an_answer_that_is_explained() -> None:
    for topic in Grammar.load().words["disease"][:40]:
        found = parse_exercise(write_exercise(f"「{topic}」に関する問題"))
        assert found is not None
        assert len(set(found.choices.values())) == 5
        assert found.choices[found.answer] in found.explanation
        assert topic in found.question
