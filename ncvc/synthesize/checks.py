"""Tells usable answers from those that are set aside, and says why."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import ncvc._native as native
from ncvc.corpus.filters import FiltersConfig, Japanese, Repetition
from ncvc.documents.sources import named_path
from ncvc.errors import ConfigError
from ncvc.synthesize.config import ChecksConfig, Kind
from ncvc.synthesize.plan import Request
from ncvc.synthesize.record import Record
from ncvc.synthesize.structured import LETTERS, Exercise, Pair, parse_exercise, parse_pair
from ncvc.synthesize.topics import ARTICLE

REASONS = (
    *("empty", "refused", "truncated", "no_parts", "choices", "answer", "explanation", "too_short"),
    *("not_japanese", "copied_prompt", "repetitive", "off_topic", "duplicate", "near_duplicate"),
)
"""Reasons in the order in which they are looked for; the first that holds counts."""
REFUSALS = Path(__file__).with_name("refusals.txt")
LEAST: dict[Kind, int] = {"textbooks": 200, "exercises": 40, "qa": 10}
"""Default of `least_characters`."""
COPIED = 20
"""Characters of a run that counts as copied."""
_WORDS = re.compile(r"[一-鿿々ァ-ヺー]{2,}")
_SPACE = re.compile(r"[\s・‐-―\-]+")


@dataclass(frozen=True)
class Verdict:
    """A usable text, or the reason why there is none."""

    reason: str | None
    detail: str = ""
    text: str = ""
    """The document; of a text that is set aside the answer as it came."""
    members: dict[str, Any] = field(default_factory=dict)
    """Further members of the output's line."""


class Checks:
    """Checks with the limits of a config."""

    def __init__(self, config: ChecksConfig, folder: Path) -> None:
        """Raises `ConfigError` if the list of refusals cannot be read; its path is relative to `folder`."""
        self._config = config
        self._refusals = read_refusals(REFUSALS if config.refusals is None else named_path(config.refusals, folder))
        filters = FiltersConfig(
            copyright_notices=None,
            unfinished_sentences=None,
            too_short=None,
            adult_words=None,
            japanese=Japanese(least_japanese=config.least_japanese, hiragana_from=40),
            repetition=Repetition(
                least_characters=100,
                most_frequent_characters=config.most_frequent_characters,
                most_repeated_characters=config.most_repeated_characters,
            ),
        )
        self._filters = native.Filters(filters.options(folder))

    def judge(self, request: Request, record: Record) -> Verdict:
        """Checks the answer to a request; near-duplicates are found later, among all."""
        answer = record.text.strip()
        if not answer:
            return Verdict("empty")
        if record.finish == "content_filter":
            return Verdict("refused", "by the server", answer)
        beginning = normalized(answer[:200])
        if refusal := next((each for each in self._refusals if beginning.startswith(each)), None):
            return Verdict("refused", f"begins with {refusal}", answer)
        if record.finish == "length":
            return Verdict("truncated", f"at {record.answer_tokens} tokens", answer)
        kind = request.task.kind
        if kind == "textbooks":
            return self._text(request, answer, answer, {})
        found: Exercise | Pair | None
        if kind == "exercises":
            found = parse_exercise(answer)
            if found is None:
                return Verdict("no_parts", "no question with choices", answer)
            if form := form_mistake(found):
                return Verdict(*form, answer)
            members: dict[str, Any] = {"choices": found.choices, "answer": found.answer}
        else:
            found = parse_pair(answer)
            if found is None:
                return Verdict("no_parts", "no instruction with an output", answer)
            members = {
                "question_kind": request.question_kind,
                "article_sha256": hashlib.sha256(request.topic.text.encode()).hexdigest(),
            }
        members = {"instruction": found.instruction, "output": found.output, **members}
        return self._text(request, found.text, answer, members)

    def _text(self, request: Request, text: str, answer: str, members: dict[str, Any]) -> Verdict:
        """Checks what a text says."""
        least = request.task.least_characters
        least = LEAST[request.task.kind] if least is None else least
        if len(text) < least:
            return Verdict("too_short", f"{len(text)} of {least} characters", answer)
        _, reason = self._filters.apply(native.clean(text))
        if reason in ("too_little_japanese", "too_little_hiragana"):
            return Verdict("not_japanese", reason, answer)
        share = copied_share(text, _prompt_of(request))
        if share > self._config.most_copied:
            return Verdict("copied_prompt", f"{share:.0%} stand in the prompt", answer)
        if reason is not None:
            return Verdict("repetitive", reason, answer)
        if request.topic.kind == ARTICLE:
            share = grounded_share(members["output"], request.topic.text)
            if share < self._config.least_grounded:
                return Verdict("off_topic", f"{share:.0%} of its words stand in the article", answer)
        elif not names_topic(text, (request.topic.name, *request.topic.synonyms)):
            return Verdict("off_topic", "never names the topic", answer)
        return Verdict(None, "", text, members)


