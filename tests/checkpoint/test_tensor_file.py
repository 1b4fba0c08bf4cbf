"""The file of a rank: the library's bytes, its hash, and a disk that gives back something else."""

import errno
import hashlib
import os

import pytest
import torch
from safetensors.torch import load_file, save_file

from ncvc.checkpoint import tensor_file
from ncvc.checkpoint.tensor_file import write_tensors


def made_up():
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(700, 1001, generator=generator)
    return {
        "rng.00000.cpu": torch.randint(0, 256, (5001,), generator=generator, dtype=torch.uint8),
        "model.z": weight.bfloat16(),
        "model.a": weight[:, :3].bfloat16(),  # not contiguous
        "optimizer.exp_avg.重み": weight,
        "optimizer.nan": torch.tensor([float("nan"), -0.0, float("inf")]),
        "empty": torch.zeros(0, 4),
    }


def test_the_bytes_are_the_librarys(tmp_path):
    tensors = made_up()
    size, digest = write_tensors(tmp_path / "ours", tensors)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, tmp_path / "theirs")
    written = (tmp_path / "ours").read_bytes()
    assert written == (tmp_path / "theirs").read_bytes()
    assert (size, digest) == (len(written), hashlib.sha256(written).hexdigest())
    assert torch.equal(load_file(tmp_path / "ours")["model.z"], tensors["model.z"])
    assert (tmp_path / "ours").stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_what_the_disk_spoils_is_found_before_the_file_counts(tmp_path, monkeypatch):
    def spoil(descriptor):
        os.pwrite(os.open(tmp_path / "file", os.O_WRONLY), b"x", 4000)

    monkeypatch.setattr(tensor_file.os, "fsync", spoil)
    with pytest.raises(OSError, match="gives back something else") as caught:
        write_tensors(tmp_path / "file", made_up())
    assert caught.value.filename == str(tmp_path / "file")


def test_a_full_disk_is_an_error():
    with pytest.raises(OSError, match="No space left") as caught:
        write_tensors(tensor_file.Path("/dev/full"), made_up())
    assert caught.value.errno == errno.ENOSPC
