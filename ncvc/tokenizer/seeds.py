"""The pieces that SentencePiece chooses from.

Left to itself it takes them from a suffix array, in which a string that is always followed by the same character
is no entry of its own; and a whole morpheme is always followed by its end. So 必要 or 場合, which begin no longer
word, would not even be candidates. Here every part of every morpheme is one.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import islice

LONGEST = 16
"""The longest piece, in characters (technical report 2.2: max piece length)."""
MOST_MORPHEMES = 1_000_000
"""So many of the most frequent morphemes are cut into parts; about 1 GB of memory."""
MOST_SEEDS = 1_000_000
"""SentencePiece's own default."""


def seeds(counts: Iterable[tuple[str, int]], characters: str) -> list[tuple[str, int]]:
    """Candidates with the weight that SentencePiece gives its own, length times count; the weightiest first.

    `counts` are morphemes with how often they occur, the most frequent first. Each of `characters` is a candidate
    even if the text lacks it.
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
