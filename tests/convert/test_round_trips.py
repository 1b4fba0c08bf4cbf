"""Every way round: tensors equal by hash; logits and greedy tokens of stock transformers on random prompts."""

import hashlib

import pytest
import torch
import transformers

from ncvc.checkpoint.reader import Checkpoint
from ncvc.convert import check
from ncvc.convert.export import to_huggingface
from ncvc.convert.restore import to_megatron
from ncvc.model.gpt import build
from ncvc.model.parallel import single_process
from tests.conftest import SLOW

PROMPTS, STEPS = 1000, 10


def hashes(folder):
    opened = Checkpoint.open(folder)
    return {name: hashlib.sha256(opened.weight(name).numpy().tobytes()).hexdigest() for name in opened.parameters()}


@pytest.fixture
def folders(checkpoint, pieces_folder, tmp_path):
    """Megatron → HF → Megatron, and HF → Llama → HF → Megatron."""
    torch.set_num_threads(1)
    to_huggingface(checkpoint, tmp_path / "hf", tokenizer=pieces_folder)
    to_megatron(tmp_path / "hf", tmp_path / "back")
    to_huggingface(tmp_path / "hf", tmp_path / "llama", llama=True)
    to_huggingface(tmp_path / "llama", tmp_path / "hf again")
    to_megatron(tmp_path / "hf again", tmp_path / "back again")
    return tmp_path


def test_every_way_round_ends_with_the_same_hashes(folders, checkpoint):
    expected = hashes(checkpoint)
    assert len(set(expected.values())) == len(expected)
    assert hashes(folders / "back") == expected
    assert hashes(folders / "back again") == expected
    one, again = (
        hashlib.sha256((folders / name / "model.safetensors").read_bytes()).hexdigest() for name in ("hf", "hf again")
    )
    assert one == again


@SLOW
@pytest.mark.parametrize("name", ["hf", "llama"])
def test_a_thousand_prompts_are_continued_alike(name, folders, checkpoint, model):
    """Megatron's GPTModel held whole, without a cache, beside transformers': ten greedy steps of each prompt."""
    generator = torch.Generator().manual_seed(14)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(folders / name, dtype=torch.float32).eval()
    opened = Checkpoint.open(checkpoint)
    worst, steps = 0.0, 0
    with single_process(), torch.no_grad():
        ours = build(model).eval()
        for parameter, value in ours.named_parameters():
            value.copy_(opened.weight(parameter))
        for _ in range(PROMPTS // 20):
            length = int(torch.randint(1, 60, (), generator=generator))
            ids = torch.randint(model.vocab_size, (20, length), generator=generator)
            for _ in range(STEPS):
                expected = ours(ids, torch.arange(ids.shape[1]).expand_as(ids), None)
                found = theirs(ids).logits
                worst = max(worst, check.difference(expected, found))
                following = expected[:, -1].argmax(-1)
                assert torch.equal(following, found[:, -1].argmax(-1))
                ids = torch.cat([ids, following[:, None]], dim=1)
                steps += len(ids)
    assert steps == PROMPTS * STEPS
    print(f"{name}: {steps} greedy steps equal, largest difference of a logit {worst:.1e}")
    assert worst <= 1e-5
