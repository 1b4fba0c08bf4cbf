"""Takes out of answers what no text has: control characters, and the commands to a terminal that begin with one."""

import re

_BREAK = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_COMMAND = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
"""CSI and OSC of ECMA-48, 5.4 and 8.3.89, whole."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


def plain(text: str) -> str:
    """Returns a text without control characters; line feeds and tabs stay, other ends of lines become line feeds."""
    return _CONTROL.sub("", _COMMAND.sub("", _BREAK.sub("\n", text)))
