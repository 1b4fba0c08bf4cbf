"""A launcher starts without torch's functions for shapes."""

import subprocess
import sys

from tests.conftest import ROOT

LAUNCHES = """
import sys
from ncvc.model.lazy_shapes import SHAPES, import_torch
import_torch()
import ncvc.train.elastic.launch
assert SHAPES not in sys.modules
import torch._meta_registrations  # whoever needs it still gets it
assert torch.empty(3, 4, device="meta").sum(0).shape == (4,)
assert torch._meta_registrations.activate_meta
"""


def test_a_launcher_never_loads_the_shapes():
    """They would be a third of its import of torch."""
    done = subprocess.run([sys.executable, "-c", LAUNCHES], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_process_that_has_torch_keeps_it():
    import torch

    from ncvc.model.lazy_shapes import SHAPES, import_torch

    before = sys.modules.get(SHAPES)
    import_torch()
    assert (sys.modules["torch"], sys.modules.get(SHAPES)) == (torch, before)
