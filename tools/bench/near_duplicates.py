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


def rensa_near_duplicates(path: Path, folder: Path, threads: int) -> list[int]:
    """Its fastest way: n-grams hashed by numpy, a matrix of digests, candidates flagged in one pass.

    Sets of Python strings instead take four times as long.
    """
    import numpy as np
    from rensa import RMinHash, RMinHashLSH

    def hashes(text: str) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        characters = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
        characters = np.pad(characters, (0, max(0, NGRAM - len(characters))))
        hashed = np.zeros(len(characters) - NGRAM + 1, dtype=np.uint64)
        for offset in range(NGRAM):
            hashed = hashed * np.uint64(0x9FB21C651E98DF25) + characters[offset : offset + len(hashed)]
        hashed = (hashed ^ (hashed >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
        return hashed ^ (hashed >> np.uint64(32))

    with path.open(encoding="utf-8") as file:
        texts = ["".join(json.loads(line)["text"].split()) for line in file]
    index = RMinHashLSH(THRESHOLD, 96, 16)
    flags: list[bool] = []
    for start in range(0, len(texts), 1000):
        rows = [hashes(text) for text in texts[start : start + 1000]]
        ends = np.cumsum([0, *map(len, rows)]).tolist()
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(np.concatenate(rows).tolist(), ends, 96, 42)
        flags += index.insert_matrix_and_query_duplicate_flags(matrix, start)
    return [number for number, flag in enumerate(flags) if flag]
