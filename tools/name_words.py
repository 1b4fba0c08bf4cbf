"""Writes the words among which the clinical names rule looks for names: `python tools/name_words.py`.

They are those of the package ipadic (the dictionary of MeCab, compiled) that are written in kanji alone, and its nouns
in kana alone, with MeCab's costs, and names that it lacks, from the lists beside the rule (those of UniDic among them,
which `tools/unidic_names.py` writes) and those of SudachiDict (`tools/sudachi_names.py`). The engine carries them, so
names are found without a dictionary at hand. Kanji that have a usual form are written in it.

Packed with zlib: the number of word classes and MeCab's id of each; their connection costs, one row for each class on
the left; for each surface in order of code points the number of bytes it shares with the one before, its further bytes
behind their number, and the number of its readings, each a class and a cost. Numbers are little-endian.

A second file has how names are read: the readings of surnames in katakana, a line each, an empty line, and those of
given names.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import ipadic

FOLDER = Path(__file__).parent.parent / "rust/core/src/clean/clinical/names"
TARGET = FOLDER / "words.bin"
READINGS = FOLDER / "readings.bin"

KANJI = re.compile("[\u3400-\u9fff々〆][\u3400-\u9fff々〆ヶケノ]*")
KANA = re.compile("[ぁ-ん]+ー?|[ァ-ヺー]+")
# Longer names of places and organisations are made of shorter words, which the lattice joins.
LONGEST = 5
# The id of the beginning and the end of a sentence.
OUTER = 0
# Lists of further names with their class and their costs by length: those of rare names in ipadic; a single character
# costs more than any other reading of it.
LISTS = {
    "surnames": (1290, (12000, 8500, 7500)),
    "given": (1291, (12000, 8500, 7500)),
    "foreign": (1289, (8000,) * 3),
    "unidic_surnames": (1290, (12000, 9000, 8500)),
    "unidic_given": (1291, (12000, 9000, 8500)),
}
# The same for the names of SudachiDict, which are two or three characters long and many: the rarest.
SUDACHI = {1290: (10000, 9500), 1291: (9500, 9000)}
# The least cost that a name of a list has above its surface as a place or an organisation.
ABOVE_PLACE = 500
# Readings of names: long enough to tell a name from a particle.
READING = re.compile("[ァ-ヺー]{2,8}")


class Reading(NamedTuple):
    """One row of the dictionary."""

    surface: str
    left: int
    right: int
    cost: int
    features: str


def keys(units: list[tuple[int, int]]) -> Iterator[tuple[bytes, int]]:
    """Lists keys and values of a Darts double array from its leaves up (darts.h of MeCab 0.996)."""
    unit_of_base = {base: at for at, (base, _) in enumerate(units) if base > 0}
    for leaf, (base, check) in enumerate(units):
        if base >= 0 or check != leaf:
            continue
        key, node = bytearray(), leaf
        while (unit := unit_of_base[node]) != 0:
            parent = units[unit][1]
            key.append(unit - parent - 1)
            node = parent
        yield bytes(reversed(key)), -base - 1


def readings(folder: Path) -> Iterator[Reading]:
    """Reads all rows of a compiled dictionary."""
    data = (folder / "sys.dic").read_bytes()
    _, _, _, _, _, _, array, tokens, _, _ = struct.unpack_from("<10I", data)
    at = 72
    units = list(struct.iter_unpack("<iI", data[at : at + array]))
    features = at + array + tokens
    for key, value in keys(units):
        surface = key.decode()
        for i in range(value >> 8, (value >> 8) + (value & 255)):
            left, right, _, cost, feature, _ = struct.unpack_from("<HHHhII", data, at + array + 16 * i)
            start = features + feature
            yield Reading(surface, left, right, cost, data[start : data.index(0, start)].decode())


def is_kept(row: Reading) -> bool:
    """Tells whether a name may be, or overlap, this word."""
    proper = row.features.startswith("名詞,固有名詞") and ",人名," not in row.features
    if proper and len(row.surface) > LONGEST:
        return False
    noun = row.features.startswith("名詞") and KANA.fullmatch(row.surface) and len(row.surface) > 1
    return bool(KANJI.fullmatch(row.surface) or noun) and row.left == row.right


def connections(folder: Path, classes: list[int]) -> bytes:
    """Packs the connection costs between the classes."""
    data = (folder / "matrix.bin").read_bytes()
    left_size, _ = struct.unpack_from("<HH", data)
    costs = [struct.unpack_from("<h", data, 4 + 2 * (a + left_size * b))[0] for a in classes for b in classes]
    return struct.pack(f"<{len(costs)}h", *costs)


def listed(name: str) -> Iterator[str]:
    """Yields the words of a list."""
    for line in (FOLDER / f"lists/{name}.txt").read_text(encoding="utf-8").splitlines():
        yield from () if line.startswith("#") else line.split()


def further() -> Iterator[tuple[str, int, int]]:
    """Yields names of the lists: surface, class and cost."""
    for name, (id_, costs) in LISTS.items():
        for word in listed(name):
            if len(word) > 1 or name != "foreign":
                yield word, id_, costs[min(len(word), len(costs)) - 1]
    packed = zlib.decompress((FOLDER / "sudachi.bin").read_bytes()).decode()
    for (id_, costs), of_kind in zip(SUDACHI.items(), packed.split("\n\n"), strict=True):
        yield from ((word, id_, costs[len(word) > len(costs)]) for word in of_kind.splitlines())


def words(folder: Path) -> bytes:
    """Returns the words unpacked."""
    usual = str.maketrans({word[0]: word[1] for word in listed("variants")})
    costs: dict[str, dict[int, int]] = {}
    for row in filter(is_kept, readings(folder)):
        of_surface = costs.setdefault(row.surface.translate(usual), {})
        of_surface[row.left] = min(row.cost, of_surface.get(row.left, row.cost))
    for surface, id_, cost in further():
        of_surface = costs.setdefault(surface.translate(usual), {})
        of_surface.setdefault(id_, max([cost, *(other + ABOVE_PLACE for other in of_surface.values())]))
    classes = [OUTER, *sorted({i for of_surface in costs.values() for i in of_surface})]
    number = {i: n for n, i in enumerate(classes)}
    out = bytearray(struct.pack(f"<H{len(classes)}H", len(classes), *classes))
    out += connections(folder, classes)
    before = b""
    for surface, of_surface in sorted((s.encode(), c) for s, c in costs.items()):
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, surface, strict=False)))
        rest = surface[shared:]
        out += bytes([shared, len(rest)]) + rest + bytes([len(of_surface)])
        for left, cost in sorted(of_surface.items()):
            out += struct.pack("<Bh", number[left], cost)
        before = surface
    return bytes(out)


def name_readings(folder: Path) -> bytes:
    """Returns the readings of surnames and of given names unpacked."""
    read: dict[str, set[str]] = {"姓": set(), "名": set()}
    for row in readings(folder):
        features = row.features.split(",")
        if features[2] == "人名" and features[3] in read and READING.fullmatch(features[7]):
            read[features[3]].add(features[7])
    read["姓"].update(listed("unidic_surnames_read"), listed("surnames_read"))
    return "\n\n".join("\n".join(sorted(of_kind)) for of_kind in read.values()).encode()


if __name__ == "__main__":
    READINGS.write_bytes(zlib.compress(name_readings(Path(ipadic.DICDIR)), 9))
    TARGET.write_bytes(zlib.compress(words(Path(ipadic.DICDIR)), 9))
