"""GGUF files, against llama.cpp where llama-cpp-python is installed, and against SentencePiece."""

import json
from importlib.util import find_spec
from pathlib import Path

import gguf
import numpy as np
import pytest
import sentencepiece
import torch

from ncvc.convert import llama_cpp
from ncvc.convert.export import to_huggingface
from ncvc.convert.gguf import WholeArray
from ncvc.convert.gguf_check import BOUNDS
from ncvc.convert.gguf_folder import QUANTIZED, to_gguf
from ncvc.convert.source import open_source
from ncvc.errors import ConvertError
from tests.drawn import two_layers, write_drawn, write_with_a_large_number

needs_llama_cpp = pytest.mark.skipif(find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed")
FORMS = {
    "papers": {},
    "tied": {"share_embeddings_and_output_weights": True},
    "llama": {"gated_linear_unit": True, "scale_embedding": False, "share_embeddings_and_output_weights": True},
    "wide heads": {"gated_linear_unit": True, "kv_channels": 24},
    "llama 3.1": {
        "gated_linear_unit": True,
        "rope_scaling": "llama3",
        "rope_original_positions": 48,
        "rotary_base": 500,
    },
    "llama, linear": {"gated_linear_unit": True, "rope_scaling": "linear", "rope_scaling_factor": 2.5},
    "qwen2": {"gated_linear_unit": True, "add_qkv_bias": True},
}


def written(path, **form):
    """A checkpoint whose every weight is drawn; matrices are whole blocks of every quantized format."""
    sizes = {"hidden_size": 256, "ffn_hidden_size": 512, "num_attention_heads": 8}

    def draw(name, noise):
        return 1 + 0.3 * noise if noise.dim() == 1 and "norm" in name else 0.08 * noise

    return write_drawn(path, two_layers(**sizes, **form), draw, step=7, tokens_seen=7000)


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(params=FORMS)
def checkpoint(request, tmp_path):
    return written(tmp_path / "checkpoint", **FORMS[request.param])


def test_the_file_holds_the_function(checkpoint, pieces_folder, tmp_path, monkeypatch):
    """Read by the gguf package and computed by transformers, without llama.cpp."""
    monkeypatch.setattr(llama_cpp, "is_installed", lambda: False)
    found = to_gguf(checkpoint, tmp_path / "gguf", tokenizer=pieces_folder)
    assert found.engine == "gguf"
    assert found.difference <= 1e-5
    assert found.agreement == 1


@needs_llama_cpp
def test_llama_cpp_computes_the_function(checkpoint, pieces_folder, tmp_path):
    found = to_gguf(checkpoint, tmp_path / "gguf", tokenizer=pieces_folder)
    assert found.engine == "llama.cpp"
    assert found.difference <= 2e-5


@needs_llama_cpp
@pytest.mark.parametrize("dtype", [dtype for dtype in BOUNDS if dtype != "float32"])
def test_rounded_forms_stay_within_their_bounds(dtype, pieces_folder, tmp_path):
    checkpoint = written(tmp_path / "checkpoint")
    found = to_gguf(checkpoint, tmp_path / "gguf", tokenizer=pieces_folder, dtype=dtype)
    divergence, agreement = BOUNDS[dtype]
    assert 0 < found.divergence <= divergence
    assert found.agreement >= agreement
    kinds = {tensor.tensor_type.name for tensor in gguf.GGUFReader(tmp_path / f"gguf/model-{dtype}.gguf").tensors}
    expected = {"float16": "F16", "bfloat16": "BF16"}.get(dtype, dtype.upper().removesuffix("_M"))
    assert expected in kinds


@needs_llama_cpp
def test_the_tokenizer_is_sentencepieces_within_morphemes(pieces_folder, morphemes, tmp_path):
    from llama_cpp import Llama

    to_gguf(written(tmp_path / "checkpoint"), tmp_path / "gguf", tokenizer=pieces_folder)
    model = Llama(str(tmp_path / "gguf/model-float32.gguf"), vocab_only=True, verbose=False)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(pieces_folder / "tokenizer.model"))
    for morpheme in sorted(set(morphemes)):
        assert model.tokenize(morpheme.encode(), add_bos=False) == pieces.encode(morpheme), morpheme
    assert model.tokenize("患者".encode())[0] == model.token_bos() == model.token_eos() == 2


