"""Answers of a made-up language model, each with the state in which a request of it must end.

The states are those of docs/synthesis.md; written by another author than the checks, from the specification.
"""

import json
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

TEXTBOOK, EXERCISE = "textbook", "exercise"


@dataclass(frozen=True, order=True)
class Key:
    """A request as the server can tell it from others."""

    kind: str
    topic: str
    model: str
    number: int


def prose(seed: object, topic: str, characters: int = 260) -> str:
    """Sentences of drawn kanji and kana, Japanese to a filter, like no other seed's."""
    chance = random.Random(str(seed))
    parts = [f"{topic}は重要な題目である。"]
    while sum(map(len, parts)) < characters:
        nouns = ["".join(chr(chance.randrange(0x4E00, 0x8FFF)) for _ in range(2)) for _ in range(3)]
        kana = "".join(chr(chance.randrange(0x3042, 0x3090)) for _ in range(3))
        parts.append(f"{nouns[0]}{kana}が{nouns[1]}と{nouns[2]}になる。")
    return "".join(parts)


INSTRUCTIONS = prose("instructions", "本文", 240)
PROMPT = "あなたは著者です。\n-----\n" + INSTRUCTIONS + "\n種類=KIND\n番号={{ number }}\n題目={{ topic.name }}\n"
PROMPTS = {kind: PROMPT.replace("KIND", kind) for kind in (TEXTBOOK, EXERCISE)}
"""Prompt files that say who asks for what."""

GOOD = {TEXTBOOK: ["plain", "slow"], EXERCISE: ["plain", "slow", "fenced", "comma", "prose"]}
"""Ends that are kept; how the text is wrapped."""

SHARED = {"copy": "duplicate", "near": "near_duplicate"}
"""Ends whose text a topic's requests have in common: one is kept, the others are set aside."""

ASIDE = {
    TEXTBOOK: {
        "blank": "empty",
        "sorry": "refused",
        "filtered": "refused",
        "length": "truncated",
        "short": "too_short",
        "english": "not_japanese",
        "again": "repetitive",
        "echo": "copied_prompt",
        "elsewhere": "off_topic",
    },
    EXERCISE: {
        "blank": "empty",
        "sorry": "refused",
        "filtered": "refused",
        "length": "truncated",
        "formless": "no_parts",
        "four": "choices",
        "same": "choices",
        "sixth": "answer",
        "unnamed": "explanation",
        "english": "not_japanese",
        "elsewhere": "off_topic",
    },
}
"""Ends that are set aside, and the reason."""

FAILED = {
    "always_500": "status_500",
    "always_400": "status_400",
    "always_cut": "cut_off",
    "always_garbage": "not_json",
    "always_html": "html",
    "always_odd": "not_openai",
    "always_10mb": "too_large",
    "always_hangs": "timeout",
    "always_closes": "no_answer",
}
"""Ends that are no answer, at any attempt, and the reason of the failure."""

TROUBLE = [
    *("429", "429", "500", "503", "cut", "cut_chunks", "garbage", "html", "odd", "10mb", "closes", "not_http"),
    *("408", "409", "425", "502"),
]
"""What an attempt may meet before the end."""

RARE_TROUBLE = ["429_after", "503_after", "hangs"]
"""Trouble that costs seconds."""


@dataclass(frozen=True)
class Shares:
    """Fractions of the requests."""

    trouble: float = 0.25
    rare: float = 0.005
    aside: float = 0.15
    shared: float = 0.06
    failed: float = 0.005
    hangs: bool = True
    """Some failures are hangs, of which each attempt costs the timeout."""


@dataclass(frozen=True)
class Plan:
    """The trouble of the first attempts, and then always the same end."""

    trouble: tuple[str, ...]
    end: str

    @classmethod
    def draw(cls, seed: int, key: Key, shares: Shares) -> "Plan":
        """Depends on seed and request alone."""
        chance = random.Random(f"{seed} {key}")
        trouble = []
        if chance.random() < shares.trouble:
            trouble = chance.choices(TROUBLE, k=chance.choice([1, 1, 2, 3]))
        if chance.random() < shares.rare:
            trouble.append(chance.choice(RARE_TROUBLE))
        place = chance.random()
        for share, ends in [
            (shares.failed, [end for end in FAILED if shares.hangs or end != "always_hangs"]),
            (shares.shared, list(SHARED)),
            (shares.aside, list(ASIDE[key.kind])),
            (1.0, GOOD[key.kind]),
        ]:
            if place < share:
                return cls(tuple(trouble), chance.choice(ends))
            place -= share
        raise AssertionError


