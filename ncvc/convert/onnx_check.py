"""Logits of an ONNX file by onnxruntime, on every path that a generation takes."""

from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor

from ncvc.convert import check
from ncvc.convert.onnx import FILE, cache_names
from ncvc.errors import ConvertError
from ncvc.hf.tokenizer import one_line

PADDING = 3
"""Places of padding at the left of the second run."""
Array = NDArray[np.generic]


class Session:
    """An ONNX file that onnxruntime has loaded."""

    def __init__(self, folder: Path) -> None:
        """Raises `ConvertError` where onnxruntime does not load the file, or it is no decoder of ours."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3  # errors, which are raised as well
        try:
            self._session = onnxruntime.InferenceSession(folder / FILE, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has a class for each of its codes
            raise ConvertError(f"{folder / FILE}: onnxruntime cannot load it: {one_line(error)}") from None
        inputs = {each.name: each.shape for each in self._session.get_inputs()}
        self._names = cache_names(sum(name.endswith(".key") for name in inputs))
        try:
            self._sizes = [inputs[f"past_key_values.{name}"] for name in self._names]
        except KeyError as error:
            raise ConvertError(f"{folder / FILE}: it has no input {error}; {check.COPY_AGAIN}") from None

    def empty(self, batch: int) -> list[Array]:
        """A cache without tokens."""
        return [np.zeros((batch, groups, 0, head), np.float32) for _, groups, _, head in self._sizes]

    def run(self, ids: NDArray[np.int64], mask: NDArray[np.int64], past: list[Array]) -> tuple[Array, list[Array]]:
        """Logits [batch, length, V] for ids [batch, length] behind `past`, and the cache with them.

        mask [batch, past + length]; positions are counted from the first token that it does not leave out.
        """
        positions = np.maximum(mask.cumsum(1) - 1, 0)[:, -ids.shape[1] :]
        given = {f"past_key_values.{name}": value for name, value in zip(self._names, past, strict=True)}
        logits, *cache = self._session.run(
            None, {"input_ids": ids, "attention_mask": mask, "position_ids": positions, **given}
        )
        return logits, cache


def onnx_difference(folder: Path, ids: Tensor, ours: Tensor) -> float:
    """Largest difference of the file's logits for ids [batch, length] from `ours`, as `check.difference` has it.

    They are computed at once, and again behind padding with the cache: half of the text, a token, and the rest.
    """
    session = Session(folder)
    batch, length = ids.shape
    at_once, _ = session.run(ids.numpy(), np.ones(ids.shape, np.int64), session.empty(batch))
    ends = [PADDING + length // 2, PADDING + length // 2 + 1, PADDING + length]
    padded = np.pad(ids.numpy(), ((0, 0), (PADDING, 0)))
    mask = np.pad(np.ones(ids.shape, np.int64), ((0, 0), (PADDING, 0)))
    parts, cache = [], session.empty(batch)
    for start, end in zip([0, *ends], ends, strict=False):
        logits, cache = session.run(padded[:, start:end], mask[:, :end], cache)
        parts.append(logits)
    in_parts = np.concatenate(parts, axis=1)[:, PADDING:]
    return max(check.difference(ours, torch.from_numpy(found)) for found in (at_once, in_parts))
