"""A sample of `make faults PART=convert`: conversions killed, or failing as on a full disk, at calls of the writing."""

import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT, SLOW


def run(every):
    command = [sys.executable, str(ROOT / "tools/faults"), "convert", "--every", str(every)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return int(done.stdout.splitlines()[-1].split()[0])


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_some_faults_leave_nothing_or_a_whole_folder():
    assert run(233) >= 7


@SLOW
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_more_faults_leave_nothing_or_a_whole_folder():
    assert run(11) >= 100