def expected(keys: Iterable[Key], seed: int, shares: Shares) -> Counter[str]:
    """Number of requests a state: `kept`, `aside REASON`, `failed REASON`."""
    states: Counter[str] = Counter()
    shared: Counter[tuple[str, str, str]] = Counter()
    for key in keys:
        end = Plan.draw(seed, key, shares).end
        if end in SHARED:
            shared[key.kind, key.topic, end] += 1
        elif end in FAILED:
            states["failed " + FAILED[end]] += 1
        elif end in ASIDE[key.kind]:
            states["aside " + ASIDE[key.kind][end]] += 1
        else:
            states["kept"] += 1
    for (_, _, end), number in shared.items():
        states["kept"] += 1
        states["aside " + SHARED[end]] += number - 1
    return +states


def question(seed: object, topic: str) -> dict[str, object]:
    """An examination question of good form."""
    letters = "abcde"
    right = letters[int(sha256(str(seed).encode()).hexdigest(), 16) % 5]
    return {
        "question": prose(f"{seed} question", topic, 90) + "正しいのはどれか。",
        "choices": {letter: prose(f"{seed} {letter}", "候補", 30) for letter in letters},
        "answer": right,
        "explanation": f"正解は{right}である。" + prose(f"{seed} why", topic, 80),
    }


def english(seed: object, topic: str) -> str:
    """English words with the topic among them."""
    chance = random.Random(str(seed))
    words = ("".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randrange(3, 9))) for _ in range(120))
    return f"About {topic}: " + " ".join(words) + "."


def textbook_text(key: Key, end: str) -> str:
    """The text of an answer to `key`."""
    match end:
        case "blank":
            return "  \n"
        case "sorry":
            return "申し訳ありませんが、" + prose(key, key.topic)
        case "short":
            return prose(key, key.topic, 40)[:80]
        case "english":
            return english(key, key.topic)
        case "again":
            return f"{key.topic}の話。" + "この病気はとても大切である。" * 60
        case "echo":
            return f"{key.topic}です。{INSTRUCTIONS}"
        case "elsewhere":
            return prose(key, "別の話")
        case "copy":
            return prose(f"copy {key.topic}", key.topic)
        case "near":
            return prose(f"near {key.topic}", key.topic, 600) + prose(key, "", 30)[-12:]
        case _:
            return prose(key, key.topic)


def exercise_text(key: Key, end: str) -> str:
    """The text of an answer to `key`, JSON of a question where the end asks for it."""
    if end in {"blank", "sorry"}:
        return textbook_text(key, end)
    if end == "formless":
        return prose(key, key.topic)
    seed = f"copy {key.topic}" if end in SHARED else key
    value = question(seed, "別の話" if end == "elsewhere" else key.topic)
    choices = value["choices"]
    assert isinstance(choices, dict)
    match end:
        case "four":
            del choices["e"]
        case "same":
            choices["e"] = choices["a"]
        case "sixth":
            value["answer"] = "f"
        case "unnamed":
            value["explanation"] = prose(f"{key} why", key.topic, 80)
        case "near":
            value = question(f"near {key.topic}", key.topic)
            value["explanation"] = f"{value['explanation']}{prose(key, '', 30)[-12:]}"
        case "english":
            value["question"] = english(f"{key} q", key.topic)
            value["choices"] = {letter: english(f"{key} {letter}", "x") for letter in "abcde"}
            value["explanation"] = f"The answer is {value['answer']}. " + english(f"{key} e", key.topic)
    written = json.dumps(value, ensure_ascii=False)
    match end:
        case "fenced":
            return f"```json\n{written}\n```"
        case "comma":
            return written[:-1] + ",}"
        case "prose":
            return f"はい、問題を作成しました。\n\n{written}\n\nご確認ください。"
        case _:
            return written


def text(key: Key, end: str) -> str:
    """The text of an answer to `key`."""
    return (textbook_text if key.kind == TEXTBOOK else exercise_text)(key, end)
