"""The checkpoint format, without Megatron."""

import hashlib
import json
import shutil

import pytest
import torch

from ncvc import NcvcError
from ncvc.checkpoint.format import write_manifest, write_shard, write_weights
from ncvc.checkpoint.manifest import Facts, Layout, Piece, checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint, latest
from ncvc.checkpoint.tensor_file import write_tensors
from ncvc.errors import CheckpointError
from ncvc.model.config import ModelConfig

MODEL = ModelConfig(
    num_layers=1, hidden_size=8, ffn_hidden_size=16, num_attention_heads=2, num_query_groups=1, vocab_size=10
)


def weights():
    generator = torch.Generator().manual_seed(0)
    return {
        "embedding.word_embeddings.weight": torch.randn(10, 8, generator=generator),
        "decoder.final_layernorm.weight": torch.randn(8, generator=generator).bfloat16(),
    }


def test_weights_come_back_bit_for_bit(tmp_path):
    write_weights(tmp_path / "w", MODEL, weights().items(), tokenizer="ab")
    checkpoint = Checkpoint.open(tmp_path / "w")
    checkpoint.verify()
    assert checkpoint.model == MODEL
    assert checkpoint.manifest.tokenizer == "ab"
    assert checkpoint.parameters() == sorted(weights())
    for name, tensor in weights().items():
        assert checkpoint.weight(name).dtype == tensor.dtype
        assert torch.equal(checkpoint.weight(name), tensor)
        elements = tensor.numel()
        stretch = checkpoint.stretch(f"model.{name}", (0,) * tensor.dim(), tuple(tensor.shape), 3, elements - 1)
        assert torch.equal(stretch, tensor.flatten()[3 : elements - 1])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["w"]


def test_an_existing_folder_is_not_overwritten_unasked(tmp_path):
    write_weights(tmp_path / "w", MODEL, weights().items())
    with pytest.raises(NcvcError, match="exists already"):
        write_weights(tmp_path / "w", MODEL, weights().items())
    write_weights(tmp_path / "w", MODEL, weights().items(), replace=True)
    Checkpoint.open(tmp_path / "w").verify()


NORM = "model.decoder.final_layernorm.weight"  # [8]


def first_piece(tensors):
    return tensors[NORM]["pieces"][0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda files, tensors: tensors[NORM].update(pieces=[]), f"the pieces of {NORM} are not the whole tensor"),
        (lambda files, tensors: first_piece(tensors).update(stretch=[0, 7]), "are not the whole tensor"),
        (lambda files, tensors: first_piece(tensors).update(stretch=[1, 8]), "are not the whole tensor"),
        (lambda files, tensors: first_piece(tensors).update(offset=[-1]), "are not the whole tensor"),
        (lambda files, tensors: first_piece(tensors).update(shape=[8, 1], offset=[0, 0]), "are not the whole tensor"),
        (lambda files, tensors: first_piece(tensors).update(shape=[9]), "are not the whole tensor"),
        (lambda files, tensors: tensors[NORM]["pieces"].append(first_piece(tensors)), "are not the whole tensor"),
        (
            lambda files, tensors: tensors[NORM].update(
                pieces=[{**first_piece(tensors), "offset": [at], "shape": [4]} for at in (0, 2)]
            ),
            "are not the whole tensor",
        ),
        (lambda files, tensors: first_piece(tensors).update(file="../outside"), "lies in a file that is not listed"),
        (lambda files, tensors: first_piece(tensors).update(file="/etc/passwd"), "lies in a file that is not listed"),
        (lambda files, tensors: files.update({"../x": files.popitem()[1]}), "the file '../x' lies outside the folder"),
        (lambda files, tensors: files.update({"/x": files.popitem()[1]}), "the file '/x' lies outside the folder"),
        (lambda files, tensors: files.update({"a/../../x": files.popitem()[1]}), "lies outside the folder"),
        (lambda files, tensors: tensors[NORM].update(dtype="nn"), "has the unknown type 'nn'"),
    ],
)
def test_a_manifest_that_cannot_be_true_is_refused_with_one_sentence(tmp_path, change, words):
    """Its digest fits: whoever wrote it computed that too."""
    write_weights(tmp_path / "w", MODEL, weights().items())
    shutil.copy(tmp_path / "w/rank_00000.safetensors", tmp_path / "outside")
    path = tmp_path / "w/manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest["files"], manifest["tensors"])
    manifest["manifest_sha256"] = ""
    digest = hashlib.sha256(json.dumps(manifest).encode()).hexdigest()
    path.write_text(json.dumps({**manifest, "manifest_sha256": digest}))
    with pytest.raises(CheckpointError, match=words) as refused:
        Checkpoint.open(tmp_path / "w")
    assert str(refused.value).startswith(f"{path}: damaged: ")
    assert "\n" not in str(refused.value)


