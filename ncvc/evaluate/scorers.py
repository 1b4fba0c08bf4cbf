"""Scores of single answers and of tasks; pure functions of text. docs/scoring.md specifies each, with its source.

Functions called `original_…`, `first_letter`, `accuracy`, `cohen_kappa`, `exam_prediction` and `exam_is_right` give
what the benchmarks' own scripts give for the same output, quirks included. The others stand beside them in the report.
No output is ever run as code.
"""

import ast
import math
import re
import unicodedata
import warnings
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

LETTERS = "ABCDEF"
"""Letters that a choice task can have."""
NO_LETTER = "None"
"""Label of an output without a letter; it sorts after every letter."""

ALWAYS_RIGHT = frozenset({"116A71"})
"""Problems of the licensing exam for which every answer counts."""
ALTERNATIVES: Mapping[str, tuple[str, ...]] = {"112B30": ("a", "d")}
"""Problems of the licensing exam with several right answers of one letter."""

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_ALONE = re.compile(r"(?<![a-z0-9])[a-h](?![a-z0-9])")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,3})?")


# Choice tasks of JMED-LLM.


def first_letter(output: str) -> str:
    """Returns the first half-width letter A–F anywhere in an output, `NO_LETTER` where there is none."""
    return next((character for character in output if character in LETTERS), NO_LETTER)


def normalised_letter(output: str) -> str:
    """Returns the same after NFKC, which finds full-width letters too."""
    return first_letter(unicodedata.normalize("NFKC", output))


def unparseable_choice(output: str, labels: Collection[str]) -> str | None:
    """Names the kind of an output without a usable letter; None for one of `labels`.

    `empty`: nothing but white space. `no letter`. `other letter`: one that the question does not offer.
    """
    if not output.strip():
        return "empty"
    letter = first_letter(output)
    if letter == NO_LETTER:
        return "no letter"
    return None if letter in labels else "other letter"


