"""Weights in safetensors files, written and read one tensor at a time: a model need not fit in memory."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from huggingface_hub import split_torch_state_dict_into_shards
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ncvc.errors import ConvertError
from ncvc.hf.folder import INDEX, weight_files

MAX_SHARD_BYTES = 5_000_000_000
Dtype = Literal["float32", "bfloat16", "float16"]
"""Type that weights are stored in."""
DTYPES: dict[Dtype, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
PART = 1 << 22
"""Numbers of a tensor that are rounded and written at a time."""
DTYPE_CODES = {torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16"}

Shapes = Mapping[str, tuple[int, ...]]


def write_shards(
    folder: Path,
    shapes: Shapes,
    dtype: torch.dtype,
    tensor: Callable[[str], Tensor],
    max_bytes: int = MAX_SHARD_BYTES,
) -> None:
    """Writes the tensors named by `shapes`, each given by `tensor(name)`, as transformers names its files.

    One file is `model.safetensors`; several, of at most `max_bytes` each, come with an index.
    """
    empty = {name: torch.empty(shape, dtype=dtype, device="meta") for name, shape in shapes.items()}
    plan = split_torch_state_dict_into_shards(empty, max_shard_size=max_bytes)
    for file, names in plan.filename_to_tensors.items():
        write_safetensors(folder / file, {name: shapes[name] for name in names}, dtype, tensor)
    if plan.is_sharded:
        index = {"metadata": plan.metadata, "weight_map": plan.tensor_to_filename}
        (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def write_safetensors(path: Path, shapes: Shapes, dtype: torch.dtype, tensor: Callable[[str], Tensor]) -> None:
    """Writes one safetensors file; holds one tensor at a time, which `safetensors.torch.save_file` cannot.

    Raises `ConvertError` where a number is too large for `dtype`, or none.
    The format (github.com/huggingface/safetensors, "Format"): u64 length of the header, the header as JSON
    padded with spaces to 8 bytes, the tensors' little-endian bytes back to back.
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + math.prod(shape) * dtype.itemsize
        header[name] = {"dtype": DTYPE_CODES[dtype], "shape": shape, "data_offsets": (start, end)}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, shape in shapes.items():
            value = tensor(name)
            assert value.shape == shape, (name, value.shape, shape)
            for part in torch.split(value.contiguous().view(-1), PART):
                stored = part.to(dtype)
                if not stored.isfinite().all():
                    raise ConvertError(
                        f"weight {name}: its largest number is {value.abs().max().item():.1e}, and {dtype} ends at"
                        f" {torch.finfo(dtype).max:.1e}; choose another --dtype"
                    )
                file.write(stored.view(torch.uint8).numpy())
            del value, part, stored  # before the next one is read


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Writes a few tensors, with `metadata` in the head.

    Unlike safetensors' own `save_file`, with the permissions of new files here, not 0600.
    """
    path.write_bytes(save(dict(tensors), metadata))


class Shards:
    """The weights of a Hugging Face folder, each read when it is asked for.

    A file is opened for each weight: pages that were read count as memory of the process as long as it is open.
    """

    def __init__(self, folder: Path) -> None:
        """Opens every file of the folder's index; raises `ConvertError` where one is missing or damaged."""
        self._folder = folder
        self._files: dict[str, Path] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        for path in weight_files(folder):
            with _opened(path) as file:
                shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            self._shapes |= shapes
            self._files |= dict.fromkeys(shapes, path)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every weight's name and shape."""
        return self._shapes

    def require_shapes(self, expected: Shapes, asking: str, todo: str) -> None:
        """Raises `ConvertError` where a shape is not as `expected`; `asking` and `todo` are parts of its sentence."""
        for name in sorted(expected.keys() | self._shapes.keys()):
            if expected.get(name) != self._shapes.get(name):
                raise ConvertError(
                    f"{self._folder}: weight {name} has the shape {self._shapes.get(name, 'none')}, and {asking}"
                    f" {expected.get(name, 'none')}; {todo}"
                )

    def tensor(self, name: str) -> Tensor:
        """The weight in the type that it is stored in."""
        with _opened(self._files[name]) as file:
            weight: Tensor = file.get_tensor(name)
        return weight

    def rows(self, name: str, first: int, end: int) -> Tensor:
        """Rows of a weight, from `first` up to `end`, in the type that it is stored in."""
        with _opened(self._files[name]) as file:
            rows: Tensor = file.get_slice(name)[first:end]
        return rows


def _opened(path: Path) -> Any:  # safetensors has no types
    try:
        return safe_open(path, framework="pt")
    except (OSError, SafetensorError):
        raise ConvertError(f"{path}: missing, cut off or not safetensors; copy the model folder again") from None
