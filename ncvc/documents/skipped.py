"""Names the files that no reader takes by kind, each with the way to make it readable."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from ncvc.printable import printable
from ncvc.utf8 import is_utf8

PACKED = {".gz", ".bz2", ".zst", ".xz"}
"""Suffixes that tell the kind together with the one before, as in `.html.gz`."""

FIELDS = 'write its texts as JSON lines, {"text": …}, or as CSV: XML, FHIR, HL7 and databases hold fields, not a text'
WORD = "save it as .docx"
UNPACK = "unpack it"
RECOGNISE = "recognise its text with OCR"
ADVICE = {
    **dict.fromkeys((".xml", ".cda", ".fhir", ".hl7", ".mml", ".db", ".sqlite", ".mdb", ".accdb", ".dcm"), FIELDS),
    **dict.fromkeys((".doc", ".rtf", ".odt", ".jtd", ".wpd", ".pages"), WORD),
    **dict.fromkeys((".ppt", ".pptx", ".key", ".odp", ".xdw", ".ps", ".epub"), "save it as PDF"),
    **dict.fromkeys((".ods", ".numbers", ".fods"), "save it as .xlsx"),
    **dict.fromkeys((".zip", ".7z", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".rar", ".lzh", ".lha"), UNPACK),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".heic"), RECOGNISE),
    **dict.fromkeys((".eml", ".msg", ".pst", ".mbox"), "save the messages as text"),
    "broken link": "mend the link",
    "no regular file": "take it away",
    "name that is not UTF-8": "rename it",
}
"""Kind → what to do."""
OTHERWISE = "if it holds plain text, name it in a source with `format: text`"


def kind_of(path: Path) -> str:
    """Returns the kind of a file: its suffix in lower case, or words for what has none."""
    if path.is_symlink() and not path.exists():
        return "broken link"
    if not path.is_file():
        return "no regular file"
    if not has_utf8_name(path):
        return "name that is not UTF-8"
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if len(suffixes) > 1 and suffixes[-1] in PACKED:
        return "".join(suffixes[-2:])
    return suffixes[-1] if suffixes else "no suffix"


def has_utf8_name(path: Path) -> bool:
    """Tests for a name that records and reports, which are UTF-8, can hold."""
    return is_utf8(str(path))


def by_kind(paths: Iterable[Path]) -> dict[str, list[Path]]:
    """Groups files by kind, the most frequent first."""
    kinds: defaultdict[str, list[Path]] = defaultdict(list)
    for path in paths:
        kinds[kind_of(path)].append(path)
    return dict(sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0])))


def described(paths: Iterable[Path]) -> str:
    """Describes files in words: how many of which kind, one of each by name, and what to do."""
    return "; ".join(
        f"{len(found):,} {kind}, such as {printable(found[0].name)} ({_advice(kind)})"
        for kind, found in by_kind(paths).items()
    )


def _advice(kind: str) -> str:
    """Returns what to do with files of a kind."""
    inner, _, last = kind.rpartition(".")
    # Readers unpack these themselves, so that a file of a known kind is not read packed or unpacked.
    otherwise = ADVICE.get(inner, UNPACK) if f".{last}" in PACKED else OTHERWISE
    return ADVICE.get(kind, otherwise)
