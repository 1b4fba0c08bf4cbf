"""A small sample of `make faults PART=train`: a training that is interrupted ends with the undisturbed weights."""

import subprocess
import sys

from tests.conftest import ROOT


def test_an_interrupted_training_ends_with_the_undisturbed_weights():
    """In a process of its own: it forks, which a process with torch's threads must not."""
    command = [sys.executable, str(ROOT / "tools" / "faults"), "train", "--every", "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert (done.returncode, done.stdout) == (0, "5 trials, 0 wrong\n"), done.stderr
