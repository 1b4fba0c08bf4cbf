"""Deduplication in a few lines of plain Python, to compare with."""

Place = tuple[int, int]
BLANKS = "▁ \n"


def grams(text: str, n: int) -> set[str]:
    """The n-grams of a text, or all of a shorter one."""
    text = "".join(c for c in text if c != "▁" and not c.isspace())
    return {text[i : i + n] for i in range(max(1, len(text) - n + 1))} if text else set()


def jaccard(a: set[str], b: set[str]) -> float:
    """The similarity of two sets."""
    return len(a & b) / len(a | b) if a or b else 0.0


def repeated_documents(parts: list[list[str]]) -> dict[Place, Place]:
    """Documents whose text occurred before, with the first."""
    first: dict[str, Place] = {}
    repeated = {}
    for p, texts in enumerate(parts):
        for d, text in enumerate(texts):
            earlier = first.setdefault(text, (p, d))
            if earlier != (p, d):
                repeated[p, d] = earlier
    return repeated


def near_duplicates(
    parts: list[list[str]], repeated: dict[Place, Place], threshold: float, n: int
) -> dict[Place, tuple[Place, float]]:
    """Documents that are near an earlier one that stays, with the most similar of these."""
    kept: list[tuple[Place, set[str]]] = []
    near = {}
    for p, texts in enumerate(parts):
        for d, text in enumerate(texts):
            if (p, d) in repeated:
                continue
            own = grams(text, n)
            alike = [(place, jaccard(own, other)) for place, other in kept]
            best = max(alike, key=lambda row: row[1], default=((0, 0), 0.0))
            if best[1] >= threshold:
                near[p, d] = best
            else:
                kept.append(((p, d), own))
    return near


def plain_sentences(text: str) -> list[str]:
    """Sentences of a text that has neither brackets nor blanks but line feeds: ended by 。 or a line feed."""
    text = text.replace("。", "。\0").replace("\n", "\n\0")
    rows = text.split("\0")
    joined: list[str] = []
    for row in rows:
        if joined and row and not row.strip(BLANKS):
            joined[-1] += row
        elif row:
            joined.append(row)
    return joined


def is_long(sentence: str, shortest: int) -> bool:
    """True for a sentence that can be lost."""
    return sum(c not in BLANKS for c in sentence) >= shortest


def repeated_sentences(
    parts: list[list[str]], dropped: set[Place], shortest: int, whole: frozenset[int] = frozenset()
) -> dict[Place, list[int]]:
    """Numbers of the sentences that occurred before in documents that stay; those of parts in `whole` take no part."""
    seen: set[str] = set()
    repeated: dict[Place, list[int]] = {}
    for p, texts in enumerate(parts):
        for d, text in enumerate(texts):
            if (p, d) in dropped or p in whole:
                continue
            for number, sentence in enumerate(plain_sentences(text)):
                sentence = sentence.strip(BLANKS)
                if is_long(sentence, shortest):
                    if sentence in seen:
                        repeated.setdefault((p, d), []).append(number)
                    seen.add(sentence)
    return repeated


def rest(text: str, removed: list[int]) -> str:
    """What is left of a text without some sentences; lines stay apart."""
    out = ""
    for number, sentence in enumerate(plain_sentences(text)):
        feeds = len(sentence) - len(sentence.rstrip("\n"))
        if number not in removed:
            out += sentence
        elif feeds and out:
            there = len(out) - len(out.rstrip("\n"))
            out = (out if there else out.rstrip(BLANKS)) + "\n" * max(0, feeds - there)
    return out.rstrip(BLANKS)


def dropped_rests(
    parts: list[list[str]], dropped: set[Place], repeated: dict[Place, list[int]], shortest: int, least: int
) -> dict[Place, Place | None]:
    """Documents dropped for what is left of them: too short (None), or the text of an earlier document.

    Only a rest without a sentence that can be lost is dropped: no document has lost a sentence to it.
    """
    out: dict[Place, Place | None] = {}
    texts: dict[str, list[Place]] = {}
    rests: dict[str, list[Place]] = {}
    for p, rows in enumerate(parts):
        for d, text in enumerate(rows):
            removed = repeated.get((p, d), [])
            pieces = plain_sentences(text)
            if (p, d) in dropped or len(removed) == len(pieces):
                continue
            left = rest(text, removed)
            if not removed:
                texts.setdefault(text, []).append((p, d))
            elif not any(is_long(s.strip(BLANKS), shortest) for n, s in enumerate(pieces) if n not in removed):
                if sum(c not in BLANKS for c in left) < least:
                    out[p, d] = None
                else:
                    rests.setdefault(left, []).append((p, d))
    for text, places in rests.items():
        first, *others = sorted(places + texts.get(text, []))
        out |= dict.fromkeys(others, first)
    return out
