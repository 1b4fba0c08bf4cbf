"""Measures the recognition of encodings on the shared corpora: the table of docs/preprocess.md.

    python tools/encodings_table.py [EVERY [LOCALES]]

Reads every EVERYth document (by default each) of the corpora, whole and cut to its first 50, 200 and 1,000 characters,
in every encoding in which it can be written. Prints, for each encoding and length, how many texts there were, how many
were refused and how many were read as other characters. LOCALES is a folder of translations (.mo) of programs, such as
/usr/share/vim or /usr/share/locale, whose messages in other languages are to be refused.
"""

import contextlib
import gettext
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import ncvc._native as native

ROOT = Path(__file__).parent.parent
CORPORA = ("general_ja", "medical_ja", "noisy_web")
LENGTHS = (50, 200, 1000, None)
READ = {
    "UTF-8": "utf-8",
    "UTF-8, mark": "utf-8-sig",
    "UTF-16, mark": "utf-16",
    "CP932": "cp932",
    "Shift_JIS": "shift_jis",
    "EUC-JP": "euc_jp",
    "ISO-2022-JP": "iso2022_jp",
}
"""Encodings of Japanese text → Python's codec."""
OTHERS = {
    "GB18030": ("gb18030", "zh_CN*"),
    "Big5": ("big5", "zh_TW*"),
    "EUC-KR": ("euc_kr", "ko*"),
    "windows-1251": ("cp1251", "ru*"),
}
"""Encodings of other languages → Python's codec, and the folders of translations into them."""
SAME = str.maketrans("〜‖−¢£¬—", "～∥－￠￡￢―")
"""JIS characters of which Python's tables and those of the Encoding Standard have different ones."""


def texts(shared: Path, every: int) -> Iterator[str]:
    """Yields the texts of every so-manieth document of the corpora."""
    import io
    import json

    import zstandard

    for name in CORPORA:
        with (shared / f"data/corpora/{name}.jsonl.zst").open("rb") as packed:
            raw = zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True)
            for number, line in enumerate(io.TextIOWrapper(raw, encoding="utf-8")):
                if number % every == 0:
                    yield json.loads(line)["text"]


def encoded(text: str, codec: str) -> bytes | None:
    """Writes a text, if it can be written so that it has characters beyond ASCII."""
    try:
        data = text.encode(codec)
    except UnicodeEncodeError:
        return None
    return None if text.isascii() else data


def measure(shared: Path, every: int) -> Counter[tuple[str, int | None, str]]:
    """Counts texts, refusals and wrong readings by encoding and length."""
    counts: Counter[tuple[str, int | None, str]] = Counter()
    for text in texts(shared, every):
        for length in LENGTHS:
            if length is not None and len(text) < length:
                continue
            piece = text[:length]
            for name, codec in READ.items():
                data = encoded(piece, codec)
                if data is None:
                    continue
                found = native.decode_text(data)
                counts[name, length, "texts"] += 1
                if found is None:
                    counts[name, length, "refused"] += 1
                elif found.translate(SAME) != piece.removeprefix("\ufeff").translate(SAME):
                    counts[name, length, "wrong"] += 1
    return counts


def messages(locales: Path, language: str) -> str:
    """Returns the translations into a language, a line each, those that are no more than half ASCII."""
    found: dict[str, None] = {}
    for path in sorted(locales.rglob(f"{language}/LC_MESSAGES/*.mo")):
        with path.open("rb") as file, contextlib.suppress(UnicodeDecodeError):
            translations = vars(gettext.GNUTranslations(file))["_catalog"].values()
            found |= dict.fromkeys(text for text in translations if sum(c < "\x80" for c in text) * 2 <= len(text))
    return "\n".join(found)


def measure_others(locales: Path) -> Iterator[tuple[str, int, int, int]]:
    """Yields encoding and length of texts in other languages, their number, and how many were read as something."""
    for name, (codec, language) in OTHERS.items():
        text = messages(locales, language)
        for length in (10, 20, *LENGTHS[:-1]):
            assert length is not None
            pieces = [encoded(text[at : at + length], codec) for at in range(0, len(text) - length, length)]
            written = [piece for piece in pieces if piece is not None]
            yield name, length, len(written), sum(native.decode_text(piece) is not None for piece in written)


def main() -> None:
    """Prints the tables."""
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    shared = Path(os.environ.get("NCVC_SHARED", ROOT.parent / "shared"))
    counts = measure(shared, every)
    print("| encoding | characters | texts | refused | other characters |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name in READ:
        for length in LENGTHS:
            row = [counts[name, length, kind] for kind in ("texts", "refused", "wrong")]
            print(f"| {name} | {length or 'whole'} | " + " | ".join(f"{count:,}" for count in row) + " |")

    if len(sys.argv) > 2:
        print("\n| encoding | characters | texts | read as Japanese |\n| --- | ---: | ---: | ---: |")
        for name, length, count, read in measure_others(Path(sys.argv[2])):
            print(f"| {name} | {length} | {count:,} | {read:,} |")


if __name__ == "__main__":
    main()
