"""The logits that a folder was compared with, and the members of `config.json` that they depend on; needs no torch.

Weights and `config.json` can be changed apart. The weights' shapes tell of most changes, but not of RoPE's base, of an
epsilon or of an activation, and a comparison of two models that both read the changed file finds nothing. The head of
`ncvc/logits.safetensors` therefore states them once more.
"""

import json
from pathlib import Path
from typing import Any

from ncvc.errors import ModelFolderError

LOGITS = Path("ncvc/logits.safetensors")
"""Token ids and Megatron's logits for them."""
FUNCTION = (
    *("model_type", "hidden_act", "rms_norm_eps", "tie_word_embeddings", "attention_bias", "mlp_bias"),
    *("num_attention_heads", "num_key_value_heads", "head_dim"),
)
"""Members of `config.json` that change what the same weights compute, besides RoPE's."""
_HEADER_BYTES = 1_000_000


def fixture_metadata(config: dict[str, Any]) -> dict[str, str]:
    """Metadata for the head of `ncvc/logits.safetensors` of a folder with this `config.json`."""
    return {"config": json.dumps(_function(config))}


def _function(config: dict[str, Any]) -> dict[str, Any]:
    """The members that the logits depend on; RoPE's alike whether transformers 4 or 5 wrote them."""
    sections = [config.get(name) for name in ("rope_scaling", "rope_parameters")]
    rope = {name: value for section in sections if isinstance(section, dict) for name, value in section.items()}
    base = rope.pop("rope_theta", config.get("rope_theta"))
    rope = {"rope_type": rope.pop("type", "default"), **rope}
    return {
        **{name: config.get(name) for name in FUNCTION},
        "rope_theta": config.get("rope_theta", base),
        "rope_parameters": {**rope, "rope_theta": base},
    }


def require_config_of_fixture(folder: Path, config: dict[str, Any]) -> None:
    """Raises `ModelFolderError` where `config.json` has another number than when the folder was compared.

    A folder without logits, or with those of an older version, has nothing to be compared with.
    """
    written, found = _config(folder / LOGITS), _function(config)
    for name, before in written.items():
        if (now := found.get(name)) != before:
            raise ModelFolderError(
                f"{folder / 'config.json'}: {name} is {now!r}, and was {before!r} when the folder was compared with"
                f" Megatron; undo the change, or remove {LOGITS} if it was made on purpose"
            )


def _config(path: Path) -> dict[str, Any]:
    """The members in the head of a safetensors file; none where there is no file or no such head."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length <= _HEADER_BYTES else {}
        found = json.loads(header["__metadata__"]["config"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
