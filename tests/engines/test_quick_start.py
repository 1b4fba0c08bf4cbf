"""A command that runs one model starts without the parts of torch and transformers that it never uses."""

import subprocess
import sys

from tests.conftest import ROOT
from tests.drawn import small_model, write_drawn

HEAVY = ("torch._dynamo.utils", "torch._inductor.config", "torch.distributed.tensor", "scipy.optimize", "accelerate")
GENERATE = f"""
import sys
from ncvc.cli.commands import ncvc
sys.argv = ["ncvc", *sys.argv[1:]]
ncvc(standalone_mode=False)
loaded = [name for name in {HEAVY} if name in sys.modules]
assert not loaded, loaded
from transformers import masking_utils
from torch._dynamo._trace_wrapped_higher_order_op import TransformGetItemToIndex  # whoever needs it still gets it
assert isinstance(masking_utils.TransformGetItemToIndex(), TransformGetItemToIndex)
import torch._dynamo.trace_rules
assert torch._dynamo.trace_rules.clear_lru_cache.__module__ == "torch._dynamo.trace_rules"
"""
TORCH_FIRST = """
import torch
from ncvc.hf.quick_start import skip_unused
skip_unused()
from transformers.utils import is_accelerate_available, is_torch_distributed_available
assert is_torch_distributed_available() and is_accelerate_available()
"""


def python(*arguments):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_generation_never_loads_what_it_does_not_use(tokenizer_folder, tmp_path):
    import ncvc
    from ncvc.convert.export import to_huggingface
    from ncvc.hf.generate import Sampling, generate
    from ncvc.hf.load import load

    to_huggingface(write_drawn(tmp_path / "checkpoint", small_model()), tmp_path / "hf", tokenizer=tokenizer_folder)
    options = ["--prompt", "患者は", "--max-new-tokens", 5, "--temperature", 0, "-q"]
    said = python(GENERATE, "generate", tmp_path / "hf", *options)
    (expected,) = generate(load(tmp_path / "hf"), [("患者は", Sampling(max_new_tokens=5, temperature=0))])
    assert said == ncvc.clean("患者は") + expected.text + "\n"


def test_a_process_that_has_torch_keeps_everything():
    python(TORCH_FIRST)
