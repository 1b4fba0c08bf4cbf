"""Folders of ours that other programs saved again: `convert --to hf` mends them, `generate --tokenizer` reads them.

Written by another author than the rule, from the specification.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from ncvc.convert.export import to_huggingface
from ncvc.convert.recheck import recheck
from ncvc.errors import ConvertError, ModelFolderError
from ncvc.hf.folder import open_folder
from ncvc.hf.tokenizer import load_tokenizer
from tests.conftest import SLOW, run_ncvc
from tests.drawn import small_model, write_drawn

TEMPLATE = "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}{% endfor %}"
SAVE = """
import sys
from transformers import AutoModelForCausalLM, AutoTokenizer
assert "ncvc" not in sys.modules
folder, out = sys.argv[1:]
AutoModelForCausalLM.from_pretrained(folder).save_pretrained(out)
AutoTokenizer.from_pretrained(folder).save_pretrained(out)
"""
FOUR = """
import json, sys
from transformers import AutoConfig, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
print(json.dumps([AutoConfig.from_pretrained(sys.argv[1]).rope_theta, tokenizer("６０歳")["input_ids"], tokenizer.padding_side]))
"""


@pytest.fixture(scope="module")
def ours(tokenizer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("others")
    checkpoint = write_drawn(place / "checkpoint", small_model(rotary_base=50_000), step=3, begin_of_text=True)
    to_huggingface(checkpoint, place / "hf", tokenizer=tokenizer_folder)
    return place / "hf"


@pytest.fixture(scope="module")
def resaved(ours: Path) -> Path:
    """As transformers 5 saves it where ncvc is not installed."""
    out = ours.parent / "resaved"
    done = subprocess.run(
        [sys.executable, "-c", SAVE, ours, out], capture_output=True, text=True, check=False, cwd=ours
    )
    assert done.returncode == 0, done.stderr
    return out


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


@SLOW
def test_what_is_lost(resaved: Path) -> None:
    """The reason for all this; where it fails, transformers saves more than it did."""
    assert "rope_theta" not in read(resaved / "config.json")
    assert not (resaved / "ncvc").exists()
    assert not (resaved / "manifest.json").exists()


def test_conversion_mends_it(ours: Path, resaved: Path, tokenizer_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConvertError, match="--tokenizer"):
        to_huggingface(resaved, tmp_path / "hf")
    to_huggingface(resaved, tmp_path / "hf", tokenizer=tokenizer_folder)
    for name in ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"):
        assert read(tmp_path / "hf" / name) == read(ours / name), name
    one, two = (AutoModelForCausalLM.from_pretrained(folder).state_dict() for folder in (ours, tmp_path / "hf"))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert read(tmp_path / "hf/manifest.json")["begin_of_text"] is True
    assert recheck(tmp_path / "hf") <= 1e-5
    assert "no chat template" in (tmp_path / "hf/README.md").read_text(encoding="utf-8")
    if "NCVC_TRANSFORMERS_4" in os.environ:
        done = subprocess.run(
            [os.environ["NCVC_TRANSFORMERS_4"], "-c", FOUR, tmp_path / "hf"],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        rope, ids, side = json.loads(done.stdout)
        assert (rope, ids[0], side) == (50_000, 1, "left")


def test_a_tuned_folder_keeps_its_template(resaved: Path, tokenizer_folder: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tuned = Path(shutil.copytree(resaved, tmp_path / "tuned"))
    (tuned / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    to_huggingface(tuned, tmp_path / "hf", tokenizer=tokenizer_folder)
    messages = [{"role": "system", "content": "医師として"}, {"role": "user", "content": "発熱"}]
    text = AutoTokenizer.from_pretrained(tmp_path / "hf").apply_chat_template(messages, tokenize=False)
    assert text == "<|system|>医師として<|user|>発熱"
    card = (tmp_path / "hf/README.md").read_text(encoding="utf-8")
    assert "chat_template.jinja" in card
    assert "base model" not in card
    (tuned / "chat_template.jinja").write_bytes(b"\xff\xfe")
    with pytest.raises(ConvertError, match=r"chat_template\.jinja: not a text"):
        to_huggingface(tuned, tmp_path / "other", tokenizer=tokenizer_folder)


@SLOW
def test_generate_takes_the_tokenizer(resaved: Path, tokenizer_folder: Path) -> None:
    refused = run_ncvc("generate", resaved, "--prompt", "患者は", ok=False)
    assert refused.returncode == 1
    assert "give its tokenizer folder with --tokenizer" in refused.stderr
    arguments = ["--prompt", "６０歳の患者は", "--max-new-tokens", "3", "--json", "--temperature", "0"]
    done = run_ncvc("generate", resaved, "--tokenizer", tokenizer_folder, *arguments)
    assert json.loads(done.stdout)["prompt"] == "60歳の患者は"


def test_a_larger_tokenizer_is_refused(resaved: Path, tokenizer_folder: Path, tmp_path: Path) -> None:
    small = Path(shutil.copytree(resaved, tmp_path / "small"))
    config = read(small / "config.json")
    opened = open_folder(small, tokenizer_folder)
    opened.config["vocab_size"] = config["vocab_size"] - 1
    with pytest.raises(ModelFolderError, match=r"12000 pieces, but .* has a vocabulary of 11999"):
        load_tokenizer(opened)
