"""RoPE of a `config.json`: what of it can be read, and what is refused by name; needs no transformers.

transformers 4 wrote `rope_theta` and, where the frequencies are scaled, `rope_scaling`; transformers 5 writes both into
`rope_parameters` and reads all three, the last one first.
"""

from pathlib import Path
from typing import Any

from ncvc.errors import ConvertError
from ncvc.model.config import ModelConfig

READ = ("default", "linear", "llama3")
"""Values of `rope_type` that `ModelConfig` can express; any other one is refused."""
SECTIONS = ("rope_parameters", "rope_scaling")
DEFAULT_BASE = 10000.0
LLAMA3 = {
    "rope_low_freq_factor": "low_freq_factor",
    "rope_high_freq_factor": "high_freq_factor",
    "rope_original_positions": "original_max_position_embeddings",
}
"""Fields of `ModelConfig` → members of `rope_parameters` with which Llama 3.1 scales."""


def rope_members(model: ModelConfig) -> dict[str, Any]:
    """Members of `config.json` for RoPE's frequencies: transformers 5 reads the last, transformers 4 the others."""
    theta = {"rope_theta": float(model.rotary_base)}
    if model.rope_scaling is None:
        return theta | {"rope_parameters": {"rope_type": "default"} | theta}
    scaling: dict[str, Any] = {"rope_type": model.rope_scaling, "factor": model.rope_scaling_factor}
    if model.rope_scaling == "llama3":
        scaling |= {theirs: getattr(model, ours) for ours, theirs in LLAMA3.items()}
    return theta | {"rope_scaling": scaling, "rope_parameters": scaling | theta}


def rope_fields(path: Path, config: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """RoPE's fields of `ModelConfig` for a `config.json` that `require_known_rope` accepts.

    `whole` is the same with the members that transformers fills in.
    """
    rope = whole.get("rope_parameters") or {}
    kind, base = rope.get("rope_type", "default"), rotary_base(path, config)
    if kind == "default":
        return {"rotary_base": base}
    needed = {"rope_scaling_factor": "factor"} | (LLAMA3 if kind == "llama3" else {})
    # transformers has refused a file without one of the others.
    rope = {"original_max_position_embeddings": whole["max_position_embeddings"]} | rope
    return {"rotary_base": base, "rope_scaling": kind} | {ours: rope[theirs] for ours, theirs in needed.items()}


def require_known_rope(path: Path, config: dict[str, Any]) -> None:
    """Raises `ConvertError` where the `config.json` at `path` asks for other frequencies than `READ`'s."""
    found = set()
    for section in SECTIONS:
        rope = config.get(section) or {}
        if not isinstance(rope, dict) or any(isinstance(value, dict) for value in rope.values()):
            raise ConvertError(f"{path}: {section} is not one set of RoPE's settings; such a model cannot be read")
        kinds = [rope[name] for name in ("rope_type", "type") if name in rope]
        for kind in kinds:
            if kind not in READ:
                raise ConvertError(
                    f"{path}: {section}: RoPE of type {kind!r}; only models with {', '.join(map(repr, READ))} can be"
                    " read"
                )
        found |= set(kinds)
    if len(found) > 1:
        raise ConvertError(f"{path}: RoPE has two types ({', '.join(sorted(found))}); make them one")
    for settings in (config, *(config.get(section) or {} for section in SECTIONS)):
        if (part := settings.get("partial_rotary_factor")) not in (None, 1, 1.0):
            raise ConvertError(f"{path}: partial_rotary_factor is {part}; only 1 can be read")
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
