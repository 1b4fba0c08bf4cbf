"""The id that a text begins with, asked of every client of a converted folder.

Written by another author than the rule, from the specification.
"""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import gguf
import pytest
import transformers

from ncvc.checkpoint.reader import Checkpoint
from ncvc.convert.export import to_huggingface
from ncvc.convert.gguf_folder import to_gguf
from ncvc.convert.restore import to_megatron
from ncvc.hf.folder import open_folder
from ncvc.hf.tokenizer import load_tokenizer, prompt_ids
from tests.drawn import small_model, write_drawn

SEPARATOR = "\u001f"
WORDS = SEPARATOR.join(["患者", "は", "発熱"])
FIRST = {True: 1, False: 2}
"""Whether documents begin with a piece of their own → the id that a text begins with."""
PIECE = {1: "<|begin_of_text|>", 2: "<|end_of_text|>"}

ALONE = """
import json, sys
from transformers import AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1], local_files_only=True)
assert "ncvc" not in sys.modules
one, two = (tokenizer(text)["input_ids"] for text in json.loads(sys.argv[2]))
batch = tokenizer(json.loads(sys.argv[2]), padding=True)
plain = tokenizer.encode(json.loads(sys.argv[2])[0], add_special_tokens=False)
print(json.dumps([one, two, batch["input_ids"], batch["attention_mask"], plain, tokenizer.bos_token_id]))
"""


@pytest.fixture(scope="module", params=[True, False], ids=["begun", "older"])
def begin_of_text(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory, begin_of_text: bool) -> Path:
    """A model of one layer whose training data had, or had not, a piece before each document."""
    facts = {"begin_of_text": True} if begin_of_text else {}
    return write_drawn(tmp_path_factory.mktemp("beginning") / "step_00000007", small_model(), step=7, **facts)


@pytest.fixture(scope="module")
def folder(checkpoint: Path, tokenizer_folder: Path) -> Path:
    out = checkpoint.parent / "hf"
    to_huggingface(checkpoint, out, tokenizer=tokenizer_folder)
    return out


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_files_agree(folder: Path, begin_of_text: bool) -> None:
    first = FIRST[begin_of_text]
    for name in ("config.json", "generation_config.json"):
        assert read(folder / name)["bos_token_id"] == first
        assert (read(folder / name)["eos_token_id"], read(folder / name)["pad_token_id"]) == (2, 2)
    settings = read(folder / "tokenizer_config.json")
    assert (settings["bos_token"], settings["eos_token"], settings["pad_token"]) == (PIECE[first], PIECE[2], PIECE[2])
    assert settings["padding_side"] == "left"
    assert read(folder / "manifest.json")["begin_of_text"] is begin_of_text
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert f"`{PIECE[first]}` (id {first})" in card
    assert "DataCollatorForLanguageModeling" in card


def test_transformers_alone_adds_it_once(folder: Path, begin_of_text: bool) -> None:
    texts = [WORDS, SEPARATOR.join(["患者", "は", "発熱", "を", "訴え"])]
    done = subprocess.run(
        [sys.executable, "-c", ALONE, folder, json.dumps(texts)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    one, two, batch, mask, plain, bos = json.loads(done.stdout)
    first = FIRST[begin_of_text]
    assert bos == first
    assert one == [first, *plain]
    assert two[0] == first
    assert two.count(first) == 1
    # Padding is on the left, outside the mask.
    missing = len(two) - len(one)
    assert missing > 0
    assert batch == [[2] * missing + one, two]
    assert mask == [[0] * missing + [1] * len(one), [1] * len(two)]


def test_transformers_generates_from_it(folder: Path, begin_of_text: bool) -> None:
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    made = model.generate(max_new_tokens=1, do_sample=False)
    assert made[0, 0] == FIRST[begin_of_text]


def test_ncvc_generates_from_it(folder: Path, begin_of_text: bool) -> None:
    tokenizer = load_tokenizer(open_folder(folder))
    assert prompt_ids(tokenizer, "患者", 64)[0] == FIRST[begin_of_text]
    assert prompt_ids(tokenizer, "", 64) == [FIRST[begin_of_text]]


def test_gguf_says_it(checkpoint: Path, tokenizer_folder: Path, begin_of_text: bool) -> None:
    out = checkpoint.parent / "gguf"
    to_gguf(checkpoint, out, tokenizer=tokenizer_folder)
    first = FIRST[begin_of_text]
    fields = gguf.GGUFReader(out / "model-float32.gguf").fields
    assert fields["tokenizer.ggml.bos_token_id"].contents() == first
    assert fields["tokenizer.ggml.add_bos_token"].contents() is True
    assert fields["tokenizer.ggml.add_eos_token"].contents() is False
    assert read(out / "manifest.json")["begin_of_text"] is begin_of_text
    assert f"`{PIECE[first]}` (id {first})" in (out / "README.md").read_text(encoding="utf-8")
    if find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python is not installed: the file says it, and no engine was asked")
    import llama_cpp

    model = llama_cpp.Llama(str(out / "model-float32.gguf"), vocab_only=True, verbose=False)
    ids = model.tokenize("患者".encode(), add_bos=True)
    assert ids[0] == first
    assert ids.count(first) == 1


def test_it_comes_back(folder: Path, checkpoint: Path, begin_of_text: bool) -> None:
    back = checkpoint.parent / "back"
    to_megatron(folder, back)
    assert Checkpoint.open(back).manifest.begin_of_text is begin_of_text


def test_folders_made_before_it_was_written_begin_as_before(folder: Path, tmp_path: Path, begin_of_text: bool) -> None:
    """Their `config.json` says 1, their manifest nothing, and their data began behind the end of text."""
    from ncvc.hf.folder import ModelFolder
    from ncvc.manifest import HUGGINGFACE, write_manifest

    config = read(folder / "config.json") | {"bos_token_id": 1}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    write_manifest(tmp_path, format=HUGGINGFACE)
    assert ModelFolder(tmp_path, config).begin_of_text is False
