"""Recall and precision of near-duplicate pairs, against every pair's similarity."""

import json
import random
from pathlib import Path

import pytest

from tests.dedup.reference import grams, jaccard
from tests.dedup.run import run
from tests.dedup.templates import KANA, pages


def edited(text: str, similarity: float, dice: random.Random) -> str:
    """A text whose 5-grams have about this similarity with the other's: replaced, missing and added characters."""
    want, characters = grams(text, 5), list(text)
    while jaccard(want, grams("".join(characters), 5)) > similarity:
        at = dice.randrange(len(characters))
        kind = dice.randrange(3)
        characters[at : at + (kind > 0)] = [dice.choice(KANA)] if kind < 2 else []
    return "".join(characters)


def constructed(count: int, lengths: tuple[int, ...]) -> list[tuple[str, str]]:
    """Texts and their edited copies, from 0.6 to 1.0."""
    dice = random.Random(7)
    rows = []
    for number in range(count):
        text = "".join(dice.choices(KANA, k=lengths[number % len(lengths)]))
        rows.append((text, edited(text, dice.uniform(0.6, 1.0), dice)))
    return rows


def test_constructed_pairs_are_found(tmp_path: Path) -> None:
    rows = constructed(600, (30, 100, 400, 800))
    true = {n for n, (a, b) in enumerate(rows) if a != b and jaccard(grams(a, 5), grams(b, 5)) >= 0.8}
    parts = [[a for a, _ in rows], [b for _, b in rows]]
    dropped = run(tmp_path, parts, near=0.8, sentences=False)[1].dropped()
    found = {row[0] for row in dropped if row[1] == "near_duplicate_document"}
    assert all(row[2] == (0, row[0]) for row in dropped)
    recall, precision = len(found & true) / len(true), len(found & true) / len(found)
    print(f"constructed: {len(true)} pairs, recall {recall:.4f}, precision {precision:.4f}")
    assert recall >= 0.95
    assert precision >= 0.95


@pytest.mark.parametrize("own", [(0.12, 0.12), (0.2, 0.2), (0.05, 0.4)])
def test_pages_of_a_template_are_found(tmp_path: Path, own: tuple[float, float]) -> None:
    """Most bands are those of the template, and too many pages share them to compare all."""
    texts = pages(500, 400, own)
    sets = [grams(text, 5) for text in texts]
    dropped = run(tmp_path, [texts], near=0.8, documents=False, sentences=False)[0].dropped()
    found = {row[0]: row[3] for row in dropped}
    missed, best = 0, 0
    for number, page in enumerate(sets):
        kept = (other for other in range(number) if other not in found)
        similarity = max((jaccard(page, sets[other]) for other in kept), default=0.0)
        missed += number not in found and similarity >= 0.8
        best += number in found and found[number] == similarity
    recall, named = len(found) / (len(found) + missed), best / len(found)
    print(f"{own}: {len(found) + missed} near, recall {recall:.4f}, most similar named {named:.4f}")
    assert recall >= 0.99
    assert named >= 0.95


@pytest.mark.parametrize("name", ["noisy_web", "medical_ja"])
def test_shared_corpora(shared: Path, tmp_path: Path, name: str) -> None:
    import zstandard

    with (shared / f"corpora/{name}.jsonl.zst").open("rb") as packed:
        raw = zstandard.ZstdDecompressor().stream_reader(packed).read()
    texts = list(dict.fromkeys(json.loads(line)["text"] for line in raw.splitlines()))[:800]
    dice = random.Random(3)
    # A copy with edits of every second, so that there is something to find.
    texts += [edited(text, dice.uniform(0.7, 0.95), dice) for text in texts[::2] if 20 < len(text) < 800]
    sets = [grams(text, 5) for text in texts]
    holders: dict[str, list[int]] = {}
    pairs: dict[tuple[int, int], int] = {}
    for number, own in enumerate(sets):
        for gram in own:
            for other in holders.setdefault(gram, []):
                pairs[other, number] = pairs.get((other, number), 0) + 1
            holders[gram].append(number)
    alike = {pair for pair, n in pairs.items() if n / (len(sets[pair[0]]) + len(sets[pair[1]]) - n) >= 0.8}
    true = {later for _, later in alike}
    dropped = run(tmp_path, [texts], near=0.8, sentences=False)[0].dropped()
    found = {row[0] for row in dropped}
    assert all((row[2][1], row[0]) in alike for row in dropped if row[2])
    # A document near only to dropped ones stays, as documented: these are no misses.
    reachable = {later for earlier, later in alike if earlier not in found}
    recall, precision = len(found & reachable) / len(reachable), len(found & true) / len(found)
    print(f"{name}: {len(texts)} documents, {len(true)} near, recall {recall:.4f}, precision {precision:.4f}")
    assert recall >= 0.95
    assert precision >= 0.95
    assert len(true) > 50
