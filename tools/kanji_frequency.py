"""Writes the table of how often kanji occur, by which the encoding of Japanese text is told.

    python tools/kanji_frequency.py > rust/core/src/source/kanji_frequency.txt

A kanji's probability is the sum, over the words of ipadic that hold it, of exp(-cost / 1500). A line has the kanji of
one rounded value of -log2 of it, and that value. With 1500 the table's cross-entropy on Japanese text is smallest,
10.5 bits a kanji, where counts of that text itself have 10.0.
"""

import math
from collections import defaultdict
from pathlib import Path

import ipadic
import numpy as np

TEMPERATURE = 1500
MOST_BITS = 20
HEADER = 72
"""Bytes of the header of sys.dic: ten numbers and the name of its character set."""


def words(dictionary: bytes) -> dict[str, list[int]]:
    """Returns surface → costs of the words of a compiled MeCab dictionary."""
    array_bytes, token_bytes = np.frombuffer(dictionary, "<u4", 2, 24).tolist()
    charset = dictionary[40:HEADER].rstrip(b"\0").decode()
    array = np.frombuffer(dictionary, "<i4,<u4", array_bytes // 8, HEADER)
    base, check = array["f0"].tolist(), array["f1"].tolist()
    costs = np.frombuffer(dictionary, "<i2", token_bytes // 2, HEADER + array_bytes)[3::8].tolist()
    found = {}
    left = [(base[0], b"")]
    while left:
        node, surface = left.pop()
        if check[node] == node and base[node] < 0:
            first, count = divmod(-base[node] - 1, 256)
            found[surface.decode(charset)] = costs[first : first + count]
        for byte in range(min(256, len(base) - node - 1)):
            if check[node + byte + 1] == node:
                left.append((base[node + byte + 1], surface + bytes([byte])))
    return found


def main() -> None:
    """Prints the table."""
    weights: dict[str, float] = defaultdict(float)
    for surface, costs in words((Path(ipadic.DICDIR) / "sys.dic").read_bytes()).items():
        for character in surface:
            if "一" <= character <= "鿿" or character in "々〆":
                weights[character] += sum(math.exp(-cost / TEMPERATURE) for cost in costs)
    total = sum(weights.values())
    classes: dict[int, list[str]] = defaultdict(list)
    for character, weight in weights.items():
        classes[min(MOST_BITS, round(-math.log2(weight / total)))].append(character)
    for bits, characters in sorted(classes.items()):
        print(bits, "".join(sorted(characters)))


if __name__ == "__main__":
    main()
