"""Tells text that UTF-8 can hold from text that it cannot."""

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


def is_utf8(text: str) -> bool:
    """Tells whether UTF-8 can hold a text: not half of a surrogate pair, which Python makes of stray bytes too."""
    return not _SURROGATE.search(text)
