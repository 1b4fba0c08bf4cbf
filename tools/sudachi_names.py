"""Writes names that ipadic lacks and SudachiDict has: `python tools/sudachi_names.py DICTIONARY FEW MANY`.

DICTIONARY is `sudachidict_core/resources/system.dic` of the package sudachidict-core 20240716 (Apache licence 2.0),
the last in Sudachi's first format. Kept are surnames (名詞,固有名詞,人名,姓) and given names (…,名) in kanji that
ipadic does not have, made of characters with which two of its surnames at least begin or end, or of those of its
given names. Two characters that are no name mostly are parts of other words (日後, 上壁): what occurs in FEW, text of
medicine without persons, or more than MOST times in MANY, any other text, is left out. `tools/name_words.py` packs
them.

Packed with zlib: the surnames, a line each, an empty line, and the given names.
"""

import struct
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import ipadic
import name_words

SURNAMES, GIVEN = "姓", "名"
HEADER = 272
# Lengths in characters: longer ones are names of artists and of houses.
LENGTHS = range(2, 5)
LONGEST_GIVEN = 3
# The fewest surnames of ipadic that begin, or end, with the character of one that it lacks.
LEAST_ALIKE = 2
# The most occurrences of a rare name in other text.
MOST = 5


class Dictionary:
    """A dictionary of Sudachi's first format, read in order."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, HEADER

    def take(self, form: str) -> tuple[int, ...]:
        """Takes numbers."""
        numbers = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return numbers

    def length(self) -> int:
        """Takes the length of a string: one byte, or two from 128 on."""
        (first,) = self.take("<B")
        return (first & 127) << 8 | self.take("<B")[0] if first > 127 else first

    def text(self) -> str:
        """Takes a string."""
        length = self.length()
        start, self.at = self.at, self.at + 2 * length
        return self.data[start : self.at].decode("utf-16-le")

    def words(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yields the words with their parts of speech."""
        (count,) = self.take("<H")
        parts = [tuple(self.text() for _ in range(6)) for _ in range(count)]
        left, right = self.take("<HH")
        self.at += 2 * left * right
        for size in (4, 1):
            (count,) = self.take("<I")
            self.at += size * count
        (count,) = self.take("<I")
        self.at += 6 * count
        for offset in self.take(f"<{count}I"):
            self.at = offset
            surface = self.text()
            self.length()
            yield surface, parts[self.take("<H")[0]]


def names(path: Path) -> dict[str, list[str]]:
    """Surnames and given names that ipadic lacks, in order."""
    known: set[str] = set()
    ends: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    of_given: Counter[str] = Counter()
    for row in name_words.readings(Path(ipadic.DICDIR)):
        features = row.features.split(",")
        known.add(row.surface)
        if features[2:4] == ["人名", SURNAMES] and len(row.surface) > 1:
            ends[0][row.surface[0]] += 1
            ends[1][row.surface[-1]] += 1
        elif features[2:4] == ["人名", GIVEN]:
            of_given.update(row.surface)
    found: dict[str, set[str]] = {SURNAMES: set(), GIVEN: set()}
    for surface, part in Dictionary(path.read_bytes()).words():
        if part[2] != "人名" or part[3] not in found or not name_words.KANJI.fullmatch(surface):
            continue
        surname = part[3] == SURNAMES and len(surface) in LENGTHS and surface not in known
        alike = ends[0][surface[0]] >= LEAST_ALIKE and ends[1][surface[-1]] >= LEAST_ALIKE
        given = part[3] == GIVEN and 2 <= len(surface) <= LONGEST_GIVEN and surface not in known
        if (surname and alike) or (given and all(of_given[c] for c in surface)):
            found[part[3]].add(surface)
    return {kind: sorted(of_kind) for kind, of_kind in found.items()}


def occurrences(path: Path, names: set[str]) -> Counter[str]:
    """Counts the names in a file of text."""
    found: Counter[str] = Counter()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            for n in LENGTHS:
                found.update(filter(names.__contains__, (line[i : i + n] for i in range(len(line) - n + 1))))
    return found


def main() -> None:
    """Writes both lists."""
    dictionary, few, many = map(Path, sys.argv[1:])
    found = names(dictionary)
    every = {name for of_kind in found.values() for name in of_kind}
    common = {name for name, n in occurrences(many, every).items() if n > MOST} | occurrences(few, every).keys()
    text = "\n\n".join("\n".join(n for n in of_kind if n not in common) for of_kind in found.values())
    (name_words.FOLDER / "sudachi.bin").write_bytes(zlib.compress(text.encode(), 9))


if __name__ == "__main__":
    main()
