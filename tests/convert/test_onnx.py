"""ONNX files, run by onnxruntime, against stock transformers on the folder of `--to hf`."""

import json
import re
import shutil

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from ncvc.convert import check, kinds
from ncvc.convert.export import to_huggingface
from ncvc.convert.recheck import recheck
from ncvc.convert.restore import to_megatron
from ncvc.errors import ConvertError, ModelFolderError
from ncvc.hf.folder import open_folder
from ncvc.manifest import write_manifest
from tests.drawn import small_model, two_layers, write_drawn

pytest.importorskip("onnx")
pytest.importorskip("onnx_ir")
pytest.importorskip("onnxscript")
onnxruntime = pytest.importorskip("onnxruntime")

SIZES = {"hidden_size": 60, "ffn_hidden_size": 160, "num_attention_heads": 6}
FORMS = {
    "tied": {"scale_embedding": False, "share_embeddings_and_output_weights": True},
    "qwen2": {"gated_linear_unit": True, "add_qkv_bias": True},
    "qwen3, llama 3.1": {
        **{"gated_linear_unit": True, "qk_layernorm": True, "rotary_base": 500, "kv_channels": 16},
        **{"rope_scaling": "llama3", "rope_original_positions": 48},
    },
}


def convert(source, out, tokenizer=None):
    from ncvc.convert.onnx_folder import to_onnx

    return to_onnx(source, out, tokenizer=tokenizer)


@pytest.fixture(scope="module")
def folder(converted, tmp_path_factory):
    """`converted` as an ONNX file's folder."""
    out = tmp_path_factory.mktemp("onnx") / "onnx"
    assert convert(converted, out) <= check.TOLERANCE
    return out


def session_of(folder):
    return onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])


def run(session, ids, mask, positions, past=()):
    """Logits and cache; `past` is empty or the cache of an earlier run."""
    names = [each for each in session.get_inputs() if each.name.startswith("past_key_values.")]
    past = past or [np.zeros((len(ids), each.shape[1], 0, each.shape[3]), np.float32) for each in names]
    given = {"input_ids": np.array(ids), "attention_mask": np.array(mask), "position_ids": np.array(positions)}
    logits, *cache = session.run(None, given | dict(zip([each.name for each in names], past, strict=True)))
    return logits, cache


