"""Memory of a conversion at the papers' width: that of its largest weight, not of the model."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from sentencepiece import sentencepiece_model_pb2

from ncvc.checkpoint.format import write_weights
from ncvc.convert import mapping
from ncvc.convert.memory import comparing_limit, writing_limit
from ncvc.model.config import ModelConfig
from tests.conftest import SLOW

LAYERS = 6  # of the papers' 24: more of them take time, and no memory
SIZES = {"hidden_size": 2048, "ffn_hidden_size": 8192, "num_attention_heads": 32, "num_query_groups": 8}


@pytest.fixture(scope="module")
def wide(pieces_folder, tmp_path_factory):
    """A folder with a checkpoint of six of the papers' layers, 1.7 GB, and a tokenizer of 32768 pieces."""
    folder = tmp_path_factory.mktemp("wide")
    pieces = sentencepiece_model_pb2.ModelProto()
    pieces.ParseFromString((pieces_folder / "tokenizer.model").read_bytes())
    for number in range(len(pieces.pieces), 32768):
        pieces.pieces.add(piece=f"追加{number}", score=-20 - number / 8192)
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer/tokenizer.model").write_bytes(pieces.SerializeToString())
    model = ModelConfig(num_layers=LAYERS, vocab_size=32768, **SIZES)
    generator = torch.Generator().manual_seed(0)

    def drawn(shape):
        noise = torch.randn(shape, generator=generator)
        return 1 + 0.1 * noise if len(shape) == 1 else 0.02 * noise

    rows = mapping.weights(model)
    weights = ((row.megatron, drawn(mapping.megatron_shape(row, model))) for row in rows)
    write_weights(folder / "checkpoint", model, weights)
    return folder


def peaks(folder, *arguments):
    """The most bytes of writing and of comparing, and the bytes of the model."""
    program = Path(__file__).with_name("measure_memory.py")
    command = [sys.executable, str(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    return (max(step["bytes"] for step in steps if step["step"].startswith(name)) for name in ("writing", "comparing"))


def test_the_limits_at_the_papers_sizes():
    """Counted by hand: the embedding has 32768 rows of 2048 numbers of 4 bytes."""
    model = ModelConfig(num_layers=24, vocab_size=32768, **SIZES)
    assert writing_limit(model) == 402_653_184 + 500_000_000
    assert comparing_limit(model) == 536_870_912 + 500_000_000


@SLOW
@pytest.mark.parametrize(("target", "dtype"), [("hf", "float32"), ("hf", "bfloat16"), ("llama", "float32")])
def test_a_conversion_takes_the_memory_of_its_largest_weight(target, dtype, wide, tmp_path):
    model = ModelConfig(num_layers=LAYERS, vocab_size=32768, **SIZES)
    writing, comparing = peaks(wide, "checkpoint", tmp_path / "out", target, dtype, "tokenizer")
    assert 2e8 < writing < writing_limit(model)
    assert 2e8 < comparing < comparing_limit(model)
    if dtype == "float32":
        writing, comparing = peaks(wide, tmp_path / "out", tmp_path / "back", "megatron", dtype)
        assert writing < writing_limit(model)
        assert comparing < comparing_limit(model)


@SLOW
def test_a_gguf_takes_the_memory_of_its_largest_weight(wide, tmp_path):
    """Of this process; llama.cpp's own maps the file."""
    model = ModelConfig(num_layers=LAYERS, vocab_size=32768, **SIZES)
    writing, comparing = peaks(wide, "checkpoint", tmp_path / "out", "gguf", "q8_0", "tokenizer")
    assert writing < writing_limit(model)
    assert comparing < comparing_limit(model)
