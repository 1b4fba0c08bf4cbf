"""Writes raised characters as the superscripts of Unicode, so that 10 with a raised 3 is 10³ and not 103."""

RAISED = str.maketrans("0123456789+-−()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿⁱ")


def superscript(text: str) -> str:
    """Returns raised text as superscripts; as it is where Unicode lacks one of them."""
    stripped = text.strip()
    return text.translate(RAISED) if stripped and all(ord(character) in RAISED for character in stripped) else text
