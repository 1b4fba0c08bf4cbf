"""A vocabulary that grew by some pieces at its end, from Megatron to Hugging Face and back."""

import json
import shutil

import gguf
import pytest
import torch
import transformers
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Tokenizer

from ncvc.checkpoint.format import write_weights
from ncvc.checkpoint.reader import Checkpoint
from ncvc.convert import llama_cpp
from ncvc.convert.export import to_huggingface
from ncvc.convert.gguf_folder import to_gguf
from ncvc.convert.mapping import VOCABULARY
from ncvc.convert.restore import to_megatron
from ncvc.errors import ConvertError
from ncvc.files import sha256
from ncvc.manifest import write_manifest

ADDED = {"<|user|>": 3, "<|assistant|>": 3, "患者様": 4}  # the types CONTROL, CONTROL, USER_DEFINED
EMBEDDING = VOCABULARY[0]


def tokenizer_with(pieces_folder, folder, added):
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString((pieces_folder / "tokenizer.model").read_bytes())
    for piece, kind in added.items():
        model.pieces.add(piece=piece, score=0.0, type=kind)
    folder.mkdir()
    (folder / "tokenizer.model").write_bytes(model.SerializeToString())
    write_manifest(folder, stage="tokenizer", vocab_size=len(model.pieces))
    return folder


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def before(pieces_folder, tmp_path):
    return tokenizer_with(pieces_folder, tmp_path / "before", {})


@pytest.fixture
def grown(pieces_folder, tmp_path):
    return tokenizer_with(pieces_folder, tmp_path / "grown", ADDED)


def weights_of(folder):
    opened = Checkpoint.open(folder)
    return {name: opened.weight(name) for name in opened.parameters()}


@pytest.fixture
def grown_checkpoint(checkpoint, model, grown, tmp_path):
    """The checkpoint with drawn rows for the added pieces."""
    weights = weights_of(checkpoint)
    for seed, name in enumerate(VOCABULARY):
        rows = torch.randn(3, 60, generator=torch.Generator().manual_seed(seed)) * 0.15
        weights[name] = torch.cat([weights[name], rows])
    larger = model.model_copy(update={"vocab_size": 503})
    digest = sha256(grown / "manifest.json")
    write_weights(tmp_path / "checkpoint", larger, weights.items(), tokenizer=digest)
    return tmp_path / "checkpoint"


@pytest.mark.parametrize("llama", [False, True])
def test_it_goes_there_and_back_bit_for_bit(llama, grown_checkpoint, grown, tmp_path):
    to_huggingface(grown_checkpoint, tmp_path / "hf", tokenizer=grown, llama=llama)
    to_megatron(tmp_path / "hf", tmp_path / "back")
    expected, found = weights_of(grown_checkpoint), weights_of(tmp_path / "back")
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert Checkpoint.open(tmp_path / "back").manifest.tokenizer == sha256(grown / "manifest.json")


def test_the_added_pieces_are_whole_in_every_tokenizer(grown_checkpoint, grown, tmp_path, monkeypatch):
    to_huggingface(grown_checkpoint, tmp_path / "hf", tokenizer=grown)
    stock = Tokenizer.from_file(str(tmp_path / "hf/tokenizer.json"))
    ids = stock.encode("<|user|>肺炎<|assistant|>患者様", add_special_tokens=False).ids
    assert (ids[0], ids[-2:]) == (500, [501, 502])
    assert stock.decode(ids) == "肺炎患者様"  # control pieces are special, others are text
    monkeypatch.setattr(llama_cpp, "is_installed", lambda: False)
    to_gguf(grown_checkpoint, tmp_path / "gguf", tokenizer=grown)
    fields = gguf.GGUFReader(tmp_path / "gguf/model-float32.gguf").fields
    assert fields["tokenizer.ggml.token_type"].contents()[-3:] == [3, 3, 4]
    assert fields["tokenizer.ggml.tokens"].contents()[-3:] == list(ADDED)


@pytest.fixture
def resized(checkpoint, before, tmp_path):
    """A folder of ours whose vocabulary transformers made larger; it kept our files beside the new ones."""
    weights = weights_of(checkpoint)
    write_weights(
        tmp_path / "small",
        Checkpoint.open(checkpoint).model,
        weights.items(),
        tokenizer=sha256(before / "manifest.json"),
    )
    folder = tmp_path / "resized"
    to_huggingface(tmp_path / "small", folder, tokenizer=before)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.resize_token_embeddings(503, mean_resizing=False)
    model.save_pretrained(folder)
    (folder / "manifest.json").unlink()
    return folder


def test_rows_that_transformers_added_go_both_ways(resized, checkpoint, before, grown, tmp_path):
    with pytest.raises(ConvertError, match=r"500 pieces, but the model has a vocabulary of 503; .* with --tokenizer"):
        to_megatron(resized, tmp_path / "back")
    to_megatron(resized, tmp_path / "back", tokenizer=grown)
    old, new = weights_of(checkpoint), weights_of(tmp_path / "back")
    for name in old:
        kept = new[name][:500] if name in VOCABULARY else new[name]
        assert torch.equal(old[name], kept), name
    to_huggingface(tmp_path / "back", tmp_path / "again", tokenizer=grown)
    first, again = (
        transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).state_dict()
        for folder in (resized, tmp_path / "again")
    )
    for name in first:
        if name == "model.embed_tokens.weight":
            assert torch.equal(first[name][:500], again[name][:500])
            torch.testing.assert_close(first[name], again[name], rtol=2.5e-7, atol=0)  # divided by √d, multiplied
        else:
            assert torch.equal(first[name], again[name]), name


@pytest.mark.parametrize("write", [to_huggingface, to_gguf])
def test_a_resized_folder_is_converted_with_the_larger_tokenizer(write, resized, grown, tmp_path, monkeypatch):
    monkeypatch.setattr(llama_cpp, "is_installed", lambda: False)
    with pytest.raises(ConvertError, match="500 pieces, but the model has a vocabulary of 503"):
        write(resized, tmp_path / "out")
    write(resized, tmp_path / "out", tokenizer=grown)
    copied = json.loads((tmp_path / "out/ncvc/tokenizer/manifest.json").read_text())
    assert copied["vocab_size"] == 503


def test_a_larger_tokenizer_with_other_pieces_is_refused(resized, pieces_folder, tmp_path):
    other = tokenizer_with(pieces_folder, tmp_path / "other", ADDED)
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString((other / "tokenizer.model").read_bytes())
    model.pieces[77].piece, model.pieces[78].piece = model.pieces[78].piece, model.pieces[77].piece
    shutil.rmtree(other)
    other.mkdir()
    (other / "tokenizer.model").write_bytes(model.SerializeToString())
    with pytest.raises(ConvertError, match=r"its first 500 pieces are not those of .*, from which the vocabulary grew"):
        to_megatron(resized, tmp_path / "back", tokenizer=other)