def accuracy(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """Returns the share of equal labels; both of one length, at least 1."""
    return sum(a == b for a, b in zip(gold, predicted, strict=True)) / len(gold)


def cohen_kappa(gold: Sequence[str], predicted: Sequence[str], *, linear: bool = False) -> float:
    """Returns Cohen's kappa as scikit-learn defines it; NaN where both have one and the same label throughout.

    Labels are all that occur in either, sorted. With weights w (0 or 1; `linear`: the distance of two labels' places),
    kappa = 1 - Σ w·observed / Σ w·expected, expected being the product of the marginal counts over the number of rows.
    """
    labels = sorted({*gold, *predicted})
    observed = Counter(zip(gold, predicted, strict=True))
    of_gold, of_predicted = Counter(gold), Counter(predicted)
    found = by_chance = 0.0
    for i, one in enumerate(labels):
        for j, other in enumerate(labels):
            weight = abs(i - j) if linear else int(i != j)
            found += weight * observed[one, other]
            by_chance += weight * of_gold[one] * of_predicted[other] / len(gold)
    return 1 - found / by_chance if by_chance else math.nan


# Entity tasks of JMED-LLM.


@dataclass(frozen=True)
class Entities:
    """Reading of an output of an entity task."""

    values: tuple[object, ...]
    """Elements of the list, hashable ones; strings, but for odd outputs."""
    unparseable: str | None
    """Kind of an output that is no list; None for a list, an empty one too."""


def entity_list(output: str) -> Entities:
    """Reads an output as the literal of a Python list; never runs it.

    Kinds of what is none: `empty` (white space), `not Python` (no expression, or one nested beyond what Python's own
    parser takes), `not a literal` (another expression, such as a bare word or a call), `not a list` (another literal),
    `nested` (a list with an element that cannot be in a set: there the original script ends with a TypeError, here the
    row has no entities).
    """
    if not output.strip():
        return Entities((), "empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd escapes in a model's output
        try:
            value = ast.literal_eval(output)
        except (SyntaxError, MemoryError, RecursionError):
            return Entities((), "not Python")
        except (ValueError, TypeError):
            return Entities((), _kind_of_refused(output))
    if not isinstance(value, list):
        return Entities((), "not a list")
    try:
        set(value)
    except TypeError:
        return Entities((), "nested")
    return Entities(tuple(value), None)


def _kind_of_refused(output: str) -> str:
    """Tells an expression from text that holds what no source can, such as a NUL or half a surrogate pair."""
    try:
        ast.parse(output.lstrip(" \t"), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return "not Python"
    return "not a literal"


def original_exact_f1(gold: Collection[str], predicted: Collection[object]) -> float:
    """Returns F1 of two sets, gold not empty; 0 where nothing is in both."""
    right, found = set(gold), set(predicted)
    return _f1(len(right & found), len(right & found), len(right), len(found))


def original_partial_f1(gold: Collection[str], predicted: Collection[object]) -> float:
    """Returns the "partial" F1 of the original script, which passes 1 easily.

    Its inner comparison asks whether an entity is in the other *set*, so that one exact match makes every gold entity
    count: recall 1, precision the number of gold entities over that of predicted ones.
    """
    right, found = set(gold), set(predicted)
    count = len(right) if right & found else 0
    return _f1(count, count, len(right), len(found))


def partial_f1(gold: Collection[str], predicted: Collection[object]) -> float:
    """Returns the F1 that counts overlaps: entities of which one contains the other, empty ones left out.

    Precision is the share of predicted entities that some gold one contains or is contained in, recall the same share
    of gold entities; never above 1.
    """
    right, found = _texts(gold), _texts(predicted)
    hit = sum(any(a in b or b in a for b in right) for a in found)
    covered = sum(any(a in b or b in a for b in found) for a in right)
    return _f1(hit, covered, len(right), len(found))


def exact_f1(gold: Collection[str], predicted: Collection[object]) -> float:
    """Returns F1 of two sets of texts, empty ones left out; for both sides after the same normalisation."""
    right, found = _texts(gold), _texts(predicted)
    both = len(right & found)
    return _f1(both, both, len(right), len(found))


def _texts(values: Collection[object]) -> set[str]:
    return {text for value in values if (text := entity_text(value))}


def entity_text(value: object) -> str:
    """Returns the text of an element of a list; a number of more digits than Python writes is `…`."""
    try:
        return str(value)
    except ValueError:
        return "…"


def _f1(hit: int, covered: int, gold: int, predicted: int) -> float:
    """Harmonic mean of hit / predicted and covered / gold; 0 where either is."""
    recall = covered / gold if gold else 0.0
    precision = hit / predicted if predicted else 0.0
    return 2 * recall * precision / (recall + precision) if recall + precision else 0.0


# IgakuQA, the national medical licensing examination.


def exam_prediction(output: str) -> list[str]:
    """Splits an output at commas, after full-width to half-width and lower case; sorted, white space kept."""
    return sorted(output.translate(_FULL_WIDTH).lower().split(","))


def exam_is_right(problem: str, output: str, answer: Sequence[str]) -> bool:
    """Tells whether an output counts for a problem such as `112B30`, as the original script does."""
    if problem in ALWAYS_RIGHT:
        return True
    prediction = exam_prediction(output)
    return prediction in [[letter] for letter in ALTERNATIVES.get(problem, ())] or prediction == sorted(answer)


def exam_letters(output: str) -> frozenset[str]:
    """Finds the letters a–h that an output chooses, after NFKC and lower case.

    A first line that is nothing but letters and separators gives all of them (`a, c`, `ac`, `aとc`); elsewhere letters
    count that stand alone, not within a word or a number.
    """
    text = unicodedata.normalize("NFKC", output).lower().strip()
    line = text.partition("\n")[0].strip()
    if re.fullmatch(r"[a-h](?:[\s,、・.と]*[a-h])*\.?", line):
        return frozenset(character for character in line if "a" <= character <= "h")
    return frozenset(_ALONE.findall(text))


def exam_number(output: str) -> float | None:
    """Finds the first number in an output, after NFKC, `−` a minus; None where there is none."""
    found = _NUMBER.search(unicodedata.normalize("NFKC", output).replace("\u2212", "-"))
    return float(found[0].replace(",", "")) if found and len(found[0]) < 30 else None


def exam_is_right_normalised(problem: str, output: str, answer: Sequence[str], *, numeric: bool) -> bool:
    """Tells whether the letters of an output, or its first number, are those of the answer."""
    if problem in ALWAYS_RIGHT:
        return True
    if numeric:
        return exam_number(output) == float(answer[0])
    letters = exam_letters(output)
    return letters in [{letter} for letter in ALTERNATIVES.get(problem, ())] or (
        bool(letters) and letters == set(answer)
    )


def unparseable_exam(output: str, wanted: int, *, numeric: bool) -> str | None:
    """Names the kind of an output that chooses nothing, or not `wanted` letters; None otherwise.

    `empty`, `no letter`, `other count`; of numeric problems `empty`, `no number`.
    """
    if not output.strip():
        return "empty"
    if numeric:
        return "no number" if exam_number(output) is None else None
    letters = exam_letters(output)
    if not letters:
        return "no letter"
    return None if len(letters) == wanted else "other count"


# Likelihood.


def likeliest(scores: Mapping[str, float], count: int = 1) -> tuple[str, ...]:
    """Returns the `count` labels with the highest scores, sorted by label; of equal ones the first, NaN behind all."""
    return tuple(sorted(sorted(scores, key=lambda label: (math.isnan(scores[label]), -scores[label]))[:count]))


def per_character(logprobs: Mapping[str, float], characters: Mapping[str, int]) -> dict[str, float]:
    """Divides each choice's log-probability by the number of its characters, at least 1."""
    return {label: value / max(1, characters[label]) for label, value in logprobs.items()}
