"""Writes rust/core/src/clean/kanji.txt: every kanji of JIS X 0208 and 0213 after NFKC, in order.

Run once, `python tools/jis_kanji.py`; the codec of Python's standard library is the source.
"""

import unicodedata
from pathlib import Path

TABLE = Path(__file__).parent.parent / "rust/core/src/clean/kanji.txt"


def jis_characters() -> set[str]:
    """Every character that Shift_JIS-2004 can write (EUC-JIS-2004's codec has JIS X 0212 as well)."""
    codes = [bytes([lead, trail]) for lead in range(0x81, 0xFD) for trail in range(0x40, 0xFD)]
    return {code.decode("shift_jis_2004", errors="ignore") for code in codes}


def kanji() -> list[str]:
    """Kanji of the standard, as NFKC leaves them."""
    found = {unicodedata.normalize("NFKC", c) for c in jis_characters() if len(c) == 1}
    return sorted(c for c in found if len(c) == 1 and unicodedata.name(c, "").startswith("CJK"))


def main() -> None:
    """Writes the table, 64 to a line."""
    table = kanji()
    lines = ["".join(table[i : i + 64]) for i in range(0, len(table), 64)]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{TABLE}: {len(table)} kanji")


if __name__ == "__main__":
    main()
