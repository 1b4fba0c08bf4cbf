"""Writes the names that ipadic lacks and UniDic has, beside the clinical names rule: `python tools/unidic_names.py`.

They are the surnames (名詞,固有名詞,人名,姓) and given names (…,名) of the package unidic-lite (UniDic 2.1.2,
BSD licence) in kanji alone that ipadic does not have as a word of another kind, and how the
surnames are read where ipadic has no such reading. `tools/name_words.py` packs them.
"""

from collections import defaultdict
from pathlib import Path

import ipadic
import name_words
import unidic_lite

# The number of features that come before the reading in kana of a lemma.
LEMMA_READING = 6
# Words a line.
WIDTH = 100
SURNAMES, GIVEN = "姓", "名"
HEADS = {
    "unidic_surnames": "Surnames of UniDic that ipadic lacks, or has as places and organisations alone.",
    "unidic_given": "Given names of UniDic that ipadic lacks.",
    "unidic_surnames_read": "Readings of surnames of UniDic that ipadic lacks.",
}
# The shortest reading, in characters: shorter ones are other words too.
SHORTEST = 3


def kinds(folder: Path) -> tuple[dict[str, set[str]], set[str]]:
    """Parts of speech of every surface of ipadic, and the readings of its surnames."""
    of_surface: dict[str, set[str]] = defaultdict(set)
    read: set[str] = set()
    for row in name_words.readings(folder):
        features = row.features.split(",")
        of_surface[row.surface].add(",".join(features[:4]))
        if features[2:4] == ["人名", SURNAMES]:
            read.add(features[7])
    return of_surface, read


def names(folder: Path) -> dict[str, dict[str, set[str]]]:
    """Surnames and given names of UniDic with their readings."""
    found: dict[str, dict[str, set[str]]] = {SURNAMES: defaultdict(set), GIVEN: defaultdict(set)}
    for row in name_words.readings(folder):
        features = row.features.split(",")
        if features[1:3] == ["固有名詞", "人名"] and features[3] in found:
            found[features[3]][row.surface].add(features[LEMMA_READING])
    return found


def write(name: str, words: list[str]) -> None:
    """Writes a list, its words in order."""
    lines, line = [f"# {HEADS[name]}"], ""
    for word in sorted(words):
        if len(line) + len(word) > WIDTH:
            lines.append(line.rstrip())
            line = ""
        line += f"{word} "
    path = name_words.FOLDER / f"lists/{name}.txt"
    path.write_text("\n".join([*lines, line.rstrip()]) + "\n", encoding="utf-8")


def main() -> None:
    """Writes the three lists."""
    known, read = kinds(Path(ipadic.DICDIR))
    found = names(Path(unidic_lite.DICDIR))
    proper = {"名詞,固有名詞,地域,一般", "名詞,固有名詞,組織,*", "名詞,固有名詞,一般,*", "名詞,固有名詞,人名,名"}
    surnames = [w for w in found[SURNAMES] if name_words.KANJI.fullmatch(w) and known.get(w, set()) <= proper]
    given = [w for w in found[GIVEN] if len(w) > 1 and name_words.KANJI.fullmatch(w) and w not in known]
    write("unidic_surnames", surnames)
    write("unidic_given", given)
    in_kanji = {r for w, of_word in found[SURNAMES].items() if name_words.KANJI.fullmatch(w) for r in of_word}
    fits = [r for r in in_kanji - read if len(r) >= SHORTEST and name_words.READING.fullmatch(r)]
    write("unidic_surnames_read", fits)


if __name__ == "__main__":
    main()
