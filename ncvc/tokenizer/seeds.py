"""Generates the candidates from which SentencePiece chooses the pieces: every substring of every morpheme.

SentencePiece's own candidates come from a suffix array, in which a string that is always followed by the same
character has no entry of its own. A whole morpheme is always followed by its end, so that 必要 or 場合, which begin no
longer word, would not be candidates.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import islice

LONGEST = 16
"""Longest piece in characters (technical report 2.2: max piece length)."""
MOST_MORPHEMES = 1_000_000
"""Number of the most frequent morphemes whose substrings are candidates; about 1 GB of memory."""
MOST_SEEDS = 1_000_000
"""Number of candidates; the default of SentencePiece."""


def seeds(counts: Iterable[tuple[str, int]], characters: str) -> list[tuple[str, int]]:
    """Returns candidates with their weight, length × count as in SentencePiece: `characters` first, then by weight.

    `counts` are morphemes with their frequency, in descending order. Each of `characters` is a candidate even if the
    text lacks it.
    """
    parts: Counter[str] = Counter()
    for morpheme, count in islice(counts, MOST_MORPHEMES):
        for start in range(len(morpheme)):
            for end in range(start + 1, min(len(morpheme), start + LONGEST) + 1):
                parts[morpheme[start:end]] += count
    longer = [(part, len(part) * count) for part, count in parts.items() if len(part) > 1 and count > 1]
    longer.sort(key=lambda seed: (-seed[1], seed[0]))
    single = {character: max(parts[character], 1) for character in characters}
    return [*sorted(single.items()), *longer[: MOST_SEEDS - len(single)]]
