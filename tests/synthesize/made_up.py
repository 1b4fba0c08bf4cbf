"""Topics, and answers that pass every check: Japanese text on the topic, different each time it is asked for."""

import json
import random
import re
from pathlib import Path
from typing import Any

import yaml

from tests.synthesize.server import Answer, user_text

SIGNS = [
    "発熱",
    "頭痛",
    "悪心",
    "倦怠感",
    "浮腫",
    "発疹",
    "咳嗽",
    "腹痛",
    "関節痛",
    "動悸",
    "呼吸困難",
    "食欲不振",
    "下痢",
]
CARES = ["薬物療法", "手術", "安静", "輸液", "放射線療法", "運動療法", "食事療法"]
PLACES = ["外来", "病棟", "救急外来", "集中治療室", "訪問診療", "検診"]


def prose(name: str, seed: str, sentences: int = 9) -> str:
    """Returns text on a topic that depends on the seed alone."""
    drawn = random.Random(seed)
    lines = []
    for number in range(sentences):
        one, two, three = drawn.sample(SIGNS, 3)
        care, place = drawn.choice(CARES), drawn.choice(PLACES)
        lines.append(
            drawn.choice(
                [
                    f"{name}では{one}と{two}がみられ、{place}で{three}の有無を確かめる。",
                    f"{place}で{one}を訴える患者には、{care}の前に{two}と{three}を調べる。",
                    f"{care}を{drawn.randrange(2, 90)}日続けても{one}が残るときは、{two}や{three}の原因を改めて考える。",
                    f"{drawn.randrange(20, 990)}例を調べた結果、{one}は{drawn.randrange(3, 60)}%に認められ、{care}が有効であった。",
                ]
            )
            + f"担当は第{number + 1}班である。"
        )
    return f"{name}について述べる。\n" + "\n".join(lines)


def exercise(name: str, seed: str) -> dict[str, Any]:
    drawn = random.Random(seed)
    choices = dict(zip("abcde", drawn.sample(SIGNS, 5), strict=True))
    right = drawn.choice("abcde")
    return {
        "question": f"{drawn.randrange(20, 90)}歳の患者。{prose(name, seed, 3)}最も考えられる所見はどれか。",
        "choices": choices,
        "answer": right,
        "explanation": f"正解は{right}である。{prose(name, f'{seed}!', 2)}",
    }


def topic_in(asked: dict[str, Any]) -> str:
    found = re.search(r"「(.+?)」", user_text(asked))
    assert found is not None
    return found[1]


def answer(asked: dict[str, Any], _headers: dict[str, str] | None = None) -> Answer:
    """A good answer, of the request alone."""
    name, seed = topic_in(asked), f"{asked['model']}{asked['seed']}"
    if "五肢択一" in user_text(asked):
        content = json.dumps(exercise(name, seed), ensure_ascii=False)
    else:
        content = prose(name, seed)
    return Answer(content, usage={"prompt_tokens": 100, "completion_tokens": 300})


def write_topics(path: Path, count: int) -> None:
    names = [f"{random.Random(i).choice(SIGNS)}性疾患第{i}型" for i in range(count)]
    rows = ({"kind": "disease", "name": name, "synonyms": []} for name in names)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_config(folder: Path, address: str, topics: int = 4, **keys: Any) -> Path:
    """Writes topics and a config with one writer of short patience; `keys` replace those of the config."""
    write_topics(folder / "topics.jsonl", topics)
    config = {
        "tasks": [
            {"name": "textbooks", "kind": "textbooks", "topics": ["topics.jsonl"]},
            {"name": "exercises", "kind": "exercises", "topics": ["topics.jsonl"], "texts_per_topic": 2},
        ],
        "writers": [writer(address)],
        "output": "out",
    } | keys
    path = folder / "synthesize.yaml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return path


def writer(address: str, name: str = "a", **keys: Any) -> dict[str, Any]:
    return {"name": name, "address": address, "model": f"model-{name}", "backoff": 0.01, "in_flight": 4} | keys
