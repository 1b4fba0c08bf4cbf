"""Tells text that UTF-8 can hold from text that it cannot."""

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


def is_utf8(text: str) -> bool:
    """Tells whether UTF-8 can hold a text: not half of a surrogate pair, which Python makes of stray bytes too."""
    return not _SURROGATE.search(text)


def whole_characters(text: str) -> str:
    """Returns a text with U+FFFD for each half of a surrogate pair that stands alone, as the corpus pass reads JSON."""
    return _SURROGATE.sub("\ufffd", text)
