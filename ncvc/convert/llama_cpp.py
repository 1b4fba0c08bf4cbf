"""Runs llama.cpp, through llama-cpp-python, in a process of its own: it may abort, and needs no torch."""

import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncvc.arrays import write_array
from ncvc.errors import ConvertError

Logits = NDArray[np.float32]


def is_installed() -> bool:
    """True if llama-cpp-python can be imported."""
    return find_spec("llama_cpp") is not None


def logits(path: Path, ids: NDArray[np.int64]) -> tuple[Logits, Logits]:
    """Logits [batch, length, V] of a GGUF file for ids [batch, length], computed twice.

    First with float32 keys and values and without flash attention, then as llama.cpp comes.
    Raises `ConvertError` where llama.cpp does not load the file.
    """
    with tempfile.TemporaryDirectory(prefix="ncvc-llama-cpp-") as folder:
        asked, answered = Path(folder, "ids.npy"), Path(folder, "logits.npz")
        write_array(asked, ids)
        _run("logits", path, asked, answered)
        with np.load(answered) as found:
            return found["exact"], found["default"]


def quantize(source: Path, path: Path, file_type: int) -> None:
    """Writes the file `path` from the float32 file `source` in a format of llama.cpp's; raises `ConvertError`."""
    _run("quantize", source, path, file_type)


def _run(task: str, path: Path, *arguments: object) -> None:
    command = [sys.executable, "-m", __name__, task, path, *arguments]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ConvertError(f"{path}: llama.cpp ended with status {done.returncode}: {last}")


def _logits(path: str, asked: str, answered: str) -> None:
    from llama_cpp import GGML_TYPE_F32, Llama

    ids = np.load(asked)

    def run(**settings: Any) -> Logits:
        model = Llama(path, n_ctx=ids.shape[1], logits_all=True, verbose=False, **settings)
        rows = []
        for row in ids.tolist():
            model.reset()
            model.eval(row)
            rows.append(np.array(model.scores[: len(row)], np.float32))
        return np.stack(rows)

    np.savez(answered, exact=run(type_k=GGML_TYPE_F32, type_v=GGML_TYPE_F32, flash_attn=False), default=run())


def _quantize(source: str, path: str, file_type: str) -> None:
    import ctypes

    import llama_cpp

    settings = llama_cpp.llama_model_quantize_default_params()
    settings.ftype = int(file_type)
    if llama_cpp.llama_model_quantize(source.encode(), path.encode(), ctypes.byref(settings)):
        raise SystemExit("llama_model_quantize failed")


if __name__ == "__main__":
    if sys.argv[1] == "logits":
        _logits(*sys.argv[2:])
    else:
        _quantize(*sys.argv[2:])
