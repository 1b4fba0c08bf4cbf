"""Compares what two JSON values say of a run: the settings and hashes that its bytes depend on."""

import json
from collections.abc import Iterator, Set
from typing import Any

LONGEST = 60
"""Characters of a value that are shown."""


def differences(before: Any, now: Any, free: Set[str] = frozenset(), name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yields dotted name, old and new value of each difference, in the order of the keys.

    Sections are compared key by key, lists of one length item by item; a key that is missing counts as null. Names in
    `free` may differ, with all that is below them.
    """
    if name in free:
        return
    if (isinstance(before, dict) and isinstance(now, dict | None)) or (before is None and isinstance(now, dict)):
        old, new = before or {}, now or {}
        for key in dict.fromkeys([*old, *new]):
            yield from differences(old.get(key), new.get(key), free, f"{name}.{key}" if name else key)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, (old, new) in enumerate(zip(before, now, strict=True)):
            yield from differences(old, new, free, f"{name}.{number}")
    elif before != now:
        yield name, before, now


def first_difference(before: Any, now: Any, free: Set[str] = frozenset()) -> str | None:
    """Says the first of `differences` in a clause; None if there is none."""
    found = next(differences(before, now, free), None)
    return None if found is None else describe(*found)


def describe(name: str, old: Any, new: Any) -> str:
    """Says one of `differences` in a clause."""
    return f"{name.removeprefix('config.')} was {_brief(old)} and is {_brief(new)}"


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "…"