def theirs(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


@pytest.mark.parametrize(("batch", "length"), [(1, 1), (3, 17), (2, 96)])
def test_any_batch_and_length_gives_transformers_logits(folder, converted, batch, length):
    ids = torch.randint(0, 500, (batch, length), generator=torch.Generator().manual_seed(length))
    with torch.no_grad():
        expected = theirs(converted)(ids).logits.numpy()
    positions = np.broadcast_to(np.arange(length), ids.shape)
    found, _ = run(session_of(folder), ids.numpy(), np.ones(ids.shape, np.int64), positions)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_rows_of_different_length_are_padded_at_the_left(folder, converted):
    rows = [[7, 8, 9, 400, 3], [301, 2]]
    ids, mask, positions = [rows[0], [0, 0, 0, *rows[1]]], [[1] * 5, [0, 0, 0, 1, 1]], [[*range(5)], [0, 0, 0, 0, 1]]
    found, _ = run(session_of(folder), ids, mask, positions)
    model = theirs(converted)
    for row, logits in zip(rows, found, strict=True):
        with torch.no_grad():
            expected = model(torch.tensor([row])).logits[0].numpy()
        np.testing.assert_allclose(logits[-len(row) :], expected, rtol=1e-5, atol=1e-5)


def test_a_greedy_text_with_the_cache_is_that_of_transformers(folder, converted):
    prompt = [2, 17, 300, 41]
    expected = theirs(converted).generate(
        torch.tensor([prompt]), attention_mask=torch.ones(1, 4), max_new_tokens=40, do_sample=False, eos_token_id=None
    )[0]
    session, ids, new, cache = session_of(folder), list(prompt), prompt, ()
    while len(ids) < len(expected):
        positions = [[*range(len(ids) - len(new), len(ids))]]
        logits, cache = run(session, [new], [[1] * len(ids)], positions, cache)
        new = [int(logits[0, -1].argmax())]
        ids = ids + new
    assert ids == expected.tolist()


@pytest.mark.parametrize("form", FORMS)
def test_every_form_agrees_with_megatron(form, pieces_folder, tmp_path):
    def draw(_, noise):
        return 1 + 0.3 * noise if noise.dim() == 1 else 0.15 * noise

    checkpoint = write_drawn(tmp_path / "checkpoint", two_layers(**SIZES | FORMS[form]), draw)
    assert convert(checkpoint, tmp_path / "onnx", pieces_folder) <= check.TOLERANCE
    assert recheck(tmp_path / "onnx") <= check.TOLERANCE


def test_what_is_in_the_folder(folder, checkpoint, pieces_folder, tmp_path):
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    files = {"model.onnx", "model.onnx.data", "config.json", "generation_config.json", "README.md", "manifest.json"}
    tokenizer = {"tokenizer.json", "tokenizer_config.json", "ncvc/tokenizer/tokenizer.model"}
    assert names == files | tokenizer | {"ncvc/logits.safetensors"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["format"], manifest["step"], manifest["dtype"]) == ("ncvc-onnx/1", 7, "float32")
    assert "{" not in re.sub(r"```.*?```", "", (folder / "README.md").read_text(), flags=re.DOTALL)
    graph = (folder / "model.onnx").read_bytes()
    assert b"site-packages" not in graph
    assert b"stack_trace" not in graph
    # The checkpoint itself gives the same bytes.
    convert(checkpoint, tmp_path / "again", pieces_folder)
    for name in ("model.onnx", "model.onnx.data", "config.json", "tokenizer.json"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_changed_file_is_found(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    data = tmp_path / "copy/model.onnx.data"
    weights = bytearray(data.read_bytes())
    weights[-4:] = np.float32(0.5).tobytes()
    data.write_bytes(weights)
    with pytest.raises(ConvertError, match=r"model\.onnx\.data: damaged"):
        recheck(tmp_path / "copy")
    facts = json.loads((tmp_path / "copy/manifest.json").read_text())
    del facts["files"], facts["manifest_sha256"]
    write_manifest(tmp_path / "copy", **facts)
    with pytest.raises(ConvertError, match=r"logits differ from Megatron's by .*; copy the folder again"):
        recheck(tmp_path / "copy")
    (tmp_path / "copy/model.onnx").write_bytes(b"no graph")
    write_manifest(tmp_path / "copy", **facts)
    with pytest.raises(ConvertError, match=r"model\.onnx: onnxruntime cannot load it"):
        recheck(tmp_path / "copy")


def test_the_folder_is_no_model_of_transformers(folder, tmp_path):
    with pytest.raises(ModelFolderError, match="is an ONNX file's folder; give a folder that"):
        open_folder(folder)
    with pytest.raises(ModelFolderError, match="is an ONNX file's folder"):
        kinds.require_convertible(folder, "hf", None)
    with pytest.raises(ModelFolderError, match="is an ONNX file's folder"):
        to_megatron(folder, tmp_path / "back")


def test_a_wrong_graph_gets_no_name(converted, tmp_path, monkeypatch):
    from ncvc.convert import onnx_folder

    def write(model, shapes, read, folder, _write=onnx_folder.write_onnx):
        _write(model, shapes, lambda name: read(name) * (1.01 if "o_proj" in name else 1), folder)

    monkeypatch.setattr(onnx_folder, "write_onnx", write)
    with pytest.raises(ConvertError, match=r"logits differ from Megatron's by .*; nothing was written"):
        convert(converted, tmp_path / "onnx")
    assert list(tmp_path.iterdir()) == []


def test_the_cards_program_runs(tokenizer_folder, tmp_path, monkeypatch, capsys):
    checkpoint = write_drawn(tmp_path / "checkpoint", small_model())
    to_huggingface(checkpoint, tmp_path / "hf", tokenizer=tokenizer_folder)
    convert(tmp_path / "hf", tmp_path / "onnx")
    (program,) = re.findall(r"```python\n(.*?)```", (tmp_path / "onnx/README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path / "onnx")
    exec(program, {})
    assert capsys.readouterr().out.startswith("患者は発熱を主訴に")
