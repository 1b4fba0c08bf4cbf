"""What may not pass unseen on the way back: another function of the same weights, and RoPE that nothing here computes."""

import json
import shutil

import pytest
import torch
import transformers
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from ncvc.convert.export import to_huggingface
from ncvc.convert.restore import to_megatron
from ncvc.convert.rope import READ
from ncvc.errors import ConvertError, ModelFolderError
from ncvc.hf.folder import open_folder
from ncvc.hf.load import load
from ncvc.train.same_model import open_hugging_face

SCALED = [*(kind for kind in ROPE_INIT_FUNCTIONS if kind not in READ), "su", "mrope", "ntk"]


@pytest.fixture
def folder(converted, tmp_path):
    return shutil.copytree(converted, tmp_path / "hf")


def rewrite(folder, **members):
    path = folder / "config.json"
    config = json.loads(path.read_text()) | members
    path.write_text(json.dumps({name: value for name, value in config.items() if value is not ...}))


CHANGES = {
    "rope_theta": {"rope_theta": 20000.0, "rope_parameters": {"rope_type": "default", "rope_theta": 20000.0}},
    "rope_parameters": {"rope_parameters": {"rope_type": "default", "rope_theta": 20000.0}, "rope_theta": ...},
    "rms_norm_eps": {"rms_norm_eps": 1e-6},
    "num_attention_heads": {"num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 20},
    "rope_scaling": {"rope_scaling": {"rope_type": "linear", "factor": 2.0}, "rope_parameters": ...},
}
READERS = {
    "generate": open_folder,
    "load": load,
    "train": open_hugging_face,
    "megatron": lambda folder: to_megatron(folder, folder.parent / "out"),
    "hf": lambda folder: to_huggingface(folder, folder.parent / "out"),
}


@pytest.mark.parametrize("manifest", [True, False])
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", CHANGES)
def test_another_config_of_the_same_weights_is_refused_by_every_reader(name, reader, manifest, folder):
    rewrite(folder, **CHANGES[name])
    if not manifest:
        (folder / "manifest.json").unlink()
    with pytest.raises(ModelFolderError, match=r"config\.json: (rope_theta|rope_parameters|\w+) is .* and was"):
        READERS[reader](folder)
    assert not (folder.parent / "out").exists()


def test_a_change_on_purpose_passes_once_the_logits_are_gone(folder):
    rewrite(folder, **CHANGES["rope_theta"])
    (folder / "manifest.json").unlink()
    (folder / "ncvc/logits.safetensors").unlink()
    to_megatron(folder, folder.parent / "out")


def test_a_config_that_transformers_wrote_again_is_not_a_change(folder):
    """It then has `rope_parameters` alone, beside the logits in the folder."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.save_pretrained(folder)
    assert "rope_theta" not in json.loads((folder / "config.json").read_text())
    (folder / "manifest.json").unlink()
    to_megatron(folder, folder.parent / "out")
    open_folder(folder)


def test_the_weights_are_compared_with_the_logits_in_the_folder(folder, monkeypatch):
    """An engine that computes something else alike on both sides: only the stored logits can tell."""
    from ncvc.convert import check

    ours, theirs = check.megatron_logits, check.huggingface_logits
    monkeypatch.setattr(check, "megatron_logits", lambda *given: ours(*given) * 1.001)
    monkeypatch.setattr(check, "huggingface_logits", lambda *given: theirs(*given) * 1.001)
    with pytest.raises(ConvertError, match=r"its logits differ from Megatron's by .* copy the folder again"):
        to_megatron(folder, folder.parent / "out")
    assert not (folder.parent / "out").exists()


@pytest.mark.parametrize("section", ["rope_parameters", "rope_scaling"])
@pytest.mark.parametrize("member", ["rope_type", "type"])
@pytest.mark.parametrize("kind", SCALED)
def test_scaled_rope_is_refused_by_name(kind, member, section, folder):
    for name in ("manifest.json", "ncvc/logits.safetensors"):
        (folder / name).unlink()
    rewrite(folder, **{section: {member: kind, "factor": 2.0, "rope_theta": 10000.0}})
    with pytest.raises(
        ConvertError, match=f"config.json: {section}: RoPE of type '{kind}'; only models with 'default'"
    ):
        to_megatron(folder, folder.parent / "out")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"rope_theta": 20000.0}, r"two bases \(rope_theta 20000.0, rope_parameters.rope_theta 10000.0\)"),
        ({"rope_parameters": {"full_attention": {"rope_type": "default"}}}, "rope_parameters is not one set"),
        ({"rope_parameters": [1]}, "rope_parameters is not one set"),
        ({"partial_rotary_factor": 0.5}, "partial_rotary_factor is 0.5"),
        ({"rope_theta": "10000"}, "rope_theta is '10000', not a whole number"),
        ({"rope_theta": 0, "rope_parameters": None}, "rope_theta is 0, not a whole number"),
    ],
)
def test_other_frequencies_are_refused(members, message, folder):
    for name in ("manifest.json", "ncvc/logits.safetensors"):
        (folder / name).unlink()
    rewrite(folder, **members)
    with pytest.raises(ConvertError, match=message):
        to_megatron(folder, folder.parent / "out")
