"""Checks a Hugging Face folder before transformers reads it; needs neither torch nor transformers.

Nothing in the folder is executed, nothing outside it is named, no file is cut off, and the files are those that
its manifest lists.
"""

import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ncvc.errors import ModelFolderError
from ncvc.hf.fixture import LOGITS, require_config_of_fixture
from ncvc.manifest import CHECKPOINT, HUGGINGFACE, KINDS, MANIFEST, file_difference, own_manifest
from ncvc.special_tokens import BEGIN_OF_TEXT_ID

TOKENIZER = Path("ncvc/tokenizer")
"""The whole tokenizer folder: cleaning rules, dictionary, pieces."""
EMBEDDING = Path("ncvc/embedding.safetensors")
"""The Megatron embedding, before √d was folded into it."""

CONFIG = "config.json"
SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
AGAIN = "copy the model folder again"

_JSON_BYTES = 100_000_000
"""The largest JSON that is read: the limit that the safetensors format sets for its header."""
_LARGEST_SIZE = 2**24
_LAYERS = ("num_hidden_layers", "num_layers", "n_layers", "n_layer")
_WIDTHS = ("vocab_size", "hidden_size", "d_model", "n_embd")
_SIZES = (
    *_LAYERS,
    *_WIDTHS,
    *("intermediate_size", "n_inner", "num_attention_heads", "n_head", "num_key_value_heads", "head_dim"),
    *("max_position_embeddings", "n_positions"),
)
_REFUSED = {
    "auto_map": "names Python code, and code from a model folder is never run",
    "trust_remote_code": "asks for code from a model folder, which is never run",
    "quantization_config": "is for quantized weights; give the model in float32, bfloat16 or float16",
    "compression_config": "is for quantized weights; give the model in float32, bfloat16 or float16",
    "transformers_weights": f"names files of weights; only {SINGLE} or {INDEX} do that",
}
_KERNELS = ("attn_implementation", "_attn_implementation", "experts_implementation", "_experts_implementation")


@dataclass(frozen=True)
class ModelFolder:
    """A folder that `open_folder` has checked, and its `config.json`."""

    path: Path
    config: dict[str, Any]
    tokenizer: Path | None = None
    """Tokenizer folder to be used instead of the one in it."""

    @property
    def max_tokens(self) -> int | None:
        """Length of the longest text in tokens; None where the model has no limit."""
        return self.config.get("max_position_embeddings") or self.config.get("n_positions")

    @property
    def begin_of_text(self) -> bool:
        """True if `<|begin_of_text|>` begins a text of this model of ours.

        Folders of versions before that piece was written say 1 in `config.json` all the same, and their manifests
        nothing; what others saved has no manifest.
        """
        if manifest := read_manifest(self.path):
            return manifest.get("begin_of_text") is True
        return self.config.get("bos_token_id") == BEGIN_OF_TEXT_ID


def open_folder(folder: Path, tokenizer: Path | None = None) -> ModelFolder:
    """Checks that a folder is safe to load; hashes every file that is read and that the folder's manifest lists.

    `tokenizer` is a tokenizer folder, for a model of ours that was saved without it.
    Raises `ModelFolderError` with one sentence for the first thing that is wrong.
    """
    opened = require_safe(folder, tokenizer)
    verify(folder, unread=(EMBEDDING, LOGITS))
    return opened


def require_safe(folder: Path, tokenizer: Path | None = None) -> ModelFolder:
    """Checks the same but for the hashes; raises `ModelFolderError`."""
    config = read_config(folder)
    if (folder / "adapter_config.json").exists():
        raise ModelFolderError(f"{folder}: an adapter, not a whole model; merge it into its base model first")
    for name in ("generation_config.json", "tokenizer_config.json", "special_tokens_map.json"):
        if (folder / name).exists():
            read_json(folder / name)
    shapes = [shape for path in weight_files(folder) for shape in _shapes(path)]
    _require_sizes(folder / CONFIG, config, shapes)
    # tokenizer.json of our models is exact on cleaned and analysed text alone, and no error would say so.
    manifest = read_manifest(folder)
    listed = any(Path(name).is_relative_to(TOKENIZER) for name in manifest.get("files", {}))
    ours = listed or (config["model_type"], config.get("hidden_act")) == ("arcee", "silu")
    if ours and tokenizer is None and not (folder / TOKENIZER).is_dir():
        raise ModelFolderError(
            f"{folder}: no {TOKENIZER} in it; give its tokenizer folder with --tokenizer, or put it there"
        )
    return ModelFolder(folder, config, tokenizer)


