"""Pages of one template: most of each is the same, and some are near copies of others."""

import random

from tests.dedup.reference import grams, jaccard

KANA = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほ患者血圧薬剤検査"


def filled(template: str, own: str) -> str:
    """A template with own text in three places."""
    cut, third = len(template) // 4, len(own) // 3
    return (
        template[:cut]
        + own[:third]
        + template[cut : 2 * cut]
        + own[third : 2 * third]
        + template[2 * cut : 3 * cut]
        + own[2 * third :]
        + template[3 * cut :]
    )


def pages(count: int, length: int, own: tuple[float, float], seed: int = 11) -> list[str]:
    """Pages of about this length in a random order; `own` is the range of the fraction of their own text.

    Every third has a copy whose own text is edited until the 5-grams of both have a similarity of 0.8 to 0.95.
    """
    dice = random.Random(seed)
    template = "".join(dice.choices(KANA, k=length))
    found: list[str] = []
    while len(found) < count:
        fraction = dice.uniform(*own)
        rest = template[: int(length * (1 - fraction))]
        characters = dice.choices(KANA, k=int(length * fraction))
        found.append(filled(rest, "".join(characters)))
        if dice.random() < 1 / 3:
            first, similarity = grams(found[-1], 5), dice.uniform(0.8, 0.95)
            for _ in range(length):
                copy = filled(rest, "".join(characters))
                if jaccard(first, grams(copy, 5)) <= similarity + 0.01:
                    break
                characters[dice.randrange(len(characters))] = dice.choice(KANA)
            found.append(copy)
    dice.shuffle(found)
    return list(dict.fromkeys(found))[:count]