def _prompt_of(request: Request) -> str:
    """Returns what a text must not copy: the prompt without the article, and without a long name of its topic."""
    prompt = "\n".join(each["content"] for each in request.messages(article=False))
    for name in (request.topic.name, *request.topic.synonyms):
        if len(name) >= COPIED // 2:
            prompt = prompt.replace(name, "\0")  # in no text, so that no run reaches over it
    return prompt


def read_refusals(path: Path) -> tuple[str, ...]:
    """Reads the beginnings of refusals, a line each; lines with # are comments. Raises `ConfigError`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the list of refusals: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: the list of refusals is not UTF-8; save it as UTF-8") from None
    return tuple(normalized(line) for line in lines if line.strip() and not line.startswith("#"))


def form_mistake(exercise: Exercise) -> tuple[str, str] | None:
    """Returns reason and detail for an exercise that is not of the examinations' form.

    It has five different choices a to e, the answer is one of them, and the explanation names it by letter or text.
    """
    letters = tuple(exercise.choices)
    if letters != LETTERS:
        return "choices", f"{len(letters)} choices: {' '.join(letters)[:40]}"
    if len({normalized(text) for text in exercise.choices.values()}) < len(LETTERS):
        return "choices", "two choices say the same"
    if exercise.answer not in LETTERS:
        return "answer", f"{exercise.answer[:40]!r} is none of the choices"
    if not exercise.explanation:
        return "explanation", "there is none"
    said = unicodedata.normalize("NFKC", exercise.explanation).lower()
    letter = re.search(rf"(?<![a-z0-9]){exercise.answer}(?![a-z0-9])", said)
    if letter is None and normalized(exercise.choices[exercise.answer]) not in normalized(exercise.explanation):
        return "explanation", "does not name the answer"
    return None


def normalized(text: str) -> str:
    """Returns a text in one form for comparing: NFKC, lower case, no white space, hyphens and middle dots."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", text).lower())


def names_topic(text: str, names: tuple[str, ...]) -> bool:
    """Tells whether a text has one of the names; names of one character count if there is no longer one."""
    said = normalized(text)
    wanted = [normalized(name) for name in names]
    longer = [name for name in wanted if len(name) > 1]
    return any(name in said for name in longer or wanted if name)


def copied_share(text: str, prompt: str) -> float:
    """Returns the fraction of a text's characters in runs of `COPIED` or more that stand in the prompt."""
    said = normalized(text)
    grams = _grams(prompt)
    if len(said) < COPIED:
        return float(bool(said) and said in normalized(prompt))
    covered, copied_to = 0, 0
    for at in range(len(said) - COPIED + 1):
        if said[at : at + COPIED] in grams:
            covered += at + COPIED - max(at, copied_to)
            copied_to = at + COPIED
    return covered / len(said)


@lru_cache(maxsize=64)
def _grams(prompt: str) -> frozenset[str]:
    said = normalized(prompt)
    return frozenset(said[at : at + COPIED] for at in range(len(said) - COPIED + 1))


def grounded_share(output: str, article: str) -> float:
    """Returns the fraction of an output's pairs of kanji or katakana that its article has too; 1 without such pairs."""

    def pairs(text: str) -> set[str]:
        runs = _WORDS.findall(unicodedata.normalize("NFKC", text))
        return {run[at : at + 2] for run in runs for at in range(len(run) - 1)}

    found = pairs(output)
    return len(found & pairs(article)) / len(found) if found else 1.0
