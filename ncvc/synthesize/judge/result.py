"""Reads the answers of a page, and counts them by writer or prompt."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ncvc.errors import InputError
from ncvc.synthesize.judge.pairs import Choice, choose_pairs, digest_of, group_of

FORMAT = "ncvc-judgements/1"


@dataclass
class Comparison:
    """Judgements on pairs of two groups."""

    one: str
    other: str
    wins: int = 0
    """Pairs in which the text of `one` is better."""
    losses: int = 0
    ties: int = 0

    @property
    def p_value(self) -> float:
        """Probability of a difference at least as large if both were equally good; ties left out (sign test)."""
        count, least = self.wins + self.losses, min(self.wins, self.losses)
        tail: float = sum(math.comb(count, k) for k in range(least + 1)) / 2**count
        return min(1.0, 2 * tail)


def read_judgements(output: Path, path: Path) -> tuple[Choice, list[Comparison]]:
    """Tells which group won how often; `path` is the file that a page of `output` saved.

    Raises `InputError` for a file that is none, or of another output.
    """
    try:
        value = json.loads(path.read_bytes())
        choice, answers, page = Choice.load(value["choice"]), value["answers"], value["page"]
        good = value["format"] == FORMAT and set(answers.values()) <= {"left", "right", "tie"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        good = False
    if not good:
        raise InputError(f"{path}: no answers that a page of `ncvc synthesize judge` saved")
    pairs = choose_pairs(output, choice)
    if page != digest_of(pairs):
        raise InputError(f"{path}: the answers are of another output than {output}; name the one of its page")
    return choice, _count(pairs, answers, choice)


def _count(pairs: list[Any], answers: dict[str, str], choice: Choice) -> list[Comparison]:
    found: dict[tuple[str, str], Comparison] = {}
    for pair in pairs:
        left, right = group_of(pair.left, choice.between), group_of(pair.right, choice.between)
        one, other = sorted((left, right))
        comparison = found.setdefault((one, other), Comparison(one, other))
        match answers.get(pair.id):
            case "tie":
                comparison.ties += 1
            case "left" | "right" as side:
                is_win = (left if side == "left" else right) == one
                comparison.wins += is_win
                comparison.losses += not is_win
    return [found[key] for key in sorted(found)]
