"""Recall and precision of the clinical set, measured on generated sentences."""

import random

from clinical_written import CLINICAL, HARD, clinical_negative, clinical_positive
from measure import SEED, Measurement, Row

import ncvc


def measure_clinical(positives: int = 3_000, negatives: int = 100_000) -> Measurement:
    """`positives` sentences a category, `negatives` hard negatives in all.

    What should be left goes through the papers' rules, as what is left does.
    """
    rng = random.Random(SEED)
    each = negatives // len(HARD)
    lines = [(category, clinical_negative(rng, category)) for category in HARD for _ in range(each)]
    texts = [line for _, line in lines]
    cleaned = zip(lines, ncvc.clean_batch(texts, clinical=True), ncvc.clean_batch(texts), strict=True)
    changed = [line for line, after, wanted in cleaned if after != wanted]
    rows, missed = [], []
    for category in CLINICAL:
        pairs = [clinical_positive(rng, category) for _ in range(positives)]
        after = ncvc.clean_batch([sentence for sentence, _ in pairs], clinical=True)
        wanted = ncvc.clean_batch([left for _, left in pairs])
        wrong = [sentence for (sentence, _), a, b in zip(pairs, after, wanted, strict=True) if a != b]
        exact = positives - len(wrong)
        rows.append(Row(category, positives, exact, exact / max(1, exact + len(changed))))
        missed += [(category, sentence) for sentence in wrong]
    return Measurement(rows, missed, dict.fromkeys(HARD, each), changed)
