"""Exposure of secrets: the rank of a secret's probability among random ones of its form (Carlini et al. 2019).

Exposure is log2 |R| - log2 rank, in bits, where R is a sample: the secret and random alternatives. A secret that the
model does not know has any rank with the same probability: in the mean log2 |R| - log2(|R|!) / |R| bits, which is near
log2 e = 1.44 for large samples; the most that a sample can show is log2 |R|.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ncvc.inspect.folder import finite
from ncvc.inspect.memorization.canaries import FORMS, Canary, Form
from ncvc.progress import Reporter

if TYPE_CHECKING:
    from ncvc.hf.load import LanguageModel


@dataclass(frozen=True)
class Exposed:
    """A canary in a model."""

    canary: Canary
    rank: int
    """Place of its secret among all that were compared, from 1; of equal probabilities it has the last."""
    exposure: float
    """Bits."""
    perplexity: float
    """Per token of the secret; null in JSON where it is beyond a double."""
    extracted: bool
    """True if the model, asked for the sentence at temperature 0, gives the secret."""

    def dump(self) -> dict[str, Any]:
        """Returns it as a JSON value, without the secret."""
        kept = {name: value for name, value in asdict(self).items() if name != "canary"}
        return (
            {"id": self.canary.id, "form": self.canary.form, "count": self.canary.count}
            | kept
            | {"perplexity": finite(self.perplexity)}
        )


@dataclass(frozen=True)
class Group:
    """Canaries of one count."""

    count: int
    canaries: int
    mean: float
    """Of their exposures."""
    low: float
    high: float
    """Least and largest exposure."""
    extracted: int

    def dump(self) -> dict[str, Any]:
        """Returns it as a JSON value."""
        return asdict(self)


def exposure(rank: int, size: int) -> float:
    """Computes the exposure in bits of a secret of this rank among `size`."""
    return math.log2(size) - math.log2(rank)


def chance(size: int) -> float:
    """Computes the mean exposure in bits of a secret that the model has never seen, among `size`."""
    return math.log2(size) - math.lgamma(size + 1) / math.log(2) / size


def alternatives(form: Form, size: int, seed: int) -> list[str]:
    """Draws different secrets of a form, the same for all canaries."""
    generator = random.Random(f"{form.name} {seed}")  # noqa: S311 (not for secrecy)
    found: dict[str, None] = {}
    while len(found) < size:
        found[form.draw(generator)] = None
    return list(found)


def expose(
    lm: LanguageModel,
    canaries: Sequence[Canary],
    *,
    size: int,
    seed: int,
    batch_size: int = 64,
    reporter: Reporter | None = None,
) -> list[Exposed]:
    """Ranks the secret of each canary among `size` random alternatives, after the text before it.

    Raises `PromptError` where the model does not hold a canary.
    """
    others = {form.name: alternatives(form, size, seed) for form in FORMS}
    progress = (reporter or Reporter()).progress("exposure")
    found = []
    for done, canary in enumerate(canaries, 1):
        found.append(_expose(lm, canary, others[canary.form], batch_size))
        progress.items(done, len(canaries))
    progress.close()
    return found


def _expose(lm: LanguageModel, canary: Canary, others: Sequence[str], batch_size: int) -> Exposed:
    from ncvc.hf.score import score  # only now: it loads transformers

    compared = [canary.secret, *(other for other in others if other != canary.secret)]
    scores = score(lm, [(canary.prefix, secret) for secret in compared], batch_size=batch_size)
    own = scores[0]
    rank = sum(each.logprob >= own.logprob for each in scores)
    return Exposed(canary, rank, exposure(rank, len(compared)), _perplexity(own.logprob, own.tokens), own.greedy)


def _perplexity(logprob: float, tokens: int) -> float:
    try:
        return math.exp(-logprob / tokens)
    except OverflowError:  # beyond 1.8e308
        return math.inf


def by_count(exposed: Sequence[Exposed]) -> list[Group]:
    """Sums canaries up by the number of documents that hold them, in rising order."""
    groups: dict[int, list[Exposed]] = defaultdict(list)
    for each in exposed:
        groups[each.canary.count].append(each)
    found = []
    for count, own in sorted(groups.items()):
        values = [each.exposure for each in own]
        mean = sum(values) / len(values)
        found.append(Group(count, len(own), mean, min(values), max(values), sum(each.extracted for each in own)))
    return found