def test_what_is_in_the_folder(pieces_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(llama_cpp, "is_installed", lambda: False)
    to_gguf(written(tmp_path / "checkpoint"), tmp_path / "gguf", tokenizer=pieces_folder, dtype="q8_0")
    names = {str(path.relative_to(tmp_path / "gguf")) for path in (tmp_path / "gguf").rglob("*") if path.is_file()}
    files = {"model-q8_0.gguf", "Modelfile", "README.md", "manifest.json", "ncvc/logits.safetensors"}
    assert names == files | {"ncvc/tokenizer/tokenizer.model"}
    manifest = json.loads((tmp_path / "gguf/manifest.json").read_text())
    assert (manifest["format"], manifest["step"], manifest["dtype"]) == ("ncvc-gguf/1", 7, "q8_0")
    assert "FROM ./model-q8_0.gguf\n" in (tmp_path / "gguf/Modelfile").read_text()
    card = (tmp_path / "gguf/README.md").read_text()
    assert "| trained for | 7 steps, 7,000 tokens |" in card
    assert "{" not in card


def test_a_folder_gives_the_same_file_as_its_checkpoint(checkpoint, pieces_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(llama_cpp, "is_installed", lambda: False)
    to_huggingface(checkpoint, tmp_path / "hf", tokenizer=pieces_folder)
    to_gguf(checkpoint, tmp_path / "one", tokenizer=pieces_folder, dtype="bfloat16")
    to_gguf(tmp_path / "hf", tmp_path / "two", dtype="bfloat16")
    one, two = ((tmp_path / name / "model-bfloat16.gguf").read_bytes() for name in ("one", "two"))
    assert one == two


@pytest.mark.parametrize("engine", ["gguf", pytest.param("llama.cpp", marks=needs_llama_cpp)])
@pytest.mark.parametrize("dtype", ["float32", "q8_0"])
def test_a_damaged_file_is_refused_and_leaves_nothing(engine, dtype, pieces_folder, tmp_path, monkeypatch):
    """Rows of query and key in Hugging Face's order, as a converter leaves them that forgets to order them."""
    monkeypatch.setattr(llama_cpp, "is_installed", lambda: engine == "llama.cpp")
    monkeypatch.setattr("ncvc.convert.gguf.Entry.arrange", lambda entry, weight: weight)
    with pytest.raises(ConvertError, match=r"/gguf: its .* nothing was written"):
        to_gguf(written(tmp_path / "checkpoint"), tmp_path / "gguf", tokenizer=pieces_folder, dtype=dtype)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


@pytest.mark.parametrize("dtype", QUANTIZED)
def test_formats_of_llama_cpp_need_it(dtype, pieces_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(llama_cpp, "is_installed", lambda: False)
    with pytest.raises(ConvertError, match="install llama-cpp-python, or choose float32"):
        to_gguf(written(tmp_path / "checkpoint"), tmp_path / "gguf", tokenizer=pieces_folder, dtype=dtype)


def test_a_number_beyond_float16_is_refused(pieces_folder, tmp_path):
    write_with_a_large_number(written(tmp_path / "a"), tmp_path / "b")
    with pytest.raises(ConvertError, match=r"lm_head\.weight: its largest number is 7\.0e\+04"):
        to_gguf(tmp_path / "b", tmp_path / "gguf", tokenizer=pieces_folder, dtype="float16")


def test_matrices_that_are_no_whole_blocks_stay_in_float16(tmp_path, pieces_folder, monkeypatch):
    """q8_0 has blocks of 32; a row of 60 numbers has none."""
    monkeypatch.setattr(llama_cpp, "is_installed", lambda: False)
    model = two_layers(num_layers=1, hidden_size=60, ffn_hidden_size=96, num_attention_heads=6)
    write_drawn(tmp_path / "odd", model, step=7, tokens_seen=7000)
    to_gguf(tmp_path / "odd", tmp_path / "gguf", tokenizer=pieces_folder, dtype="q8_0")
    tensors = gguf.GGUFReader(tmp_path / "gguf/model-q8_0.gguf").tensors
    kinds = {tensor.name: tensor.tensor_type.name for tensor in tensors}
    assert kinds["blk.0.ffn_down.weight"] == "Q8_0"
    assert kinds["blk.0.attn_q.weight"] == "F16"
    assert open_source(tmp_path / "odd", pieces_folder).model == model


ZEROS = "blk.0.ffn_up.weight"


@pytest.mark.parametrize("engine", ["gguf", pytest.param("llama.cpp", marks=needs_llama_cpp)])
@pytest.mark.parametrize(("hidden_size", "heads", "kind"), [(256, 8, "Q2_K"), (96, 8, "Q4_0"), (60, 6, "F16")])
def test_the_matrix_of_zeros_is_small_and_stays_zero(
    hidden_size, heads, kind, engine, tmp_path, pieces_folder, monkeypatch
):
    monkeypatch.setattr(llama_cpp, "is_installed", lambda: engine == "llama.cpp")
    model = two_layers(num_layers=1, hidden_size=hidden_size, ffn_hidden_size=96, num_attention_heads=heads)
    write_drawn(tmp_path / "model", model, step=7, tokens_seen=7000)
    dtype = "float16" if kind == "F16" else "float32"
    found = to_gguf(tmp_path / "model", tmp_path / "gguf", tokenizer=pieces_folder, dtype=dtype)
    assert found.difference <= (2e-5 if dtype == "float32" else 1e-2)
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(tmp_path / f"gguf/model-{dtype}.gguf").tensors}
    zeros = tensors[ZEROS]
    assert zeros.tensor_type.name == kind
    assert not gguf.quants.dequantize(zeros.data, zeros.tensor_type).any()
    assert (tensors["blk.0.ffn_up.bias"].data == 1).all()


def test_a_gate_of_the_model_is_written_in_the_files_own_format(tmp_path, pieces_folder, monkeypatch):
    monkeypatch.setattr(llama_cpp, "is_installed", lambda: False)
    model = two_layers(num_layers=1, hidden_size=256, ffn_hidden_size=96, num_attention_heads=8, gated_linear_unit=True)
    write_drawn(tmp_path / "model", model, step=7, tokens_seen=7000)
    to_gguf(tmp_path / "model", tmp_path / "gguf", tokenizer=pieces_folder, dtype="q8_0")
    kinds = {
        tensor.name: tensor.tensor_type.name for tensor in gguf.GGUFReader(tmp_path / "gguf/model-q8_0.gguf").tensors
    }
    assert kinds[ZEROS] == kinds["blk.0.ffn_gate.weight"] == "Q8_0"


def test_what_a_full_disk_refuses_is_an_error():
    """numpy writes small arrays through a stream whose last flush it does not ask about."""
    numbers = np.ones(8, np.float32)
    with Path("/dev/full").open("wb", buffering=0) as full:
        numbers.tofile(full)
        with pytest.raises(OSError, match="No space left"):
            numbers.view(WholeArray).tofile(full)
