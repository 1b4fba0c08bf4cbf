"""Writes rust/core/src/clean/kanji.txt: every kanji that cleaned text may hold, after NFKC, in order.

Run once, `python tools/jis_kanji.py`. Kanji are those of JIS X 0208 and 0213 and of CP932 (the codecs of Python's
standard library are the source), those that radicals stand for, and a few of names and medicine that no standard has.
"""

import unicodedata
from pathlib import Path

RULES = Path(__file__).parent.parent / "rust/core/src/clean"
TABLE = RULES / "kanji.txt"
RADICALS = RULES / "radicals.txt"

FURTHER = "𠮷𡈽𣘺彥內產戶髂胬肽腘"
"""Kanji of names (𠮷田, 𡈽屋, 髙𣘺, 彥, 內藤) and of medical texts (髂骨, 胬肉) that none of the standards has."""


def characters(codec: str) -> set[str]:
    """Every character that a double-byte codec of the Shift_JIS family can write."""
    codes = [bytes([lead, trail]) for lead in range(0x81, 0xFD) for trail in range(0x40, 0xFD)]
    return {code.decode(codec, errors="ignore") for code in codes}


def kanji() -> list[str]:
    """Kanji of the standards, as NFKC leaves them."""
    radicals = [line.split()[1] for line in RADICALS.read_text(encoding="utf-8").splitlines()]
    kangxi = map(chr, range(0x2F00, 0x2FD6))
    # EUC-JIS-2004's codec has JIS X 0212 as well, so Shift_JIS-2004's is taken.
    written = characters("shift_jis_2004") | characters("cp932") | {*FURTHER, *radicals, *kangxi}
    found = {unicodedata.normalize("NFKC", c) for c in written if len(c) == 1}
    # What NFKC keeps of the compatibility ideographs is unified too (﨑).
    kinds = ("CJK UNIFIED", "CJK COMPATIBILITY")
    return sorted(c for c in found if len(c) == 1 and unicodedata.name(c, "").startswith(kinds))


def main() -> None:
    """Writes the table, 64 to a line."""
    table = kanji()
    lines = ["".join(table[i : i + 64]) for i in range(0, len(table), 64)]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{TABLE}: {len(table)} kanji")


if __name__ == "__main__":
    main()
