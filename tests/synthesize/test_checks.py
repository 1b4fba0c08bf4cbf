"""Each reason for which an answer is set aside, and what is kept beside it."""

import json
from pathlib import Path
from typing import Any

import pytest

from ncvc.synthesize.checks import Checks, copied_share, grounded_share, names_topic
from ncvc.synthesize.config import ChecksConfig, TaskConfig
from ncvc.synthesize.plan import Request
from ncvc.synthesize.prompts import read_prompts
from ncvc.synthesize.record import Record
from ncvc.synthesize.topics import ARTICLE, Topic
from tests.synthesize.made_up import prose

ARTICLE_TEXT = "マイコプラズマ肺炎は学童期に多く、乾性咳嗽が長引く。マクロライド系抗菌薬が第一選択である。"
TOPIC = Topic("disease", "マイコプラズマ肺炎", ("異型肺炎",))


def judge(kind: Any, text: str, finish: Any = "stop", **keys: Any) -> tuple[str | None, str]:
    task = TaskConfig.model_validate({"name": "t", "kind": kind, "topics": ["x"], **keys})
    (prompt, *_) = read_prompts(kind, [], Path())
    topic = Topic(ARTICLE, "a:1", text=ARTICLE_TEXT) if kind == "qa" else TOPIC
    request = Request("0" * 32, task, topic, prompt, "w", 1, 1)
    verdict = Checks(ChecksConfig(), Path()).judge(
        request, Record(id="0" * 32, state="answered", text=text, finish=finish)
    )
    return verdict.reason, verdict.detail


GOOD = prose(TOPIC.name, "1")


@pytest.mark.parametrize(
    ("text", "finish", "reason"),
    [
        (GOOD, "stop", None),
        (prose("異型肺炎", "1"), "stop", None),
        (prose("マイコプラズマ 肺炎", "1"), "stop", None),
        (prose("ﾏｲｺﾌﾟﾗｽﾞﾏ肺炎", "1"), "stop", None),
        (" \n", "stop", "empty"),
        ("申し訳ありませんが、医療に関する助言はできません。", "stop", "refused"),
        ("I’m sorry, but I can't help with that.".replace("’", "'"), "stop", "refused"),
        (GOOD, "content_filter", "refused"),
        (GOOD, "length", "truncated"),
        ("マイコプラズマ肺炎は肺炎である。", "stop", "too_short"),
        (
            "Mycoplasma pneumonia (マイコプラズマ肺炎) is a common disease of school children. " * 5,
            "stop",
            "not_japanese",
        ),
        ("支原体肺炎是由肺炎支原体引起的急性呼吸道感染,多发于儿童和青年。" * 8, "stop", "not_japanese"),
        (f"マイコプラズマ肺炎では{'咳嗽が続き、' * 80}治療を要する。", "stop", "repetitive"),
        (prose("別の疾患", "1"), "stop", "off_topic"),
    ],
)
def test_textbooks(text: str, finish: str, reason: str | None) -> None:
    assert judge("textbooks", text, finish)[0] == reason


def test_a_copy_of_the_prompt_is_told() -> None:
    (prompt, *_) = read_prompts("textbooks", [], Path())
    topic = {"kind": TOPIC.kind, "name": TOPIC.name, "synonyms": []}
    said = prompt.messages({"topic": topic, "number": 1, "of": 1})
    assert judge("textbooks", said[-1]["content"], least_characters=10)[0] == "copied_prompt"


def test_a_long_name_is_no_copy() -> None:
    name = "reversible cerebral vasoconstriction syndrome"
    task = TaskConfig(name="t", kind="textbooks", topics=["x"])
    (prompt, *_) = read_prompts("textbooks", [], Path())
    request = Request("0" * 32, task, Topic("disease", name), prompt, "w", 1, 1)
    text = "".join(
        f"{name}では{sign}がみられる。" for sign in ("頭痛", "痙攣", "視野障害", "片麻痺", "意識障害", "嘔吐", "失語")
    )
    verdict = Checks(ChecksConfig(least_japanese=0.1), Path()).judge(
        request, Record(id="0" * 32, state="answered", text=text)
    )
    assert verdict.reason != "copied_prompt"


EXERCISE: dict[str, Any] = {
    "question": "10歳の男児。乾性咳嗽が2週間続く。マイコプラズマ肺炎と診断した。第一選択となる薬はどれか。",
    "choices": {
        "a": "アジスロマイシン",
        "b": "ペニシリン",
        "c": "セファゾリン",
        "d": "バンコマイシン",
        "e": "アムホテリシン",
    },
    "answer": "a",
    "explanation": "正解はaである。細胞壁を持たない病原体にはβラクタム系薬が効かず、マクロライド系薬を用いる。",
}
CHOICES = EXERCISE["choices"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"explanation": "アジスロマイシンが第一選択であり、ほかの薬は細胞壁に作用するため無効である。"}, None),
        ({"choices": {k: v for k, v in CHOICES.items() if k != "e"}}, "choices"),
        ({"choices": CHOICES | {"f": "リファンピシン"}}, "choices"),
        ({"choices": CHOICES | {"b": "アジスロマイシン"}}, "choices"),
        ({"answer": "f"}, "answer"),
        ({"answer": "a, b"}, "answer"),
        ({"explanation": ""}, "explanation"),
        ({"explanation": "細胞壁を持たない病原体にはβラクタム系薬が効かない。"}, "explanation"),
        ({"question": ""}, "no_parts"),
    ],
)
def test_exercises(change: dict[str, Any], reason: str | None) -> None:
    assert judge("exercises", json.dumps(EXERCISE | change, ensure_ascii=False))[0] == reason


def test_text_without_an_exercise_has_no_parts() -> None:
    assert judge("exercises", GOOD)[0] == "no_parts"


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("乾性咳嗽が長引き、マクロライド系抗菌薬が第一選択となる。", None),
        ("急性虫垂炎では腹膜刺激症状を確認し、早期手術を検討する。", "off_topic"),
    ],
)
def test_questions(output: str, reason: str | None) -> None:
    pair = {"instruction": "マイコプラズマ肺炎の治療を述べてください。", "output": output}
    assert judge("qa", json.dumps(pair, ensure_ascii=False))[0] == reason


def test_shares_by_hand() -> None:
    prompt = "あいうえおかきくけこさしすせそたちつてとなにぬねの"  # 25 characters
    assert copied_share(prompt, prompt) == 1
    assert copied_share("ん" * 25 + prompt, prompt) == 0.5
    assert copied_share("ん" * 20 + prompt[:19], prompt) == 0
    assert copied_share("ん" * 20 + prompt[:20], prompt) == 0.5
    # Of 肺炎 炎症 the first stands in the article; hiragana does not count.
    assert grounded_share("肺炎症である", "肺炎の話である") == 0.5
    assert grounded_share("はい", "いいえ") == 1
    assert names_topic("ＤＭの患者", ("糖尿病", "dm"))
    assert not names_topic("癒着", ("癌", "悪性腫瘍"))
    assert names_topic("癌である", ("癌",))
