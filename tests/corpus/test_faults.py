"""A few of the faults of `make faults PART=preprocess`."""

import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT

TOOL = ROOT / "tools/faults"


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_fault_costs_more_than_a_second_start() -> None:
    done = subprocess.run(
        [sys.executable, TOOL, "preprocess", "--every", "60"], capture_output=True, text=True, check=False
    )
    trials, wrong = done.stdout.splitlines()[-1].split(", ")
    assert wrong == "0 wrong", done.stdout
    assert int(trials.removesuffix(" trials")) >= 10