def read_config(folder: Path) -> dict[str, Any]:
    """Reads the folder's `config.json`; raises `ModelFolderError` where there is none or it is odd."""
    path = folder / CONFIG
    if not path.is_file():
        raise ModelFolderError(f"{folder}: {_not_a_model(folder)}")
    kind = KINDS.get(str((own_manifest(folder) or {}).get("format")))
    if kind is not None:
        raise ModelFolderError(f"{folder}: is {kind}; give a folder that `ncvc convert --to hf` made")
    config = read_json(path)
    if not isinstance(config.get("model_type"), str):
        raise ModelFolderError(f"{path}: names no model_type; {AGAIN}")
    for name in _SIZES:
        value = config.get(name)
        if value is not None and not (type(value) is int and 1 <= value <= _LARGEST_SIZE):
            raise ModelFolderError(f"{path}: {name} is {_short(value)}, not a whole number from 1 to {_LARGEST_SIZE}")
    require_config_of_fixture(folder, config)
    return config


def read_json(path: Path) -> dict[str, Any]:
    """Reads a JSON object: no key twice, finite numbers, nothing that asks for code; else `ModelFolderError`."""
    try:
        if path.stat().st_size > _JSON_BYTES:
            raise ValueError(f"larger than {_JSON_BYTES} bytes")
        value = json.loads(
            path.read_text(encoding="utf-8"), object_pairs_hook=_object, parse_float=_finite, parse_constant=_finite
        )
    except _RefusedKeyError as error:
        raise ModelFolderError(f"{path}: {error}") from None
    except RecursionError:
        raise ModelFolderError(f"{path}: nested too deeply; {AGAIN}") from None
    except ValueError as error:
        raise ModelFolderError(f"{path}: not valid JSON ({error}); {AGAIN}") from None
    if not isinstance(value, dict):
        raise ModelFolderError(f"{path}: not a JSON object; {AGAIN}")
    return value


