"""What writers make of a schema is read, and what is none is not."""

import json

import pytest

from ncvc.synthesize.structured import parse_exercise, parse_pair

GOOD = {
    "question": "正しいのはどれか。",
    "choices": {"a": "発熱", "b": "頭痛", "c": "悪心", "d": "浮腫", "e": "発疹"},
    "answer": "b",
    "explanation": "正解はbである。",
}
SAID = json.dumps(GOOD, ensure_ascii=False)


@pytest.mark.parametrize(
    "answer",
    [
        SAID,
        f"はい、作成しました。\n```json\n{SAID}\n```\nご確認ください。",
        f"```\n{SAID}",
        f"[{SAID}]",
        SAID.replace('"}', '",}'),
        json.dumps({"exercise": GOOD}, ensure_ascii=False),
        json.dumps(GOOD | {"choices": list(GOOD["choices"].values())}, ensure_ascii=False),
        json.dumps(GOOD | {"choices": [f"{k}. {v}" for k, v in GOOD["choices"].items()]}, ensure_ascii=False),
        json.dumps(GOOD | {"choices": {k.upper(): v for k, v in GOOD["choices"].items()}, "answer": "B"}),
        json.dumps(GOOD | {"choices": dict(enumerate(GOOD["choices"].values(), 1)), "answer": 2}),
        json.dumps(GOOD | {"answer": "頭痛"}),
        json.dumps(GOOD | {"answer": "選択肢b"}),
        json.dumps({"問題": GOOD["question"], "選択肢": GOOD["choices"], "正解": "b", "解説": GOOD["explanation"]}),
        "問題: 正しいのはどれか。\n選択肢:\na. 発熱\nb. 頭痛\nc. 悪心\nd. 浮腫\ne. 発疹\n正解: b\n解説: 正解はbである。",
        "【問題】\n正しいのはどれか。\na) 発熱\nb) 頭痛\nc) 悪心\nd) 浮腫\ne) 発疹\n\n【正解】\nb\n\n【解説】\n正解はbである。",
        SAID.replace("どれか。", "どれか。\n"),
    ],
)
def test_an_exercise_is_found(answer: str) -> None:
    found = parse_exercise(answer)
    assert found is not None
    assert found.question == GOOD["question"]
    assert found.choices == GOOD["choices"]
    assert (found.answer, found.explanation) == (GOOD["answer"], GOOD["explanation"])


@pytest.mark.parametrize("answer", ["", "問題はありません。", "{" * 5000, "[1, 2]", '{"question": "a"}', "null", "\\"])
def test_what_is_no_exercise_is_none(answer: str) -> None:
    assert parse_exercise(answer) is None
    assert parse_pair(answer) is None


@pytest.mark.parametrize(
    "answer",
    [
        '{"instruction": "原因は。", "output": "感染である。"}',
        '{"question": "原因は。", "answer": "感染である。"}',
        '{"質問": "原因は。", "回答": "感染である。"}',
        "質問: 原因は。\n回答: 感染である。",
        "**質問**\n原因は。\n\n**回答**\n感染である。",
    ],
)
def test_a_pair_is_found(answer: str) -> None:
    found = parse_pair(answer)
    assert found is not None
    assert (found.instruction, found.output) == ("原因は。", "感染である。")
