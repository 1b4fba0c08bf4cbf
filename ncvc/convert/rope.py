"""RoPE of a `config.json`: what of it can be read, and what is refused by name; needs no transformers.

transformers 4 wrote `rope_theta` and, where the frequencies are scaled, `rope_scaling`; transformers 5 writes both into
`rope_parameters` and reads all three, the last one first.
"""

from pathlib import Path
from typing import Any

from ncvc.errors import ConvertError

READ = ("default",)
"""Values of `rope_type` that `ModelConfig` can express; any other one is refused."""
SECTIONS = ("rope_parameters", "rope_scaling")
DEFAULT_BASE = 10000.0


def require_plain_rope(path: Path, config: dict[str, Any]) -> None:
    """Raises `ConvertError` where the `config.json` at `path` asks for other frequencies than `READ`'s."""
    for section in SECTIONS:
        rope = config.get(section) or {}
        if not isinstance(rope, dict) or any(isinstance(value, dict) for value in rope.values()):
            raise ConvertError(f"{path}: {section} is not one set of RoPE's settings; such a model cannot be read")
        kinds = [rope[name] for name in ("rope_type", "type") if name in rope]
        for kind in kinds or ["default"]:
            if kind not in READ:
                raise ConvertError(
                    f"{path}: {section}: RoPE of type {kind!r}; only models with {' or '.join(map(repr, READ))} can be"
                    " read"
                )
    for settings in (config, *(config.get(section) or {} for section in SECTIONS)):
        if (part := settings.get("partial_rotary_factor")) not in (None, 1, 1.0):
            raise ConvertError(
                f"{path}: partial_rotary_factor is {part}; only models whose whole heads turn can be read"
            )
    rotary_base(path, config)


def rotary_base(path: Path, config: dict[str, Any]) -> int:
    """RoPE's base; raises `ConvertError` where two members contradict each other, or it is no whole number."""
    places = {f"{section}.rope_theta": (config.get(section) or {}).get("rope_theta") for section in SECTIONS}
    stated = {
        name: base for name, base in {"rope_theta": config.get("rope_theta"), **places}.items() if base is not None
    }
    for name, base in stated.items():
        if not isinstance(base, int | float) or base != int(base) or base < 1:
            raise ConvertError(f"{path}: {name} is {base!r}, not a whole number from 1 on")
    if len(set(stated.values())) > 1:
        told = ", ".join(f"{name} {base}" for name, base in stated.items())
        raise ConvertError(f"{path}: RoPE has two bases ({told}), and engines differ in which they take; make them one")
    return int(next(iter(stated.values()), DEFAULT_BASE))
