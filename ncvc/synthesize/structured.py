"""Schemas of answers with parts, and a parser that takes what writers make of them."""

import json
import re
import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ncvc.synthesize.config import Kind

LETTERS = ("a", "b", "c", "d", "e")
_TEXT = {"type": "string"}
EXERCISE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "question": _TEXT,
        "choices": {
            "type": "object",
            "properties": dict.fromkeys(LETTERS, _TEXT),
            "required": list(LETTERS),
            "additionalProperties": False,
        },
        "answer": {"type": "string", "enum": list(LETTERS)},
        "explanation": _TEXT,
    },
    "required": ["question", "choices", "answer", "explanation"],
    "additionalProperties": False,
}
QA: dict[str, Any] = {
    "type": "object",
    "properties": {"instruction": _TEXT, "output": _TEXT},
    "required": ["instruction", "output"],
    "additionalProperties": False,
}
SCHEMAS: dict[Kind, dict[str, Any]] = {"exercises": EXERCISE, "qa": QA}

EXERCISE_KEYS = {
    **dict.fromkeys(("問題", "問題文", "設問", "質問"), "question"),
    **dict.fromkeys(("選択肢", "options"), "choices"),
    **dict.fromkeys(("正解", "正答", "解答", "回答", "答え", "correct_answer"), "answer"),
    **dict.fromkeys(("解説", "説明", "rationale"), "explanation"),
}
PAIR_KEYS = {
    **dict.fromkeys(("質問", "問題", "問題文", "設問", "question"), "instruction"),
    **dict.fromkeys(("回答", "解答", "答え", "正解", "answer"), "output"),
}
"""Other names of keys, and headings."""
MOST_OBJECTS = 50
"""Braces of an answer at which an object is looked for."""
_FENCE = re.compile(r"```[A-Za-z]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_COMMA = re.compile(r",(\s*[}\]])")
_SECTION = re.compile(
    r"^[ \t#*【\[]*(問題文?|設問|選択肢|正解|正答|解答|解説|質問|回答|答え)[】\]*]*[ \t]*(?:[::][ \t]*|$)", re.MULTILINE
)
_CHOICE = re.compile(r"^[ \t*(\-・]*([a-e1-5])[ \t]*[).．.、::)][ \t*]*(\S.*)$", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Exercise:
    """A question with five choices."""

    question: str
    choices: dict[str, str]
    """Letter → text, as far as they were given."""
    answer: str
    """As it was given; a letter in an exercise of good form."""
    explanation: str

    @property
    def text(self) -> str:
        """The exercise as a document."""
        choices = "\n".join(f"{letter}. {text}" for letter, text in self.choices.items())
        return f"問題\n{self.question}\n{choices}\n\n正解 {self.answer}\n\n解説\n{self.explanation}"

    @property
    def instruction(self) -> str:
        """The question and its choices."""
        choices = "\n".join(f"{letter}. {text}" for letter, text in self.choices.items())
        return f"{self.question}\n\n{choices}"

    @property
    def output(self) -> str:
        """The answer and its explanation."""
        return f"正解 {self.answer}\n\n{self.explanation}"


@dataclass(frozen=True)
class Pair:
    """An instruction and its output."""

    instruction: str
    output: str

    @property
    def text(self) -> str:
        """Both as a document."""
        return f"質問\n{self.instruction}\n\n回答\n{self.output}"


def parse_exercise(answer: str) -> Exercise | None:
    """Finds an exercise in an answer, whatever stands around it; None where there is none.

    JSON is taken with other keys, as a list of one, in a fence and with a comma too many; so are headings such as 問題.
    Numbers and full-width letters of choices become a to e.
    """
    found = _find(answer, set(EXERCISE["required"]), EXERCISE_KEYS) or _sections(answer, EXERCISE_KEYS)
    question, explanation = _text(found.get("question")), _text(found.get("explanation"))
    choices, right = _choices(found.get("choices")), _letter(found.get("answer"))
    if not question or not choices:
        return None
    for letter, text in choices.items():  # the answer may be given as its text
        right = letter if right == text else right
    return Exercise(question, choices, right, explanation)


def parse_pair(answer: str) -> Pair | None:
    """Finds an instruction and its output in an answer; None where there is none."""
    found = _find(answer, set(QA["required"]), PAIR_KEYS) or _sections(answer, PAIR_KEYS)
    instruction, output = _text(found.get("instruction")), _text(found.get("output"))
    return Pair(instruction, output) if instruction and output else None


def _find(answer: str, wanted: set[str], others: dict[str, str]) -> dict[str, Any]:
    """Returns the first JSON object with all wanted keys; an empty one where there is none."""
    decoder = json.JSONDecoder(strict=False)
    for text in (*_FENCE.findall(answer), answer):
        for candidate in dict.fromkeys((text, _COMMA.sub(r"\1", text))):
            for match in islice(re.finditer(r"\{", candidate), MOST_OBJECTS):
                try:
                    value, _ = decoder.raw_decode(candidate, match.start())
                except (ValueError, RecursionError):
                    continue
                named = _renamed(value, wanted, others)
                if wanted <= named.keys():
                    return named
    return {}


def _renamed(value: dict[str, Any], wanted: set[str], others: dict[str, str]) -> dict[str, Any]:
    named = {key: each for key, each in value.items() if key in wanted}
    for key, each in value.items():
        named.setdefault(others.get(key.strip().lower(), key), each)
    return named


def _sections(answer: str, names: dict[str, str]) -> dict[str, Any]:
    """Reads an answer with headings; choices without one stand below the question."""
    parts = _SECTION.split(answer)[1:]
    found: dict[str, Any] = {}
    for heading, body in zip(parts[::2], parts[1::2], strict=True):
        if heading in names:
            found.setdefault(names[heading], body.strip())
    question = found.get("question")
    if question and "choices" not in found and (first := _CHOICE.search(question)):
        found["question"], found["choices"] = question[: first.start()].strip(), question[first.start() :]
    return found


def _choices(value: Any) -> dict[str, str]:
    """Returns choices by letter, in the order of the letters."""
    if isinstance(value, str):
        value = dict(_CHOICE.findall(value))
    if isinstance(value, list):
        texts = [_CHOICE.sub(r"\2", _text(each)) for each in value]
        value = dict(zip(LETTERS, texts, strict=False)) if len(texts) <= len(LETTERS) else {}
    if not isinstance(value, dict):
        return {}
    found = {_letter(key): _text(each) for key, each in value.items()}
    return {letter: found[letter] for letter in sorted(found) if found[letter]}


def _letter(value: Any) -> str:
    """Returns a letter in a to e for one that is written in some way, such as 選択肢B or (3); else the text itself."""
    text = unicodedata.normalize("NFKC", _text(value))
    short = re.fullmatch(r"(?:選択肢|正解は?|解答は?|answer)?[\s::(\[]*([a-eA-E1-5])[\s)\].、。:]*(?:です。?)?", text)
    short = short or re.match(r"([a-eA-E1-5])[).、:.]\s*\S", text)
    if short is None:
        return text
    mark = short[1].lower()
    return LETTERS[int(mark) - 1] if mark.isdigit() else mark


def _text(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        value = "\n".join(value) if len(value) > 1 else value[0]
    return value.strip() if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""
