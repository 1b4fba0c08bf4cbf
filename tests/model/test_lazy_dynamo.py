"""A training on a CPU starts without torch's compiler."""

import subprocess
import sys

import pytest
import torch
import yaml

from tests.conftest import ROOT

TRAINS = """
import sys
import ncvc.model.lazy_dynamo as lazy_dynamo
from ncvc.train.config import TrainConfig
from tests.small_training import train_alone
train_alone(TrainConfig.load(sys.argv[1]))
loaded = [name for name in ("sympy", "torch._dynamo.utils", lazy_dynamo.SYMBOLIC_SHAPES) if name in sys.modules]
assert not loaded, loaded
import torch._dynamo.trace_rules  # whoever needs it still gets it
assert torch._dynamo.trace_rules.clear_lru_cache.__module__ == "torch._dynamo.trace_rules"
"""


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU's training compiles functions")
def test_a_whole_training_never_loads_the_compiler(make_config, tmp_path):
    """It would take a third of a rank's CPU seconds until the first step; torch asks for it in init_process_group."""
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(make_config().model_dump(mode="json")))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TRAINS, str(file)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "checkpoints" / "step_00000006").is_dir()
