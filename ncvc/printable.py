"""Makes text safe for a terminal: the names of files may hold any character but / and NUL."""

import re

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Control characters, invisible ones, those that turn the direction of text, and bytes that are not UTF-8."""
SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    r"""Returns one line in which `CONTROLS` are escaped as Python would: \n, \x1b, \u202e; a stray byte as \xff."""
    return CONTROLS.sub(lambda match: _escape(match[0]), text)


def printable_json(text: str) -> str:
    r"""Returns JSON in which `CONTROLS` inside of strings are escaped as \uXXXX."""
    return CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}" if match[0] != "\n" else "\n", text)


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # os.fsdecode's form of a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
