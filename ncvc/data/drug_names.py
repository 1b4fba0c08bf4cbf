"""Takes the names of drugs apart: maker, brand, form and strength; ingredient and salt."""

import re
from functools import cache
from pathlib import Path

_DIGIT = re.compile(r"\d")
_MAKER = re.compile(r"[「(\[][^」)\]]*[」)\]]")


def without_maker(name: str) -> str:
    """Returns a name without the maker in brackets: セファゾリンNa注射用1g「会社」 → セファゾリンNa注射用1g."""
    return " ".join(_MAKER.sub("", name).split()) or name


def drug_stem(name: str) -> str:
    """Returns the brand of a drug's name without maker, form and strength: ユーロジン錠2mg → ユーロジン."""
    stem = _DIGIT.split(_MAKER.sub("", name), maxsplit=1)[0].strip()
    return _without("drug_forms.txt", stem) or name


def without_salt(ingredient: str) -> str:
    """Returns an ingredient without its salt: セファゾリンナトリウム水和物 → セファゾリン."""
    return _without("drug_salts.txt", ingredient)


def _without(list_name: str, name: str) -> str:
    """Removes ends of a name that are in a list, as long as something is left of it."""
    ends = _ends(list_name)
    while (end := next((each for each in ends if name.endswith(each)), None)) and len(name) > len(end) + 1:
        name = name.removesuffix(end)
    return name


@cache
def _ends(list_name: str) -> tuple[str, ...]:
    lines = Path(__file__).with_name(list_name).read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if not line.startswith("#"))
