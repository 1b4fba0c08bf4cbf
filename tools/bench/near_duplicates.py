"""Near-duplicate search, text in, list of duplicates out: ncvc and rensa with the same n-grams and threshold."""

import json
import random
from pathlib import Path

THRESHOLD, NGRAM = 0.8, 5


def with_copies(texts: list[str]) -> list[str]:
    """The texts, with an edited copy of every tenth at the end: characters replaced, 0 to 6 in a hundred."""
    dice = random.Random(1)
    copies = []
    for text in texts[::10]:
        characters = list(text)
        for _ in range(int(len(text) * dice.uniform(0, 0.06))):
            characters[dice.randrange(len(characters))] = dice.choice(text)
        copies.append("".join(characters))
    return texts + copies


def ncvc_near_duplicates(path: Path, folder: Path, threads: int) -> list[int]:
    """Fingerprints, candidates, exact comparison."""
    import shutil

    import ncvc._native as native
    from ncvc.corpus.duplicates import DuplicatesConfig

    work = folder / "near"
    shutil.rmtree(work, ignore_errors=True)
    options = DuplicatesConfig(documents=False, sentences=False, near=THRESHOLD, ngram=NGRAM).model_dump_json()
    native.fingerprint_part(path, "text", options, work / "fingerprints")
    plan = native.Deduplication([(work / "fingerprints", path, "text")], options, work)
    plan.run(threads)
    return [row[0] for row in native.Decisions.read(plan.decisions(0)).dropped()]


def ngrams(text: str) -> set[str]:
    """The set of a text's n-grams."""
    return {text[i : i + NGRAM] for i in range(max(1, len(text) - NGRAM + 1))}


def rensa_near_duplicates(path: Path, folder: Path, threads: int) -> list[int]:
    """Its fastest way that sees the n-grams of Python strings: a matrix of digests, flags in one pass."""
    from rensa import RMinHash, RMinHashLSH

    with path.open(encoding="utf-8") as file:
        texts = ["".join(json.loads(line)["text"].split()) for line in file]
    index = RMinHashLSH(THRESHOLD, 96, 16)
    flags: list[bool] = []
    for start in range(0, len(texts), 1000):
        matrix = RMinHash.digest_matrix_from_token_sets(list(map(ngrams, texts[start : start + 1000])), 96, 42)
        flags += index.insert_matrix_and_query_duplicate_flags(matrix, start)
    return [number for number, flag in enumerate(flags) if flag]
