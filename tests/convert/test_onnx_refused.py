"""`--to onnx` is answered before anything heavy is imported where it cannot be written."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ncvc.cli.commands import ncvc
from ncvc.convert import kinds
from ncvc.errors import ConvertError
from ncvc.manifest import ONNX, write_manifest


def convert(*arguments: object) -> object:
    return CliRunner().invoke(ncvc, ["convert", *map(str, arguments)], catch_exceptions=False)


def test_missing_packages_are_named(converted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"onnx", "onnx_ir"}
    monkeypatch.setattr(kinds, "find_spec", lambda name: name if name in there else None)
    said = r"--to onnx needs onnxruntime and onnxscript; run pip install 'ncvc\[onnx\]'$"
    with pytest.raises(ConvertError, match=said):
        convert(converted, tmp_path / "out", "--to", "onnx")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "folder/ncvc").mkdir(parents=True)
    (tmp_path / "folder/ncvc/logits.safetensors").write_bytes((converted / "ncvc/logits.safetensors").read_bytes())
    write_manifest(tmp_path / "folder", format=ONNX)
    with pytest.raises(ConvertError, match="folder: comparing it needs onnxruntime and onnxscript; run pip install"):
        convert("--check", tmp_path / "folder")


def test_other_types_are_refused(converted: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        ncvc, ["convert", str(converted), str(tmp_path / "out"), "--to", "onnx", "--dtype", "q8_0"]
    )
    assert done.exit_code == 2
    assert "--dtype q8_0 does not belong to --to onnx; choose float32" in done.output