def test_a_file_that_holds_less_than_the_manifest_says_is_damaged(tmp_path):
    write_weights(tmp_path / "w", MODEL, weights().items())
    write_tensors(tmp_path / "w/rank_00000.safetensors", {NORM: torch.zeros(7)})
    with pytest.raises(CheckpointError, match=f"damaged: {NORM} is not as manifest.json says"):
        Checkpoint.open(tmp_path / "w").tensor(NORM)


def test_boxes_and_stretches_of_many_ranks_make_one_tensor(tmp_path):
    """Columns shared by 2 ranks, each half in 2 uneven stretches; any box reads back."""
    whole = torch.arange(7 * 10, dtype=torch.float32).view(7, 10)
    name = "optimizer.exp_avg.a"
    for rank in range(4):
        column, half = divmod(rank, 2)
        box = whole[:, 5 * column : 5 * column + 5].contiguous()
        first, end = ((0, 13), (13, 35))[half]
        piece = Piece(file="", key="", offset=(0, 5 * column), shape=(7, 5), stretch=(first, end))
        write_shard(tmp_path, rank, [(name, (7, 10), piece, box.flatten()[first:end])])
    write_manifest(tmp_path, 4, Facts(model=MODEL, layout=Layout(dp=2, tp=2, pp=1)))
    checkpoint = Checkpoint.open(tmp_path)
    checkpoint.verify()
    assert torch.equal(checkpoint.tensor(name), whole)
    assert torch.equal(checkpoint.box(name, (2, 3), (4, 5)), whole[2:6, 3:8])
    assert torch.equal(checkpoint.box(name, (6, 9), (1, 1)), whole[6:, 9:])
    for offset, shape in (((0, 5), (7, 5)), ((0, 0), (7, 10)), ((2, 3), (4, 5))):
        box = checkpoint.box(name, offset, shape).flatten()
        for first, end in ((0, len(box)), (3, 13), (11, 20), (15, 18)):
            assert torch.equal(checkpoint.stretch(name, offset, shape, first, end), box[first:end])


def test_weight_prefers_the_optimizers_float32(tmp_path):
    exact = torch.tensor([1.0 + 2**-20])
    piece = Piece(file="", key="", offset=(0,), shape=(1,))
    write_shard(
        tmp_path,
        0,
        [("model.a", (1,), piece, exact.bfloat16()), ("optimizer.fp32_param.a", (1,), piece, exact)],
    )
    write_manifest(tmp_path, 1, Facts(model=MODEL))
    assert Checkpoint.open(tmp_path).weight("a").item() == exact.item()


def test_every_flipped_byte_is_found(tmp_path):
    write_weights(tmp_path / "w", MODEL, weights().items())
    for path in sorted((tmp_path / "w").iterdir()):
        whole = path.read_bytes()
        for position in range(0, len(whole), 7):
            path.write_bytes(whole[:position] + bytes([whole[position] ^ 1 << position % 8]) + whole[position + 1 :])
            with pytest.raises(CheckpointError, match=path.name):
                Checkpoint.open(tmp_path / "w").verify()
        path.write_bytes(whole[:-1])
        with pytest.raises(CheckpointError, match=path.name):
            Checkpoint.open(tmp_path / "w").verify()
        path.write_bytes(whole)
    Checkpoint.open(tmp_path / "w").verify()


def test_latest_skips_damaged_checkpoints_loudly(tmp_path, caplog):
    assert latest(tmp_path) is None
    for step in (9, 10, 100):
        write_weights(checkpoint_folder(tmp_path, step), MODEL, weights().items(), step=step)
    assert latest(tmp_path).manifest.step == 100
    assert not caplog.messages
    file = checkpoint_folder(tmp_path, 100) / "rank_00000.safetensors"
    file.write_bytes(file.read_bytes()[:-5] + b"wrong")
    shutil.rmtree(checkpoint_folder(tmp_path, 10))
    assert latest(tmp_path).manifest.step == 9
    assert "step_00000100" in caplog.messages[0]
    assert "SKIPPED" in caplog.messages[0]


def test_what_is_no_checkpoint_says_so(tmp_path):
    with pytest.raises(CheckpointError, match=r"not a checkpoint: manifest\.json: No such file"):
        Checkpoint.open(tmp_path / "nowhere")
    (tmp_path / "manifest.json").write_text(json.dumps({"format": "something else"}))
    with pytest.raises(CheckpointError, match=r"manifest\.json: damaged, or not a checkpoint's"):
        Checkpoint.open(tmp_path)
    (tmp_path / "manifest.json").write_text("no JSON")
    with pytest.raises(CheckpointError, match=r"damaged, or not a checkpoint's: Invalid JSON"):
        Checkpoint.open(tmp_path)
    write_weights(tmp_path / "w", MODEL, weights().items())
    with pytest.raises(CheckpointError, match=r"no tensor 'model\.nothing'"):
        Checkpoint.open(tmp_path / "w").tensor("model.nothing")
