import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ncvc.convert.shards import Shards, write_safetensors, write_shards
from ncvc.errors import ConvertError

TENSORS = {"a": torch.randn(5, 3), "b": torch.randn(7), "c": torch.randn(2, 2), "d": torch.randn(1)}
SHAPES = {name: tuple(tensor.shape) for name, tensor in TENSORS.items()}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_safetensors_itself_reads_what_was_written(tmp_path: Path, dtype: torch.dtype) -> None:
    write_safetensors(tmp_path / "x.safetensors", SHAPES, dtype, TENSORS.__getitem__)
    read = load_file(tmp_path / "x.safetensors")
    assert read.keys() == TENSORS.keys()
    assert all(torch.equal(read[name], TENSORS[name].to(dtype)) for name in TENSORS)


def test_shards_stay_below_the_limit_and_read_back(tmp_path: Path) -> None:
    write_shards(tmp_path, SHAPES, torch.float32, TENSORS.__getitem__, max_bytes=64)
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == 4 * sum(tensor.numel() for tensor in TENSORS.values())
    files = sorted(tmp_path.glob("*.safetensors"))
    assert [file.name for file in files] == [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    assert all(sum(t.nbytes for t in load_file(file).values()) <= 64 for file in files)
    shards = Shards(tmp_path)
    assert shards.shapes() == SHAPES
    assert all(torch.equal(shards.tensor(name), TENSORS[name]) for name in TENSORS)


def test_one_shard_needs_no_index(tmp_path: Path) -> None:
    write_shards(tmp_path, SHAPES, torch.float32, TENSORS.__getitem__)
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_cut_file_is_named(tmp_path: Path) -> None:
    write_shards(tmp_path, SHAPES, torch.float32, TENSORS.__getitem__)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ConvertError, match=r"model\.safetensors: missing, cut off or not safetensors"):
        Shards(tmp_path)


def test_an_index_cannot_reach_outside_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    write_safetensors(tmp_path / "secret.safetensors", SHAPES, torch.float32, TENSORS.__getitem__)
    index = {"weight_map": dict.fromkeys(SHAPES, "../secret.safetensors")}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ConvertError, match=r"not a \.safetensors file of this folder"):
        Shards(folder)