class _RefusedKeyError(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {_short(next(name for name in names if names.count(name) > 1))} is there twice")
    for name, reason in _REFUSED.items():
        if found.get(name) not in (None, False):
            raise _RefusedKeyError(f"{name} {reason}")
    for name in _KERNELS:
        if "/" in str(found.get(name)):
            raise _RefusedKeyError(f"{name} names kernels to be downloaded; remove this key")
    return found


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a finite number")
    return value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def weight_files(folder: Path) -> list[Path]:
    """Lists the safetensors files of a folder, as transformers chooses them; raises `ModelFolderError`."""
    if (folder / SINGLE).exists():
        return [_regular(folder / SINGLE)]
    index = folder / INDEX
    if not index.exists():
        pickles = sorted(folder.glob("*.bin")) + sorted(folder.glob("*.pt*")) + sorted(folder.glob("*.ckpt"))
        if pickles:
            raise ModelFolderError(
                f"{pickles[0]}: pickled weights can run code and are never loaded; give the model as safetensors"
            )
        raise ModelFolderError(f"{folder / SINGLE}: missing; {AGAIN}")
    names = read_json(index).get("weight_map")
    if not isinstance(names, dict) or not names or not all(isinstance(name, str) for name in names.values()):
        raise ModelFolderError(f"{index}: not an index of weights; {AGAIN}")
    for name in names.values():
        if name != Path(name).name or not name.endswith(".safetensors"):
            raise ModelFolderError(f"{index}: names {_short(name)}, not a .safetensors file of this folder; {AGAIN}")
    return [_regular(folder / name) for name in sorted(set(names.values()))]


def _regular(path: Path) -> Path:
    """Raises `ModelFolderError` for a FIFO and the like, on which reading would wait."""
    if path.exists() and not path.is_file():
        raise ModelFolderError(f"{path}: not a regular file; {AGAIN}")
    return path


def _shapes(path: Path) -> list[tuple[int, ...]]:
    """The shapes in a safetensors file: u64 length of the header, the header as JSON, the tensors back to back."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length <= min(size - 8, _JSON_BYTES) else {}
        tensors = [entry for name, entry in header.items() if name != "__metadata__"]
        whole = max(entry["data_offsets"][1] for entry in tensors) == size - 8 - length
        shapes = [tuple(map(int, entry["shape"])) for entry in tensors]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        whole, shapes = False, []
    if not whole:
        raise ModelFolderError(f"{path}: missing, cut off or not safetensors; {AGAIN}")
    return shapes


def _require_sizes(path: Path, config: dict[str, Any], shapes: list[tuple[int, ...]]) -> None:
    """Compares the config with the weights, before a model of its sizes takes memory or hours to build."""
    dimensions = {dimension for shape in shapes for dimension in shape}
    for name in _WIDTHS:
        if (value := config.get(name)) is not None and value not in dimensions:
            raise ModelFolderError(f"{path}: {name} is {value}, and no weight has this size; {AGAIN}")
    for name in ("intermediate_size", "n_inner", "head_dim"):
        if (value := config.get(name)) is not None and value > max(dimensions, default=0):
            raise ModelFolderError(f"{path}: {name} is {value}, and no weight is as large; {AGAIN}")
    for name in _LAYERS:
        if (value := config.get(name)) is not None and value > len(shapes):
            raise ModelFolderError(f"{path}: {name} is {value}, and there are only {len(shapes)} weights; {AGAIN}")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Reads the manifest that `ncvc convert --to hf` wrote; empty if the folder has none or one of another program.

    Raises `ModelFolderError` if it was changed, or belongs to another kind of folder.
    """
    path = folder / MANIFEST
    if not path.exists():
        return {}
    manifest = own_manifest(folder)
    if manifest is not None and manifest.get("format") == HUGGINGFACE:
        return manifest
    if manifest is None and not {"ncvc", "manifest_sha256"} & read_json(path).keys():
        return {}
    raise ModelFolderError(f"{path}: not an unchanged manifest of the format {HUGGINGFACE}; {AGAIN}")


def verify(folder: Path, *, unread: Collection[Path] = ()) -> None:
    """Compares the files with the folder's manifest, if it has one, by size and SHA-256; `unread` ones are left out.

    Raises `ModelFolderError`. The model card may be edited.
    """
    for name, entry in read_manifest(folder).get("files", {}).items():
        if name == "README.md" or Path(name) in unread:
            continue
        if problem := file_difference(folder / name, entry["bytes"], entry["sha256"]):
            raise ModelFolderError(
                f"{problem}; copy the folder again, or remove its {MANIFEST} if it was changed on purpose"
            )


def run_checkpoints(folder: Path) -> str:
    """Lists the checkpoints of a training run, the newest first, at most eight; empty for another folder."""
    steps = sorted(folder.glob("checkpoints/step_*"), reverse=True)
    rest = f" and {len(steps) - 8} older ones" if len(steps) > 8 else ""
    return ", ".join(map(str, steps[:8])) + rest


def _not_a_model(folder: Path) -> str:
    """Explains a folder without `config.json` in a sentence."""
    none = f"no Hugging Face model in it ({CONFIG})"
    if not folder.exists():
        return "no such folder; give one that `ncvc convert --to hf` made"
    if not folder.is_dir():
        return "a file; give a folder that `ncvc convert --to hf` made"
    manifest = own_manifest(folder) or {}
    if manifest.get("format") == CHECKPOINT:
        return f"{none}; it is a training checkpoint: `ncvc convert {folder} OUT --to hf` makes one"
    if steps := run_checkpoints(folder):
        return (
            f"{none}; it is a training run: `ncvc convert CHECKPOINT OUT --to hf` makes one of its checkpoints: {steps}"
        )
    if kind := KINDS.get(str(manifest.get("stage") or manifest.get("format"))):
        return f"{none}; it is {kind}: give a folder that `ncvc convert --to hf` made"
    return f"{none}; give a folder that `ncvc convert --to hf` made"
